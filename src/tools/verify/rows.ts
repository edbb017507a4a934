import type { Block, ContextTotals } from '../../tables/block.js';
import type { ModelStore } from '../../store/store.js';
import { EOS, NONE } from '../../text/tokens.js';
import { readBlocks } from '../../tables/table-reader.js';
import type { CheckedTable } from './table.js';
import type { Findings } from './findings.js';

const BLOCKS = 'blocks';

/**
 * Checks a table by itself: that every block can be read and is the one that the directory says; that rows ascend, within
 * blocks and from one to the next; that wide contexts have the totals they say; that all rows add up to what the manifest
 * says.
 *
 * @param onRows told how many rows were read, after each block.
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
  const fail = (problem: string, number: number): void => findings.add(BLOCKS, place(number), problem);
  const onDamage = (error: Error, number: number): void => {
    findings.checked(BLOCKS);
    fail(error.message, number);
  };
  for await (const { number, block } of readBlocks(store, table, { onDamage })) {
    findings.checked(BLOCKS);
    const problem = rows.add(block);
    if (problem) fail(problem, number);
    onRows(block.starts[block.contextCount]);
  }
  findings.checked('n-grams', rows.rows);
  if (findings.count === before) {
    for (const problem of rows.compare()) findings.add('n-grams', `table ${pattern}`, problem);
  }
  return findings.count === before;
}

/** Looks at the rows of a table in their order, and adds them up. */
class RowCheck {
  rows = 0;
  private contexts = 0;
  private bare = 0;
  private tokens = 0;
  private readonly countsOfCounts = [0, 0, 0, 0];
  /** The context at hand, and the last word after it. */
  private readonly context: Uint32Array;
  private word = 0;
  private begun = false;
  /** What a wide context says of itself, and what was found of it so far. */
  private wide: ContextTotals | undefined;
  private readonly found = { total: 0, ones: 0, twos: 0, followers: 0 };

  constructor(
    private readonly table: CheckedTable,
    private readonly isBackoff: boolean,
  ) {
    this.context = new Uint32Array(table.directory.columns.length);
  }

  /** @returns what is wrong with a block, if anything is. */
  add(block: Block): string | undefined {
    const { contextCount, wide } = block;
    if (this.isBackoff !== (block.numbers !== undefined))
      return 'has numbers where counts belong, or counts for numbers';
    if (wide && contextCount !== 1) return 'holds more than a part of a wide context';
    for (let c = 0; c < contextCount; c++) {
      const difference = this.compareContext(block, c);
      const goesOn = difference === 0 && wide !== undefined && this.wide !== undefined;
      if (difference < 0 || (difference === 0 && !goesOn)) return 'has contexts that are not in order';
      if (!goesOn) {
        const problem = this.endWide();
        if (problem) return problem;
        this.beginContext(block, c);
      } else if (!sameTotals(wide, this.wide)) return 'has other totals than the rest of its wide context';
      const problem = this.addRows(block, c, goesOn);
      if (problem) return problem;
    }
    return undefined;
  }

  /** What differs from the manifest. */
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

  /** Whether a context of a block comes behind the one at hand (positive), is it (0), or comes before. */
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
        return 'has a context of words that are none';
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
    return this.word < table.words ? undefined : 'has words that are none';
  }

  private endWide(): string | undefined {
    const { wide } = this;
    this.wide = undefined;
    return !wide || sameTotals(wide, this.found) ? undefined : 'comes behind a wide context that lacks rows';
  }
}

function sameTotals(a: ContextTotals | undefined, b: ContextTotals | undefined): boolean {
  return a?.total === b?.total && a?.ones === b?.ones && a?.twos === b?.twos && a?.followers === b?.followers;
}
