import { NONE } from '../../text/tokens.js';
import type { Batch } from '../../smoothing/batch.js';
import { discountsAt } from '../../smoothing/parameters.js';
import type { Evidence } from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import { findTrieBlock, isBehind, type TrieDirectory } from '../../tables/trie-directory.js';
import { BLOCKS_TOGETHER, ReadsAhead, readTrieDirectory, type TrieReader } from '../../tables/trie-reader.js';
import type { Hits } from './hits.js';
import { RowMap } from './row-map.js';
import { sortByValue } from '../../base/sort-by-value.js';
import type { LookupPlan } from './lookup-plan.js';
import type { TablePart } from './table-part.js';
import { trieFollowers, TrieContext } from './trie-context.js';
import { clearEvidence, finishWords, putEvidence, type ChainPass, type TrieLevel } from './trie-level.js';

/** If a batch has this many words or more, the blocks that it reads are not kept in memory. */
const KEPT_WORDS = 1 << 13;

/** Working memory for one context at a time, which all tables use. */
const rowMap = new RowMap();

/**
 * Handles the words of one group, entries `from` ≤ i < `to` of the plan's `order`. `findRows` and `addTotals` of the block were called for
 * the context of the group.
 */
type Visit = (block: TrieBlock, from: number, to: number) => void;

/**
 * Looks the words of a batch up in a trie table, in the order of the table's rows: words with the same context are neighbours, so that
 * each context is found once, and each block is visited once. The hits of the parent's table already have this order by parent; the
 * words of each parent only have to be sorted by the farthest word of their contexts in this table.
 */
export class TrieTable implements TrieLevel {
  /** The first rows of the table's blocks; `undefined` until they were read. */
  private directory: TrieDirectory | undefined;
  /** Number of groups in the plan. */
  private groups = 0;
  /** The index of the block of the last group; −1 before the first group. */
  private lastBlock = -1;
  /** Number of words of the batch. */
  private batchWords = 0;
  /** The pass of a chain that interpolates; `undefined` while evidence is filled in. */
  private pass: ChainPass | undefined;
  /** The index in the table of the context at the first hit; −1 if no context was found. */
  private firstContext = -1;
  /** The index of the block in which that context begins; −1 if no context was found. */
  private firstBlock = -1;

  /**
   * @param id the table's id in the reader.
   * @param index the table's index in the evidence.
   * @param parent the table of the contexts without their farthest word, in which the same batch was looked up before.
   * @param plan working memory, which the tables of a stream share.
   * @param hits gets the words whose context was found.
   */
  constructor(
    private readonly reader: TrieReader,
    private readonly id: number,
    private readonly part: TablePart,
    private readonly index: number,
    private readonly parent: TrieLevel,
    private readonly plan: LookupPlan,
    readonly hits: Hits,
  ) {}

  /** The name of the table in the store. */
  get name(): string {
    return this.part.manifest.pattern;
  }

  look(batch: Batch, evidence: Evidence): Promise<void> | undefined {
    clearEvidence(batch, evidence, this.index);
    this.pass = undefined;
    return this.visit(batch, (block, from, to) => this.fillIn(block, from, to, evidence));
  }

  interpolate(batch: Batch, pass: ChainPass, discounts: Float64Array): Promise<void> | undefined {
    this.pass = pass;
    const length = this.part.pattern.length + 1;
    return this.visit(batch, (block, from, to) => this.interpolateGroup(block, from, to, length, discounts));
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
    const { reader, id, directory, parent, firstBlock: first } = this;
    if (!directory || first < 0) throw new Error('followers are asked for after the word was looked up');
    const above = parent.contextOfFirst();
    if (above instanceof Promise) return above;
    const blocks: TrieBlock[] = [];
    const missing: number[] = [];
    for (let b = first; b === first || directory.ranks[b] > 0; b++) {
      const block = reader.get(id, b);
      if (block) blocks.push(block);
      else missing.push(b);
    }
    if (missing.length > 0) return reader.read(id, this.name, directory, missing).then(() => undefined);
    return new TrieContext(this.firstContext, blocks, above);
  }

  /** Plans the groups of a batch, and calls `act` for each group whose context was found. */
  private visit(batch: Batch, act: Visit): Promise<void> | undefined {
    const { directory } = this;
    if (!directory) {
      return readTrieDirectory(this.reader.store, this.name).then(read => {
        this.directory = read;
        return this.visit(batch, act);
      });
    }
    const above = this.parent.hits;
    this.batchWords = batch.length;
    this.plan.makeRoom(above.length);
    this.hits.clear(above.length);
    this.firstContext = this.firstBlock = -1;
    this.makePlan(directory, above, batch);
    const { groups, reader, id } = this;
    const { blocks } = this.plan;
    for (let g = 0; g < groups; g++) if (!reader.get(id, blocks[g])) return this.visitReading(directory, act);
    this.visitGroups(0, groups, undefined, act);
    return undefined;
  }

  /** Reads the blocks of the groups that are not in memory, and visits all groups. */
  private async visitReading(directory: TrieDirectory, act: Visit): Promise<void> {
    const { reader, id, groups } = this;
    const { blocks } = this.plan;
    // A large batch, or the next part of it, does not need the same blocks again, so that keeping them would not save reads.
    const keeps = this.batchWords < KEPT_WORDS;
    let planned = 0;
    const ahead = new ReadsAhead(() => {
      if (planned === groups) return undefined;
      const from = planned;
      const found = new Map<number, TrieBlock>();
      const missing: number[] = [];
      for (let last = -1; planned < groups; planned++) {
        const b = blocks[planned];
        if (b === last) continue;
        if (missing.length === BLOCKS_TOGETHER) break;
        last = b;
        const block = reader.get(id, b);
        if (block) found.set(b, block);
        else missing.push(b);
      }
      const to = planned;
      const read = keeps ? reader.read(id, this.name, directory, missing) : reader.pass(this.name, directory, missing);
      return read.then(blocks => {
        blocks.forEach((block, i) => found.set(missing[i], block));
        return { from, to, found };
      });
    });
    try {
      for (let reading = ahead.next(); reading; reading = ahead.next()) {
        const { from, to, found } = await reading;
        this.visitGroups(from, to, found, act);
        reader.makeRoom();
      }
    } finally {
      await ahead.settle();
    }
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
      if (word === NONE) {
        this.leave(start, end);
        continue;
      }
      if (!isBehind(directory, block + 1, above, word)) block = findTrieBlock(directory, above, word, 0, block + 1);
      if (block < 0) {
        this.leave(start, end);
        continue;
      }
      const next = block + 1;
      if (next < directory.ranks.length && directory.ranks[next] > 0 && directory.words[next] === word) {
        this.planWide(directory, parent, block, start, end);
      } else {
        this.addGroup(block, start, end);
      }
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

  /** Visits the groups `from` ≤ g < `to`. @param found the blocks of these groups; if `undefined`, the reader has them in memory. */
  private visitGroups(from: number, to: number, found: ReadonlyMap<number, TrieBlock> | undefined, act: Visit): void {
    const { reader, id, hits } = this;
    const { contexts } = this.parent.hits;
    const { blocks, starts, ends, order, farthest } = this.plan;
    let b = -1;
    let block: TrieBlock | undefined;
    for (let g = from; g < to; g++) {
      if (blocks[g] !== b) {
        b = blocks[g];
        block = found ? found.get(b) : reader.get(id, b);
      }
      if (!block) throw new Error('a block was planned and not read');
      const hit = order[starts[g]];
      const parent = contexts[hit] - block.firstParent;
      const context = parent < 0 || parent >= block.parents ? -1 : block.findContext(parent, farthest[hit]);
      if (context < 0) {
        this.leave(starts[g], ends[g]);
        continue;
      }
      if (hits.length === 0) {
        this.firstBlock = b;
        this.firstContext = block.firstContext + context;
      }
      block.findRows(context);
      block.addTotals(context);
      this.local = context;
      act(block, starts[g], ends[g]);
    }
  }

  /** Ends the words at `order[from, to)`, whose context this table lacks. */
  private leave(from: number, to: number): void {
    if (this.pass) finishWords(this.parent.hits, this.plan.order, from, to, this.pass);
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

  /**
   * Looks up the words of a group, and interpolates their probabilities: p(w|h) = (c − D(c) + taken · p(w|h')) / Σc, where `taken` is the
   * sum of the counts that discounts and pruning took away.
   */
  private interpolateGroup(block: TrieBlock, from: number, to: number, length: number, discounts: Float64Array): void {
    const { hits, local } = this;
    const { words, positions, contexts, rows, values, matched } = hits;
    const { order } = this.plan;
    const parent = this.parent.hits;
    const {
      words: parentWords,
      positions: parentPositions,
      rows: ranks,
      values: below,
      matched: parentMatched,
    } = parent;
    const { total, ones, twos } = block;
    const d = discountsAt(total, discounts);
    const d1 = discounts[d + 1];
    const d2 = discounts[d + 2];
    const d3 = discounts[d + 3];
    const taken = d1 * ones + d2 * twos + d3 * (block.followers - ones - twos) + block.prunedTotal;
    const first = block.wideFollowers > 0 ? 0 - block.firstRow : block.from;
    const contextIndex = block.firstContext + local;
    const map = rowMap.pays(block, to - from) ? rowMap : undefined;
    map?.fill(block);
    let at = hits.length;
    for (let i = from; i < to; i++) {
      const hit = order[i];
      const rank = ranks[hit];
      words[at] = parentWords[hit];
      positions[at] = parentPositions[hit];
      contexts[at] = contextIndex;
      const row = rank < 0 ? -1 : map ? map.find(rank) : block.findRank(rank);
      if (row < 0) {
        rows[at] = -1;
        matched[at] = parentMatched[hit];
        values[at++] = (0 + taken * below[hit]) / total;
        continue;
      }
      rows[at] = row - first;
      const count = block.count(row);
      const discounted = count - (count === 1 ? d1 : count === 2 ? d2 : d3);
      matched[at] = length;
      values[at++] = ((discounted > 0 ? discounted : 0) + taken * below[hit]) / total;
    }
    map?.clear();
    hits.length = at;
  }
}
