import type { Block } from '../../tables/block.js';
import { TRIE_ROWS } from '../../tables/trie-block.js';
import type { ModelStore } from '../../store/store.js';
import { BOS, EOS, NONE } from '../../text/tokens.js';
import { readBlocks } from '../../tables/table-reader.js';
import type { CheckedTable } from './table.js';
import type { Findings } from './findings.js';

/** About how many contexts one pass looks for; each takes up to 48 bytes of memory. */
const CONTEXTS_A_PASS = 1 << 22;

/** How often {@link checkContexts} reads the context table of this table, at most. */
export function passesOf({ manifest }: CheckedTable): number {
  return Math.ceil(manifest.contexts / CONTEXTS_A_PASS);
}

/**
 * Checks that every context of a table is an n-gram of its context table. Each pass puts about {@link CONTEXTS_A_PASS} contexts into a
 * set, reads the context table once, and removes its n-grams from the set: the contexts that remain are wrong.
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
  const context = new Uint32Array(table.pattern.length);
  const set = new TupleSet(Math.min(CONTEXTS_A_PASS, contexts) + TRIE_ROWS);
  let ngrams = 0;
  for (let next = 0; next < blocks;) {
    set.clear();
    let nearest: number | undefined;
    for await (const { index, block } of readBlocks(store, table, { first: next })) {
      onRows(block.starts[block.contextCount]);
      nearest ??= block.contexts[0][0];
      for (let c = 0; c < block.contextCount; c++) {
        // Each block of a wide context repeats the context.
        if (isContext(block, c, context)) continue;
        for (let j = 0; j < context.length; j++) context[j] = block.contexts[j][c];
        set.add(context, index);
      }
      next = index + 1;
      if (set.size >= CONTEXTS_A_PASS) break;
    }
    // Contexts are sorted by their nearest word first, which is the last word of the n-gram in `base`.
    ngrams = await removeNgrams(store, base, set, nearest ?? 0, context[0], isWhole, onRows);
    if (set.size === 0) continue;
    const problem = `${set.size} contexts from this block on are no n-grams of table ${base.manifest.pattern}`;
    findings.add(check, `table ${pattern}, block ${set.firstBlock()}`, problem);
  }
  findings.checked(check, contexts);
  if (isWhole && contexts !== ngrams) {
    const problem = `has ${contexts} contexts, though ${ngrams} n-grams of table ${base.manifest.pattern} do not end with </s>`;
    findings.add(check, `table ${pattern}`, problem);
  }
}

/**
 * Removes from `set` the n-grams of `base` whose last word is from `first` to `last` (ids).
 *
 * @returns the number of all n-grams of `base` that may be contexts.
 */
async function removeNgrams(
  store: ModelStore,
  base: CheckedTable,
  set: TupleSet,
  first: number,
  last: number,
  isWhole: boolean,
  onRows: (rows: number) => void,
): Promise<number> {
  const ngram = new Uint32Array(base.pattern.length + 1);
  let ngrams = 0;
  for await (const { block } of readBlocks(store, base)) {
    const { contexts: columns, contextCount, starts, words } = block;
    onRows(starts[contextCount]);
    for (let c = 0; c < contextCount; c++) {
      for (let j = 1; j < ngram.length; j++) ngram[j] = columns[j - 1][c];
      for (let row = starts[c]; row < starts[c + 1]; row++) {
        const word = words[row];
        if (word === NONE || (word === EOS && isWhole)) continue;
        ngrams++;
        if (word < first || word > last) continue;
        ngram[0] = word;
        set.remove(ngram);
      }
    }
  }
  // No n-gram predicts <s>, but <s> is a context.
  if (ngram.length > 1) return ngrams;
  ngram[0] = BOS;
  set.remove(ngram);
  return ngrams + 1;
}

/** Whether context `c` of a block has these words, nearest first. */
function isContext({ contexts }: Block, c: number, words: Uint32Array): boolean {
  for (let j = 0; j < words.length; j++) if (contexts[j][c] !== words[j]) return false;
  return true;
}

/**
 * A set of contexts (tuples of word ids), each with the number of its block. It holds a hash of 64 bits in place of a tuple, so in
 * rare cases it takes two tuples for one.
 */
class TupleSet {
  size = 0;
  private readonly mask: number;
  /** Three entries a slot: the low and the high 32 bits of the hash, and the block number + 1, or 0 if the tuple was removed. */
  private readonly slots: Uint32Array;
  /** The results of `hash`. */
  private low = 0;
  private high = 0;

  /** @param capacity the most tuples that the set will hold. */
  constructor(capacity: number) {
    const slots = 1 << (33 - Math.clz32(capacity));
    this.mask = slots - 1;
    this.slots = new Uint32Array(3 * slots);
  }

  clear(): void {
    this.slots.fill(0);
    this.size = 0;
  }

  add(tuple: Uint32Array, block: number): void {
    const at = this.find(tuple);
    this.slots[at] = this.low;
    this.slots[at + 1] = this.high;
    this.slots[at + 2] = block + 1;
    this.size++;
  }

  remove(tuple: Uint32Array): void {
    const at = this.find(tuple) + 2;
    if (this.slots[at] === 0) return;
    this.slots[at] = 0;
    this.size--;
  }

  /** The smallest block number of the tuples in the set, or −1. */
  firstBlock(): number {
    let first = Infinity;
    for (let at = 2; at < this.slots.length; at += 3)
      if (this.slots[at] > 0) first = Math.min(first, this.slots[at] - 1);
    return first === Infinity ? -1 : first;
  }

  /** The index of the first entry of the slot of a tuple: its own, or the empty slot where `add` puts the tuple. */
  private find(tuple: Uint32Array): number {
    const { slots, mask } = this;
    this.hash(tuple);
    let slot = this.low & mask;
    // The low half of a hash is never 0, so 0 marks an empty slot.
    while (slots[3 * slot] !== 0 && (slots[3 * slot] !== this.low || slots[3 * slot + 1] !== this.high)) {
      slot = (slot + 1) & mask;
    }
    return 3 * slot;
  }

  private hash(tuple: Uint32Array): void {
    let low = 0x9e3779b1;
    let high = 0x85ebca77;
    for (const word of tuple) {
      low = Math.imul(low ^ word, 0xcc9e2d51);
      low = (low << 15) | (low >>> 17);
      high = Math.imul(high ^ word, 0x27d4eb2f);
      high = ((high << 13) | (high >>> 19)) + low;
    }
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
    high = Math.imul(high ^ (high >>> 15), 0xc2b2ae35);
    this.low = (low ^ (low >>> 13)) >>> 0 || 1;
    this.high = (high ^ (high >>> 16)) >>> 0;
  }
}
