import type { Block } from '../../tables/block.js';
import { TRIE_ROWS } from '../../tables/trie-block.js';
import type { ModelStore } from '../../store/store.js';
import { BOS, EOS, NONE } from '../../text/tokens.js';
import { readBlocks } from '../../tables/table-reader.js';
import type { CheckedTable } from './table.js';
import type { Findings } from './findings.js';

/** The most memory for the contexts of one pass [bytes]. */
const MEMORY_A_PASS = 1 << 27;

/** How often {@link checkContexts} reads the context table of this table, at most. */
export function passesOf(table: CheckedTable): number {
  return Math.ceil(table.manifest.contexts / contextsAPass(table));
}

/** How many contexts one pass looks for. */
function contextsAPass({ pattern }: CheckedTable): number {
  return Math.floor(MEMORY_A_PASS / (4 * pattern.length));
}

/**
 * Checks that every context of a table is an n-gram of its context table. Each pass keeps some consecutive contexts, reads the context table
 * once, and marks its n-grams among the contexts: the contexts that remain are wrong.
 *
 * @param base the context table: the table whose n-grams must be the contexts.
 * @param isWhole whether every n-gram of `base` that does not end with `</s>` must be a context.
 * @param onRows called with the number of rows of each block that was read.
 */
export async function checkContexts(
  store: ModelStore,
  table: CheckedTable,
  base: CheckedTable,
  isWhole: boolean,
  findings: Findings,
  onRows: (rows: number) => void,
): Promise<void> {
  const check = 'contexts';
  const blocks = table.directory.parents.length;
  const { contexts, pattern } = table.manifest;
  const most = contextsAPass(table);
  const context = new Uint32Array(table.pattern.length);
  const words = Math.max(table.words, base.words);
  const list = new SortedContexts(context.length, Math.min(most, contexts) + TRIE_ROWS, words);
  let ngrams = 0;
  for (let next = 0; next < blocks;) {
    list.clear();
    for await (const { index, block } of readBlocks(store, table, { first: next })) {
      onRows(block.starts[block.contextCount]);
      list.beginBlock(index);
      for (let c = 0; c < block.contextCount; c++) {
        // Each block of a wide context repeats the context.
        if (isContext(block, c, context)) continue;
        for (let j = 0; j < context.length; j++) context[j] = block.contexts[j][c];
        list.add(context);
      }
      next = index + 1;
      if (list.size >= most) break;
    }
    ngrams = await markNgrams(store, base, list, isWhole, onRows);
    const { wrong, firstBlock } = list.end();
    if (wrong === 0) continue;
    const problem = `${wrong} contexts from this block on are no n-grams of table ${base.manifest.pattern}`;
    findings.add(check, `table ${pattern}, block ${firstBlock}`, problem);
  }
  findings.checked(check, contexts);
  if (isWhole && contexts !== ngrams) {
    const problem = `has ${contexts} contexts, though ${ngrams} n-grams of table ${base.manifest.pattern} do not end with </s>`;
    findings.add(check, `table ${pattern}`, problem);
  }
}

/** Marks the n-grams of `base` in the list. @returns the number of all n-grams of `base` that may be contexts. */
async function markNgrams(
  store: ModelStore,
  base: CheckedTable,
  list: SortedContexts,
  isWhole: boolean,
  onRows: (rows: number) => void,
): Promise<number> {
  const others = new Uint32Array(base.pattern.length);
  let ngrams = 0;
  for await (const { block } of readBlocks(store, base)) {
    const { contexts: columns, contextCount, starts, words } = block;
    onRows(starts[contextCount]);
    for (let c = 0; c < contextCount; c++) {
      for (let j = 0; j < others.length; j++) others[j] = columns[j][c];
      for (let row = starts[c]; row < starts[c + 1]; row++) {
        const word = words[row];
        if (word === NONE || (word === EOS && isWhole)) continue;
        ngrams++;
        list.mark(word, others);
      }
    }
  }
  // No n-gram predicts <s>, but <s> is a context.
  if (others.length > 0) return ngrams;
  list.mark(BOS, others);
  return ngrams + 1;
}

/** Whether context `c` of a block has these words, nearest first. */
function isContext({ contexts }: Block, c: number, words: Uint32Array): boolean {
  for (let j = 0; j < words.length; j++) if (contexts[j][c] !== words[j]) return false;
  return true;
}

/**
 * Consecutive contexts of a table, to be compared with the n-grams of its context table. Contexts ascend by their nearest word first. It is the
 * last word of the n-gram: so n-grams with the same last word come in the order of the contexts that have it as the nearest word, and
 * each such part of the list is compared like two sorted lists.
 */
class SortedContexts {
  /** Number of contexts. */
  size = 0;
  /** The words of each context without the nearest one. */
  private readonly others: Uint32Array;
  /** By nearest word, the first context that was not compared yet, and the end of the contexts that have this word. */
  private readonly next: Uint32Array;
  private readonly ends: Uint32Array;
  /** For each block, its number and the index of its first context. */
  private blocks: { readonly block: number; readonly first: number }[] = [];
  /** How many contexts are no n-grams, and the index of the first one. */
  private wrong = 0;
  private firstWrong = Infinity;

  /** @param width words of a context. @param capacity the most contexts. @param words all word ids are below it. */
  constructor(
    private readonly width: number,
    capacity: number,
    words: number,
  ) {
    this.others = new Uint32Array((width - 1) * capacity);
    this.next = new Uint32Array(words);
    this.ends = new Uint32Array(words);
  }

  clear(): void {
    this.next.fill(0);
    this.ends.fill(0);
    this.blocks = [];
    this.size = this.wrong = 0;
    this.firstWrong = Infinity;
  }

  /** Begins the contexts of a block. */
  beginBlock(block: number): void {
    this.blocks.push({ block, first: this.size });
  }

  /** Adds the next context. */
  add(context: Uint32Array): void {
    const { others, next, ends, width } = this;
    const [word] = context;
    const at = this.size++;
    if (ends[word] === 0) next[word] = at;
    ends[word] = at + 1;
    for (let j = 1; j < width; j++) others[(width - 1) * at + j - 1] = context[j];
  }

  /** Marks the context that is an n-gram, if there is one. The n-grams ascend. @param context the words before the last one, nearest first. */
  mark(last: number, context: Uint32Array): void {
    const { next, ends } = this;
    const end = ends[last];
    let at = next[last];
    let difference = -1;
    while (at < end && (difference = this.compare(at, context)) < 0) this.fail(at++);
    next[last] = difference === 0 ? at + 1 : at;
  }

  /** Compares all contexts that were not compared yet. @returns how many contexts are no n-grams, and the number of the first block with one. */
  end(): { readonly wrong: number; readonly firstBlock: number } {
    const { next, ends, blocks } = this;
    for (let word = 0; word < ends.length; word++) for (let at = next[word]; at < ends[word]; at++) this.fail(at);
    const firstBlock = blocks.findLast(({ first }) => first <= this.firstWrong)?.block ?? 0;
    return { wrong: this.wrong, firstBlock };
  }

  private fail(at: number): void {
    this.wrong++;
    this.firstWrong = Math.min(this.firstWrong, at);
  }

  private compare(at: number, context: Uint32Array): number {
    const { others, width } = this;
    const first = (width - 1) * at;
    for (let j = 0; j < context.length; j++) {
      const difference = others[first + j] - context[j];
      if (difference !== 0) return difference;
    }
    return 0;
  }
}
