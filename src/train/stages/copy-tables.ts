import { KneserError } from '../../base/errors.js';
import { grown } from '../../base/grown.js';
import type { SortedRows, SortedTables } from '../../count/sorted-tables.js';
import type { ModelBuilder } from '../../tables/builder.js';
import type { TableManifest } from '../../tables/manifest.js';
import { formatPattern, withContexts, type Pattern } from '../../tables/pattern.js';
import { TableWriter, type EncodedBlock } from '../../tables/table-writer.js';
import { BOS, NONE } from '../../text/tokens.js';
import { WRITTEN_SHARE } from '../plan/budget.js';
import type { BuildContext } from './context.js';
import type { SortedSource } from './count-source.js';

/** How many blocks one write to the store holds. */
const BLOCKS_A_WRITE = 128;

/**
 * Writes tables that are counted and sorted already: groups their rows by context.
 *
 * - Input: a source of sorted tables, and the builder of the model.
 * - Output: an entry of the manifest for each table. Blocks and directories are in the store.
 * - When: in place of `count-tables.ts`; before `write-model.ts`.
 *
 * @throws the errors of the source, among them its error for rows that do not ascend; KNESER_DISK_FULL, KNESER_IO, KNESER_ABORTED
 */
export async function run(
  context: BuildContext,
  { sorted: tables, vocabulary }: SortedSource,
  builder: ModelBuilder,
): Promise<TableManifest[]> {
  const { plan } = context;
  const mixed = new Set(plan.patterns.map(formatPattern));
  const types = vocabulary.frequencies.length;
  const copy = new TableCopy(context, tables, types, builder);
  const entries: TableManifest[] = [];
  for (const pattern of withContexts(plan.patterns)) {
    const table = formatPattern(pattern);
    const written =
      pattern.length > 0
        ? await copy.table(pattern)
        : await builder.putUnigrams(
            'words',
            plan.order > 1 ? await copy.unigrams() : wholeCounts(vocabulary.frequencies),
          );
    if (pattern.length === 0) checkSum(table, written.tokens);
    await builder.putDirectories('words', [pattern]);
    const summary = plan.order > 1 ? tables.summarize(table, written) : written;
    const { rows, contexts, tokens, countsOfCounts, ...dropped } = summary;
    entries.push({ pattern: table, mixed: mixed.has(table), rows, contexts, tokens, countsOfCounts, ...dropped });
  }
  return entries;
}

/** The frequencies of words, as the counts of a model of order 1. @throws KNESER_LIMIT */
function wholeCounts(frequencies: Float64Array): Uint32Array {
  checkSum(
    '1',
    frequencies.reduce((most, frequency) => Math.max(most, frequency), 0),
  );
  return Uint32Array.from(frequencies);
}

/** Copies the tables of a source into the store of a model, and reports the rows copied so far. */
class TableCopy {
  private done = 0;
  private readonly collectWritten: (bytes: number) => void;

  constructor(
    private readonly context: BuildContext,
    private readonly tables: SortedTables,
    /** Word ids are below this. */
    private readonly types: number,
    private readonly builder: ModelBuilder,
  ) {
    this.collectWritten = context.collectEvery(WRITTEN_SHARE, false);
  }

  /** The counts of the unigrams by id. */
  async unigrams(): Promise<Uint32Array> {
    const counts = new Uint32Array(this.types);
    let row = 0;
    let last = 0;
    for await (const { words, counts: read, length } of this.tables.read('1')) {
      for (let i = 0; i < length; i++, row++) {
        if (words[i] <= last || words[i] >= this.types) throw this.tables.unsorted('1', row);
        last = words[i];
        counts[last] = read[i];
      }
      this.report(length);
    }
    return counts;
  }

  /** Copies a table with contexts. */
  async table(pattern: Pattern): Promise<TableWriter['summary']> {
    const name = formatPattern(pattern);
    const blocks: EncodedBlock[] = [];
    const writer = new TableWriter(name, pattern.length, block => blocks.push(block));
    const grouping = new Grouping(pattern.length, this.types, writer);
    const write = async (): Promise<void> => {
      this.collectWritten(blocks.reduce((sum, { value }) => sum + value.length, 0));
      await this.builder.putBlocks(0, blocks.splice(0));
    };
    let rows = 0;
    for await (const some of this.tables.read(name)) {
      const unsorted = grouping.add(some);
      if (unsorted >= 0) throw this.tables.unsorted(name, rows + unsorted);
      rows += some.length;
      if (blocks.length >= BLOCKS_A_WRITE) await write();
      this.report(some.length);
    }
    grouping.end();
    writer.flush();
    await write();
    return writer.summary;
  }

  private report(rows: number): void {
    this.context.checkAborted();
    this.done += rows;
    this.context.report({ stage: 'store', done: this.done, total: this.tables.rows, unit: 'n-grams' });
  }
}

/** Refuses counts of one context whose sum does not fit into 32 bits. @throws KNESER_LIMIT */
function checkSum(table: string, sum: number): void {
  if (sum < 2 ** 32) return;
  throw new KneserError(
    'KNESER_LIMIT',
    `table ${table}: the counts of a context add up to ${sum.toLocaleString('en')}, and a model holds sums up to 4,294,967,295; count less text`,
  );
}

/** Groups rows, which must ascend, by context, and gives each context with its followers to a writer. */
class Grouping {
  /** The context of the last row, once a row was added: `width` word ids, nearest word first. */
  private readonly current: Uint32Array;
  private hasBegun = false;
  private words = new Uint32Array(1024);
  private counts = new Uint32Array(1024);
  private length = 0;
  /** The sum of the counts of dropped followers of the current context. */
  private pruned = 0;
  /** The word of the last row of the current context; −1 before the first row. */
  private last = -1;

  constructor(
    private readonly width: number,
    private readonly types: number,
    private readonly writer: TableWriter,
  ) {
    this.current = new Uint32Array(width);
  }

  /** @returns the index of the first row that does not ascend or has an id beyond the vocabulary; −1 if there is none. */
  add({ contexts, words, counts, length }: SortedRows): number {
    const { current, width, types } = this;
    for (let i = 0; i < length; i++) {
      let same = 0;
      while (this.hasBegun && same < width && contexts[same][i] === current[same]) same++;
      const word = words[i];
      if (word >= types || word === BOS) return i;
      if (same === width) {
        if (word <= this.last) return i;
      } else {
        if (contexts[same][i] < current[same]) return i;
        this.hasBegun = true;
        this.end();
        for (let j = same; j < width; j++) {
          const id = contexts[j][i];
          if (id === NONE || id >= types) return i;
          current[j] = id;
        }
      }
      this.last = word;
      if (word === NONE) {
        this.pruned = counts[i];
        continue;
      }
      if (this.length === this.words.length) this.grow();
      this.words[this.length] = word;
      this.counts[this.length++] = counts[i];
    }
    return -1;
  }

  /** Gives the current context to the writer. */
  end(): void {
    const { table, summary } = this.writer;
    const before = summary.tokens;
    if (this.length > 0) this.writer.group(this.current, this.words, this.counts, this.length, this.pruned);
    checkSum(table, summary.tokens - before);
    this.length = 0;
    this.pruned = 0;
    this.last = -1;
  }

  private grow(): void {
    const length = 2 * this.words.length;
    this.words = grown(this.words, length);
    this.counts = grown(this.counts, length);
  }
}
