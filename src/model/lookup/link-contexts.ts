import { EOS, NONE } from '../../text/tokens.js';
import type { LoadingTable } from './loading-table.js';
import { capacityFor, EMPTY_HEADER, HEADER, LONG, LONG_HEADER, SHORT, wordMask } from './regions.js';

/**
 * Links the n-grams of a table to their regions in another table, where they are contexts.
 *
 * Input: `table`, whose n-grams are sorted by context, then by their last word; and `other`, whose contexts are sorted by their nearest
 * word, which is the last word of the n-gram, then by the others. So n-grams and contexts with the same such word come in the same
 * order, and each word needs one cursor. Output: the links in the rows of `table`.
 *
 * @param hasAll whether every n-gram that does not end with `</s>` is a context: nothing is compared.
 * @returns whether each context is an n-gram.
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

/** By word, the next of its contexts, and the one after its last. */
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

/** Contexts of a part of the words: their links, and the cursors of their words, fit in the processor's cache. */
const PART_SHIFT = 16;

/**
 * The same where each n-gram is a context. The words of all rows are first distributed to parts, whose cursors move in a small part of
 * the memory; they become links there, and come back to their rows in the same order.
 */
function linkAll(table: LoadingTable, other: LoadingTable, link: number): boolean {
  const { data, stride, wordBits } = table.memory;
  const { firsts, links, contextCount } = other;
  const mask = wordMask(wordBits);
  const words = firsts.length - 1;
  // By word its part, and by part the place of its next entry: a part has as many entries as its words have contexts.
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

/** The place of the first row of a region. @param link to the region. */
function firstRow(data: Uint32Array, link: number): number {
  const region = link >>> 1;
  return link & 1 ? region : region + ((data[region + 1] | 0) === LONG ? LONG_HEADER : HEADER);
}

/** Number of its rows or slots. */
function capacity(data: Uint32Array, link: number): number {
  if (link & 1) return 1;
  const region = link >>> 1;
  const shape = data[region + 1] | 0;
  return capacityFor(shape === LONG ? data[region + 2] : shape & SHORT);
}

/** Whether an n-gram's context has the words of another context behind its nearest. */
function isSame(contexts: readonly Uint32Array[], c: number, others: readonly Uint32Array[], other: number): boolean {
  for (let j = 0; j < contexts.length; j++) if (contexts[j][c] !== others[j + 1][other]) return false;
  return true;
}
