import { NONE } from '../../text/tokens.js';
import type { Batch } from '../../smoothing/batch.js';
import type { Evidence } from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import { findTrieBlock, isBehind, isContinued, type TrieDirectory } from '../../tables/trie-directory.js';
import type { TrieReader } from '../../tables/trie-reader.js';
import type { Hits } from './hits.js';
import { rowMap } from './row-map.js';
import { sortByValue } from '../../base/sort-by-value.js';
import { LookupPlan } from './lookup-plan.js';
import type { TablePart } from './table-part.js';
import { trieFollowers, TrieContext } from './trie-context.js';
import { clearEvidence, putEvidence, type TrieLevel } from './trie-level.js';
import { keepsBlocks, visitBlocks } from './visit-blocks.js';

/**
 * Looks the words of a batch up in a trie table, in the order of the table's rows: words with the same context are neighbours, so that
 * each context is found once, and each block is visited once. The hits of the parent's table already have this order by parent; the
 * words of each parent only have to be sorted by the farthest word of their contexts in this table.
 */
export class TrieTable implements TrieLevel {
  /** Working memory for batches whose blocks the tables of a stream read at the same time. */
  private readonly own = new LookupPlan();
  private plan = this.own;
  /** Number of groups in the plan. */
  private groups = 0;
  /** The index of the block of the last group; −1 before the first group. */
  private lastBlock = -1;
  /** The index in the table of the context at the first hit; −1 if no context was found. */
  private firstContext = -1;
  /** The index of the block in which that context begins; −1 if no context was found. */
  private firstBlock = -1;

  /**
   * @param table its index in the reader.
   * @param index the table's index in the evidence.
   * @param parent the table of the contexts without their farthest word, in which the same batch was looked up before.
   * @param shared working memory, which the tables of a stream share for batches that they read one after another.
   * @param hits gets the words whose context was found.
   */
  constructor(
    private readonly reader: TrieReader,
    private readonly table: number,
    private readonly part: TablePart,
    private readonly index: number,
    readonly parent: TrieLevel,
    private readonly shared: LookupPlan,
    readonly hits: Hits,
  ) {}

  look(batch: Batch, evidence: Evidence): Promise<void> | undefined {
    clearEvidence(batch, evidence, this.index);
    return this.visit(batch, evidence);
  }

  followers(): Followers | Promise<void> {
    const context = this.contextOfFirst();
    return context instanceof Promise ? context : trieFollowers(context);
  }

  /**
   * The context of the batch's only word, with all blocks of its rows. Returns a promise if blocks have to be read first: call again when it
   * has resolved.
   */
  contextOfFirst(): TrieContext | Promise<void> {
    const { reader, table, parent, firstBlock: first } = this;
    const directory = reader.directory(table);
    if (!directory || first < 0) throw new Error('followers are asked for after the word was looked up');
    const above = parent.contextOfFirst();
    if (above instanceof Promise) return above;
    const blocks: TrieBlock[] = [];
    const missing: number[] = [];
    for (let b = first; b === first || directory.ranks[b] > 0; b++) {
      const block = reader.get(table, b);
      if (block) blocks.push(block);
      else missing.push(b);
    }
    if (missing.length > 0) return reader.read(table, missing).then(() => undefined);
    return new TrieContext(this.firstContext, blocks, above);
  }

  /** Plans the groups of a batch, and fills in the evidence of each group whose context was found. */
  private visit(batch: Batch, evidence: Evidence): Promise<void> | undefined {
    const { reader, table } = this;
    const directory = reader.directory(table);
    if (!directory) return reader.open().then(() => this.visit(batch, evidence));
    const above = this.parent.hits;
    const keeps = keepsBlocks(batch.length);
    this.plan = keeps ? this.own : this.shared;
    this.plan.makeRoom(above.length);
    this.hits.clear(above.length);
    this.firstContext = this.firstBlock = -1;
    this.makePlan(directory, above, batch);
    return visitBlocks(reader, table, this.plan.blocks, this.groups, keeps, (from, to, blockAt) =>
      this.visitGroups(from, to, blockAt, evidence),
    );
  }

  /** Groups the parent's hits by the contexts of their words in this table, and finds the block of each group. */
  private makePlan(directory: TrieDirectory, parent: Hits, { ids }: Batch): void {
    this.listFarthest(parent, ids);
    const { length, contexts } = parent;
    this.groups = 0;
    this.lastBlock = -1;
    for (let from = 0, to = 0; from < length; from = to) {
      const above = contexts[from];
      while (to < length && contexts[to] === above) to++;
      this.planChildren(directory, parent, above, from, to);
    }
  }

  /** Lists the parent's hits, and the farthest word of each context in this table. */
  private listFarthest({ length, positions }: Hits, ids: Uint32Array): void {
    const { order, farthest } = this.plan;
    const { pattern, shift = 0 } = this.part;
    const reach = pattern[pattern.length - 1] - shift;
    for (let hit = 0; hit < length; hit++) {
      // The entry is `NONE` for a word whose history is too short.
      farthest[hit] = ids[positions[hit] - reach];
      order[hit] = hit;
    }
  }

  /**
   * Groups the hits `from` ≤ i < `to`, whose parent is the context `above`. It is a function of its own, because V8 compiles a short
   * function sooner.
   */
  private planChildren(directory: TrieDirectory, parent: Hits, above: number, from: number, to: number): void {
    const { order, farthest } = this.plan;
    if (to > from + 1) sortByValue(order, from, to, farthest);
    let block = this.lastBlock;
    for (let start = from, end = from; start < to; start = end) {
      const word = farthest[order[start]];
      while (end < to && farthest[order[end]] === word) end++;
      if (word === NONE) continue;
      if (!isBehind(directory, block + 1, above, word)) block = findTrieBlock(directory, above, word, 0, block + 1);
      if (block < 0) continue;
      if (isContinued(directory, block, word)) this.planWide(directory, parent, block, start, end);
      else this.addGroup(block, start, end);
    }
    this.lastBlock = block;
  }

  /** Groups words that have the same wide context by the block of their rows. @param first the index of the context's first block. */
  private planWide(directory: TrieDirectory, parent: Hits, first: number, from: number, to: number): void {
    const { order } = this.plan;
    sortByValue(order, from, to, parent.rows);
    const { ranks } = directory;
    let block = first;
    let start = from;
    for (let hit = from; hit < to; hit++) {
      const rank = parent.rows[order[hit]];
      if (!this.isInNext(ranks, block, rank)) continue;
      if (hit > start) this.addGroup(block, start, hit);
      start = hit;
      while (this.isInNext(ranks, block, rank)) block++;
    }
    this.addGroup(block, start, to);
  }

  /** Whether a rank of a wide context is in a later block than this one. */
  private isInNext(ranks: Uint32Array, block: number, rank: number): boolean {
    return block + 1 < ranks.length && ranks[block + 1] > 0 && ranks[block + 1] <= rank;
  }

  /** Adds a group: entries `start` ≤ i < `end` of `order`, whose rows are in one block. */
  private addGroup(block: number, start: number, end: number): void {
    const g = this.groups++;
    const { blocks, starts, ends } = this.plan;
    blocks[g] = block;
    starts[g] = start;
    ends[g] = end;
  }

  /** Visits the groups `from` ≤ g < `to`. */
  private visitGroups(
    from: number,
    to: number,
    blockAt: (index: number) => TrieBlock | undefined,
    evidence: Evidence,
  ): void {
    const { hits } = this;
    const { contexts } = this.parent.hits;
    const { blocks, starts, ends, order, farthest } = this.plan;
    let b = -1;
    let block: TrieBlock | undefined;
    for (let g = from; g < to; g++) {
      if (blocks[g] !== b) {
        b = blocks[g];
        block = blockAt(b);
      }
      if (!block) throw new Error('a block was planned and not read');
      const hit = order[starts[g]];
      const parent = contexts[hit] - block.firstParent;
      const context = parent < 0 || parent >= block.parents ? -1 : block.findContext(parent, farthest[hit]);
      if (context < 0) continue;
      if (hits.length === 0) {
        this.firstBlock = b;
        this.firstContext = block.firstContext + context;
      }
      block.findRows(context);
      block.addTotals(context);
      this.local = context;
      this.fillIn(block, starts[g], ends[g], evidence);
    }
  }

  /** The index of the visited group's context within its block. */
  private local = 0;

  /** Looks up the words of a group, and writes their evidence. */
  private fillIn(block: TrieBlock, from: number, to: number, evidence: Evidence): void {
    const { index, hits, local } = this;
    const { words, positions, contexts, rows } = hits;
    const { order } = this.plan;
    const { words: parentWords, positions: parentPositions, rows: ranks } = this.parent.hits;
    const isBare = block.isBare(local);
    const map = rowMap.pays(block, to - from) ? rowMap : undefined;
    map?.fill(block);
    const first = block.wideFollowers > 0 ? 0 - block.firstRow : block.from;
    const contextIndex = block.firstContext + local;
    let { length } = hits;
    for (let i = from; i < to; i++) {
      const t = parentWords[order[i]];
      const rank = ranks[order[i]];
      const row = rank < 0 || isBare ? -1 : map ? map.find(rank) : block.findRank(rank);
      words[length] = t;
      positions[length] = parentPositions[order[i]];
      contexts[length] = contextIndex;
      rows[length++] = row < 0 ? -1 : row - first;
      putEvidence(evidence, t, index, block, local, row);
    }
    map?.clear();
    hits.length = length;
  }
}
