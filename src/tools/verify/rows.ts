import type { Block, ContextTotals } from '../../tables/block.js';
import type { ModelStore } from '../../store/store.js';
import { EOS, NONE } from '../../text/tokens.js';
import { streamOf } from '../../tables/pattern.js';
import { readBlocks } from '../../tables/table-reader.js';
import { readTrieBlocks } from '../../tables/trie-blocks.js';
import type { CheckedTable } from './table.js';
import type { Findings } from './findings.js';

const BLOCKS = 'blocks';

/**
 * Checks one table: every block can be read and is the block that the directory lists; rows ascend, within blocks and from block to
 * block; the rows of each wide context add up to the totals in its blocks; all rows add up to the sums in the manifest. Puts the first
 * contexts of a few blocks into `table.sampled`.
 *
 * @param onRows called with the number of rows of each block that was read.
 * @returns whether the table is sound.
 */
export async function checkRows(
  store: ModelStore,
  table: CheckedTable,
  isBackoff: boolean,
  findings: Findings,
  onRows: (rows: number) => void,
): Promise<boolean> {
  const { pattern } = table.manifest;
  const before = findings.count;
  const place = (index: number): string => `table ${pattern}, block ${index}`;
  const rows = new RowCheck(table, isBackoff);
  const samples = sampledBlocks(table.directory.parents.length);
  const fail = (problem: string, index: number): void => findings.add(BLOCKS, place(index), problem);
  const onDamage = (error: Error, index: number): void => {
    findings.checked(BLOCKS);
    fail(error.message, index);
  };
  for await (const { index, block } of readBlocks(store, table, { onDamage })) {
    findings.checked(BLOCKS);
    const problem = rows.add(block);
    if (problem) fail(problem, index);
    if (samples.has(index)) table.sampled.push(block.contexts.map(column => column[0]).reverse());
    onRows(block.starts[block.contextCount]);
  }
  findings.checked('n-grams', rows.rows);
  if (findings.count === before) {
    for (const problem of rows.compare()) findings.add('n-grams', `table ${pattern}`, problem);
  }
  return findings.count === before;
}

/** Checks the blocks of a table whose rows cannot be read, because the table of the shorter contexts is damaged. @returns whether all blocks are intact. */
export async function checkBlocks(store: ModelStore, table: CheckedTable, findings: Findings): Promise<boolean> {
  const before = findings.count;
  const onDamage = (error: Error, index: number): void => {
    findings.checked(BLOCKS);
    findings.add(BLOCKS, `table ${table.manifest.pattern}, block ${index}`, error.message);
  };
  const blocks = readTrieBlocks(store, table, 0, { onDamage });
  while (!(await blocks.next()).done) findings.checked(BLOCKS);
  return findings.count === before;
}

/** Number of blocks of a table whose first contexts go into `sampled`. */
const SAMPLES = 3;

/** The numbers of the sampled blocks: spread evenly over the table. */
function sampledBlocks(blocks: number): ReadonlySet<number> {
  return new Set(Array.from({ length: Math.min(SAMPLES, blocks) }, (_, i) => Math.floor((i * blocks) / SAMPLES)));
}

/** Checks the rows of a table, block by block, and sums their counts. */
class RowCheck {
  /** Number of n-grams so far. */
  rows = 0;
  private contexts = 0;
  /** Number of contexts without followers. */
  private bare = 0;
  /** Σ of all counts, pruned ones included. */
  private tokens = 0;
  /** Index i: number of n-grams with count i + 1. */
  private readonly countsOfCounts = [0, 0, 0, 0];
  /** The current context, nearest word first, and its last follower so far. */
  private readonly context: Uint32Array;
  private word = 0;
  private hasContext = false;
  /** If the current context is wide: the totals that its blocks give. */
  private wide: ContextTotals | undefined;
  /** The totals of the rows of the current context so far. */
  private readonly found = { total: 0, ones: 0, twos: 0, followers: 0 };
  /** Whether the contexts begin with the class of the predicted word, which can be `</s>`. */
  private readonly isWordStep: boolean;

  constructor(
    private readonly table: CheckedTable,
    private readonly isBackoff: boolean,
  ) {
    this.context = new Uint32Array(table.pattern.length);
    this.isWordStep = streamOf(table.manifest.pattern) === 'word-step';
  }

  /** Checks the next block. @returns the problem, or `undefined`. */
  add(block: Block): string | undefined {
    const { contextCount, wideTotals: wide } = block;
    if (this.isBackoff !== (block.numbers !== undefined))
      return 'has log10 probabilities where counts belong, or counts where log10 probabilities belong';
    if (wide && contextCount !== 1) return 'has totals of a wide context, and more than one context';
    for (let c = 0; c < contextCount; c++) {
      const difference = this.compareContext(block, c);
      const isContinued = difference === 0 && wide !== undefined && this.wide !== undefined;
      if (difference < 0 || (difference === 0 && !isContinued)) return 'has contexts that are not in order';
      if (!isContinued) {
        const problem = this.endWide();
        if (problem) return problem;
        this.beginContext(block, c);
      } else if (!sameTotals(wide, this.wide))
        return 'has other totals than the block before, of the same wide context';
      const problem = this.addRows(block, c, isContinued);
      if (problem) return problem;
    }
    return undefined;
  }

  /** Compares the sums with the manifest, after the last block. @returns the differences. */
  compare(): string[] {
    const { manifest } = this.table;
    const { rows, contexts, tokens, countsOfCounts, dropped, bare } = manifest;
    const problems: string[] = [];
    const compare = (noun: string, found: number, said: number, exact: boolean): void => {
      if (found === said || (!exact && found < said)) return;
      problems.push(`has ${found} ${noun}; the manifest says ${said}`);
    };
    const wideProblem = this.endWide();
    if (wideProblem) problems.push(wideProblem);
    compare('n-grams', this.rows, rows, true);
    compare('contexts', this.contexts, contexts, true);
    if (this.isBackoff) {
      compare('contexts without followers', this.bare, bare ?? 0, true);
      return problems;
    }
    const isWhole = dropped === undefined;
    compare('counted tokens', this.tokens, tokens, isWhole);
    countsOfCounts.forEach((said, i) =>
      compare(`n-grams counted ${i + 1} times`, this.countsOfCounts[i], said, isWhole),
    );
    return problems;
  }

  /** Compares context `c` of a block with the current context: positive if it sorts after the current one, 0 if it is the same. */
  private compareContext({ contexts }: Block, c: number): number {
    if (!this.hasContext) return 1;
    const { context } = this;
    for (let j = 0; j < context.length; j++) if (contexts[j][c] !== context[j]) return contexts[j][c] - context[j];
    return 0;
  }

  private beginContext(block: Block, c: number): void {
    const { context, found } = this;
    for (let j = 0; j < context.length; j++) context[j] = block.contexts[j][c];
    this.hasContext = true;
    this.word = 0;
    this.contexts++;
    this.wide = block.wideTotals;
    this.tokens += block.pruned[c];
    found.total = block.pruned[c];
    found.ones = found.twos = found.followers = 0;
  }

  /** @param isContinued whether the context is a wide one that began in an earlier block. @returns the problem, or `undefined`. */
  private addRows({ starts, words, counts, contexts }: Block, c: number, isContinued: boolean): string | undefined {
    const { countsOfCounts, found, isBackoff, isWordStep, table } = this;
    const [from, to] = [starts[c], starts[c + 1]];
    for (let j = 0; j < contexts.length; j++) {
      const word = contexts[j][c];
      const mayEnd = isBackoff || (isWordStep && j === 0);
      if (word === NONE || word >= table.words || (word === EOS && !mayEnd)) {
        return 'has a context with a word that the model does not have';
      }
    }
    if (words[from] === NONE) {
      if (!isBackoff || to - from !== 1 || isContinued) return 'has a row without a word';
      this.bare++;
      return undefined;
    }
    let last = this.word;
    let total = 0;
    let ones = 0;
    let twos = 0;
    for (let row = from; row < to; row++) {
      const word = words[row];
      if (word <= last) return 'has rows that are not in order';
      last = word;
      const count = counts[row];
      total += count;
      if (count === 1) ones++;
      else if (count === 2) twos++;
      else if (count <= 4) countsOfCounts[count - 1]++;
    }
    this.word = last;
    this.tokens += total;
    countsOfCounts[0] += ones;
    countsOfCounts[1] += twos;
    found.total += total;
    found.ones += ones;
    found.twos += twos;
    found.followers += to - from;
    this.rows += to - from;
    return this.word < table.words ? undefined : 'has a word that the model does not have';
  }

  /** Ends the current context. @returns the problem if it is wide and its rows do not add up to its totals. */
  private endWide(): string | undefined {
    const { wide } = this;
    this.wide = undefined;
    return !wide || sameTotals(wide, this.found)
      ? undefined
      : 'comes after a wide context with fewer rows than its totals say';
  }
}

function sameTotals(a: ContextTotals | undefined, b: ContextTotals | undefined): boolean {
  return a?.total === b?.total && a?.ones === b?.ones && a?.twos === b?.twos && a?.followers === b?.followers;
}
