import { EOS, NONE } from '../../text/tokens.js';
import type { LoadingTable } from './loading-table.js';
import { capacityFor, EMPTY_HEADER, HEADER, LONG, LONG_HEADER, SHORT, wordMask } from './regions.js';

/**
 * Links the n-grams of a table to their regions in another table, where they are contexts.
 *
 * Input: `table`, whose n-grams are sorted by context, then by their last word; and `other`, whose contexts are sorted by their nearest
 * word, which is the last word of the n-gram, then by the others. So n-grams and contexts with the same such word come in the same
 * order, and one cursor per word finds the context of each n-gram. Output: the links in the rows of `table`.
 *
 * @param hasAll whether every n-gram that does not end with `</s>` is a context of `other`; the words are then not compared.
 * @returns whether each context of `other` is an n-gram of `table`.
 */
export function linkContexts(table: LoadingTable, other: LoadingTable, hasAll: boolean): boolean {
  const { data, stride, linksAt, pattern } = table.memory;
  const link = linksAt + other.memory.contextColumn;
  if (pattern.length > 0) return hasAll ? linkAll(table, other, link) : linkSome(table, other, link);
  const { firsts, links } = other;
  for (let word = 0; word + 1 < firsts.length; word++) {
    if (firsts[word + 1] > firsts[word] + 1) return false;
    if (firsts[word + 1] > firsts[word]) data[EMPTY_HEADER + word * stride + link] = links[firsts[word]];
  }
  return true;
}

/** Two numbers per word w: the first context whose nearest word is w, and the context after the last such context. */
function cursors({ firsts }: LoadingTable): Uint32Array {
  const nexts = new Uint32Array(2 * (firsts.length - 1));
  for (let word = 0; word + 1 < firsts.length; word++) {
    nexts[2 * word] = firsts[word];
    nexts[2 * word + 1] = firsts[word + 1];
  }
  return nexts;
}

function areAtEnd(nexts: Uint32Array): boolean {
  for (let at = 0; at < nexts.length; at += 2) if (nexts[at] !== nexts[at + 1]) return false;
  return true;
}

function linkSome(table: LoadingTable, other: LoadingTable, link: number): boolean {
  const { data, stride, wordBits } = table.memory;
  const { links } = other;
  const mask = wordMask(wordBits);
  const nexts = cursors(other);
  for (let c = 0; c < table.contextCount; c++) {
    const from = firstRow(data, table.links[c]);
    const to = from + capacity(data, table.links[c]) * stride;
    for (let row = from; row < to; row += stride) {
      const word = data[row] & mask;
      const next = nexts[2 * word];
      if (next === nexts[2 * word + 1] || !isSame(table.contexts, c, other.contexts, next)) continue;
      data[row + link] = links[next];
      nexts[2 * word] = next + 1;
    }
  }
  return areAtEnd(nexts);
}

/** A part of the words has about 2^16 contexts, so that their links and the cursors of their words fit in the processor's cache. */
const PART_SHIFT = 16;

/**
 * Links each n-gram that does not end with `</s>`, where all of these are contexts. First distributes the last words of the n-grams to
 * parts of the vocabulary, so that the cursors of one part stay in the cache; then replaces each word by its link; then copies the
 * links to the rows in the same order.
 */
function linkAll(table: LoadingTable, other: LoadingTable, link: number): boolean {
  const { data, stride, wordBits } = table.memory;
  const { firsts, links, contextCount } = other;
  const mask = wordMask(wordBits);
  const words = firsts.length - 1;
  // `partOf[word]` is the part of a word; `starts[part]` is the first entry of a part, which has an entry for each context of its words.
  const partOf = new Uint16Array(words);
  const starts = new Uint32Array((contextCount >>> PART_SHIFT) + 1);
  for (let word = words - 1; word >= 0; word--) {
    partOf[word] = firsts[word] >>> PART_SHIFT;
    if (firsts[word + 1] > firsts[word]) starts[partOf[word]] = firsts[word];
  }
  const entries = new Uint32Array(contextCount);
  const places = starts.slice();
  for (let c = 0; c < table.contextCount; c++) {
    const from = firstRow(data, table.links[c]);
    const to = from + capacity(data, table.links[c]) * stride;
    for (let row = from; row < to; row += stride) {
      const word = data[row] & mask;
      if (word !== NONE && word !== EOS) entries[places[partOf[word]]++] = word;
    }
  }
  const nexts = cursors(other);
  for (let i = 0; i < contextCount; i++) {
    const at = 2 * entries[i];
    const next = nexts[at];
    if (next === nexts[at + 1]) return false;
    entries[i] = links[next];
    nexts[at] = next + 1;
  }
  if (!areAtEnd(nexts)) return false;
  places.set(starts);
  for (let c = 0; c < table.contextCount; c++) {
    const from = firstRow(data, table.links[c]);
    const to = from + capacity(data, table.links[c]) * stride;
    for (let row = from; row < to; row += stride) {
      const word = data[row] & mask;
      if (word !== NONE && word !== EOS) data[row + link] = entries[places[partOf[word]]++];
    }
  }
  return true;
}

/** The index in `data` of the first row of the region to which `link` leads. */
function firstRow(data: Uint32Array, link: number): number {
  const region = link >>> 1;
  return link & 1 ? region : region + ((data[region + 1] | 0) === LONG ? LONG_HEADER : HEADER);
}

/** The number of rows (slots of the hash, if it is one) of the region to which `link` leads. */
function capacity(data: Uint32Array, link: number): number {
  if (link & 1) return 1;
  const region = link >>> 1;
  const shape = data[region + 1] | 0;
  return capacityFor(shape === LONG ? data[region + 2] : shape & SHORT);
}

/** Whether the words of context `c` equal the words of context `other` without its nearest word. */
function isSame(contexts: readonly Uint32Array[], c: number, others: readonly Uint32Array[], other: number): boolean {
  for (let j = 0; j < contexts.length; j++) if (contexts[j][c] !== others[j + 1][other]) return false;
  return true;
}
