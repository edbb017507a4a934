import type { Block, ContextTotals } from '../../tables/block.js';
import type { ModelStore } from '../../store/store.js';
import { EOS, NONE } from '../../text/tokens.js';
import { readBlocks } from '../../tables/table-reader.js';
import { readTrieBlocks } from '../../tables/trie-rows.js';
import type { CheckedTable } from './table.js';
import type { Findings } from './findings.js';

const BLOCKS = 'blocks';

/**
 * Checks one table: every block can be read and is the one that the directory lists; rows ascend, within blocks and from block to
 * block; the rows of wide contexts add up to the totals in their blocks; all rows add up to the sums in the manifest.
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
  const place = (number: number): string => `table ${pattern}, block ${number}`;
  const rows = new RowCheck(table, isBackoff);
  const samples = sampledBlocks(table.directory.parents.length);
  const fail = (problem: string, number: number): void => findings.add(BLOCKS, place(number), problem);
  const onDamage = (error: Error, number: number): void => {
    findings.checked(BLOCKS);
    fail(error.message, number);
  };
  for await (const { number, block } of readBlocks(store, table, { onDamage })) {
    findings.checked(BLOCKS);
    const problem = rows.add(block);
    if (problem) fail(problem, number);
    if (samples.has(number)) table.sampled.push(block.contexts.map(column => column[0]).reverse());
    onRows(block.starts[block.contextCount]);
  }
  findings.checked('n-grams', rows.rows);
  if (findings.count === before) {
    for (const problem of rows.compare()) findings.add('n-grams', `table ${pattern}`, problem);
  }
  return findings.count === before;
}

/** Checks the blocks of a table whose rows cannot be read, because a table of shorter contexts is damaged. @returns whether all are intact. */
export async function checkBlocks(store: ModelStore, table: CheckedTable, findings: Findings): Promise<boolean> {
  const before = findings.count;
  const onDamage = (error: Error, number: number): void => {
    findings.checked(BLOCKS);
    findings.add(BLOCKS, `table ${table.manifest.pattern}, block ${number}`, error.message);
  };
  const blocks = readTrieBlocks(store, table, 0, { onDamage });
  while (!(await blocks.next()).done) findings.checked(BLOCKS);
  return findings.count === before;
}

/** Number of blocks of a table whose first contexts are sampled. */
const SAMPLES = 3;

function sampledBlocks(blocks: number): ReadonlySet<number> {
  return new Set(Array.from({ length: Math.min(SAMPLES, blocks) }, (_, i) => Math.floor((i * blocks) / SAMPLES)));
}

/** Checks the rows of a table in their order, and sums them. */
class RowCheck {
  rows = 0;
  private contexts = 0;
  private bare = 0;
  private tokens = 0;
  private readonly countsOfCounts = [0, 0, 0, 0];
  /** The current context, and its last follower so far. */
  private readonly context: Uint32Array;
  private word = 0;
  private begun = false;
  /** The totals in the blocks of the current context, if it is wide; and the sums over its rows so far. */
  private wide: ContextTotals | undefined;
  private readonly found = { total: 0, ones: 0, twos: 0, followers: 0 };

  constructor(
    private readonly table: CheckedTable,
    private readonly isBackoff: boolean,
  ) {
    this.context = new Uint32Array(table.pattern.length);
  }

  /** Checks the next block. @returns the problem, or `undefined`. */
  add(block: Block): string | undefined {
    const { contextCount, wide } = block;
    if (this.isBackoff !== (block.numbers !== undefined))
      return 'has numbers where counts belong, or counts for numbers';
    if (wide && contextCount !== 1) return 'has totals of a wide context, and more than one context';
    for (let c = 0; c < contextCount; c++) {
      const difference = this.compareContext(block, c);
      const goesOn = difference === 0 && wide !== undefined && this.wide !== undefined;
      if (difference < 0 || (difference === 0 && !goesOn)) return 'has contexts that are not in order';
      if (!goesOn) {
        const problem = this.endWide();
        if (problem) return problem;
        this.beginContext(block, c);
      } else if (!sameTotals(wide, this.wide)) return 'has other totals than the block before of the same wide context';
      const problem = this.addRows(block, c, goesOn);
      if (problem) return problem;
    }
    return undefined;
  }

  /** The differences from the manifest, after the last block. */
  compare(): string[] {
    const { manifest } = this.table;
    const { rows, contexts, tokens, countsOfCounts, dropped, bare } = manifest;
    const problems: string[] = [];
    const compare = (what: string, found: number, said: number, exact: boolean): void => {
      if (found === said || (!exact && found < said)) return;
      problems.push(`has ${found} ${what}; the manifest says ${said}`);
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

  /** Compares a context of a block with the current one: positive if it comes after, 0 if it is the same. */
  private compareContext({ contexts }: Block, c: number): number {
    if (!this.begun) return 1;
    const { context } = this;
    for (let j = 0; j < context.length; j++) if (contexts[j][c] !== context[j]) return contexts[j][c] - context[j];
    return 0;
  }

  private beginContext(block: Block, c: number): void {
    const { context, found } = this;
    for (let j = 0; j < context.length; j++) context[j] = block.contexts[j][c];
    this.begun = true;
    this.word = 0;
    this.contexts++;
    this.wide = block.wide;
    this.tokens += block.pruned[c];
    Object.assign(found, { total: block.pruned[c], ones: 0, twos: 0, followers: 0 });
  }

  private addRows({ starts, words, counts, contexts }: Block, c: number, goesOn: boolean): string | undefined {
    const { countsOfCounts, found, isBackoff, table } = this;
    const [from, to] = [starts[c], starts[c + 1]];
    for (const column of contexts) {
      if (column[c] === NONE || column[c] >= table.words || (column[c] === EOS && !isBackoff)) {
        return 'has a context with a word that the model does not have';
      }
    }
    if (words[from] === NONE) {
      if (!isBackoff || to - from !== 1 || goesOn) return 'has a row without a word';
      this.bare++;
      return undefined;
    }
    for (let row = from; row < to; row++) {
      if (words[row] <= this.word) return 'has rows that are not in order';
      this.word = words[row];
      const count = counts[row];
      if (count <= 4) countsOfCounts[count - 1]++;
      found.total += count;
      this.tokens += count;
      if (count === 1) found.ones++;
      else if (count === 2) found.twos++;
    }
    found.followers += to - from;
    this.rows += to - from;
    return this.word < table.words ? undefined : 'has a word that the model does not have';
  }

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
