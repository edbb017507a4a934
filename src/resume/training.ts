import { addSummary, emptySummary, type TableSummary } from '../count/table-writer.js';
import type { Sort } from '../count/tally.js';
import { isContiguous, tableName, type Stream } from '../pattern.js';
import type { ModelBuilder } from '../store/builder.js';
import type { LevelWriter } from '../store/level.js';
import { FORMAT_VERSION } from '../store/manifest.js';
import { requireSame, readRecord, writeRecord, type Beginning, type TrainingRecord } from './record.js';
import { countUnigrams, isWhole, readClasses, removeTable } from './tables.js';
import { isIntact, loadText, saveText, type ReadText, type TextIds } from './text.js';

/** What is left to do of a stream: the sorts that are not complete, and what is known of those that are. */
export interface LeftToCount {
  readonly sorts: readonly Sort[];
  /** By id, what the contiguous sort leaves for unigrams; zeros where it is not complete. */
  readonly unigrams: Uint32Array;
}

/**
 * Looks whether a training can be gone on with: its text must be as it was written.
 *
 * @param published the generation that is the model already.
 * @throws KNESER_OPTION where it was begun with something else.
 */
export async function findTraining(
  folder: string,
  out: string,
  published: string | undefined,
  now: Beginning,
): Promise<TrainingRecord | undefined> {
  const record = await readRecord(folder);
  if (!record?.text || record.generation === published) return undefined;
  requireSame(out, record, now);
  return (await isIntact(folder, record.text)) ? record : undefined;
}

/**
 * What a training writes down of itself, so that it can be gone on with when it was broken off: the text as word numbers,
 * and which tables are complete in its LevelDB. Whatever is not complete is done again, and comes out the same: the model
 * depends on the text and the options alone.
 */
export class Training {
  private saving: Promise<void> | undefined;
  private failure: unknown;

  private constructor(
    private readonly folder: string,
    private record: TrainingRecord,
    /** Whether a training that was broken off is gone on with. */
    readonly resumed: boolean,
  ) {}

  static async begin(folder: string, generation: string, beginning: Beginning, command?: string): Promise<Training> {
    const record = { format: FORMAT_VERSION, generation, ...beginning, command: command ?? null, tables: [] };
    const training = new Training(folder, record, false);
    await training.write({}, false);
    return training;
  }

  static resume(folder: string, record: TrainingRecord): Training {
    return new Training(folder, record, true);
  }

  /** Whether there is anything to go on with. */
  get hasText(): boolean {
    return this.record.text !== undefined;
  }

  /** Begins to write the text down. It is counted meanwhile. @param check stops the writing by throwing. */
  saveText(text: ReadText, ids: TextIds, check: () => void): void {
    this.saving = saveText(this.folder, text, ids, check)
      .then(saved => this.write({ text: saved }, true))
      .catch((error: unknown) => {
        this.failure = error;
      });
  }

  /** The text that was written down. */
  async loadText(ids: TextIds): Promise<ReadText> {
    const { text } = this.record;
    if (!text) throw new Error('no text was saved');
    return loadText(this.folder, text, ids);
  }

  /** Notes how many tables there will be: the text has been read. */
  async beginCounting(tableCount: number): Promise<void> {
    await this.write({ tableCount }, false);
  }

  /** What is left to count of a stream. The summaries of tables that are complete are put to the others. */
  async leftToCount(
    store: LevelWriter,
    stream: Stream,
    sorts: readonly Sort[],
    types: number,
    summaries: Map<string, TableSummary>,
  ): Promise<LeftToCount> {
    const unigrams = new Uint32Array(types);
    const left: Sort[] = [];
    for (const sort of sorts) {
      if (!this.resumed || !(await this.isComplete(store, stream, sort, unigrams))) {
        left.push(sort);
        continue;
      }
      for (const { table, ...summary } of this.record.tables) {
        if (!sort.some(pattern => tableName(pattern, stream) === table)) continue;
        const sum = emptySummary();
        addSummary(sum, summary);
        summaries.set(table, sum);
      }
    }
    return { sorts: left, unigrams };
  }

  /** Notes that the tables of a sort are complete, once the disk has them. */
  async completed(
    builder: ModelBuilder,
    tables: readonly (TableSummary & { readonly table: string })[],
  ): Promise<void> {
    await this.settled();
    if (!this.hasText) return;
    await builder.sync();
    await this.write({ tables: [...this.record.tables, ...tables] }, true);
  }

  /** The class of every word, where it is known from before. */
  async classes(store: LevelWriter): Promise<Uint32Array | undefined> {
    return this.resumed ? readClasses(store) : undefined;
  }

  /** Waits until nothing is being written. @throws what kept the text from being written. */
  async settled(): Promise<void> {
    await this.saving;
    if (this.failure !== undefined) throw this.failure;
  }

  private async isComplete(store: LevelWriter, stream: Stream, sort: Sort, unigrams: Uint32Array): Promise<boolean> {
    const tables = sort.map(pattern => ({ table: tableName(pattern, stream), pattern }));
    const found = new Uint32Array(unigrams.length);
    let complete = true;
    for (const { table, pattern } of tables) {
      const isBigrams = isContiguous(pattern) && pattern.length === 1;
      const count = isBigrams ? (block: Uint8Array): void => countUnigrams(block, found) : undefined;
      complete &&=
        this.record.tables.some(known => known.table === table) && (await isWhole(store, table, pattern.length, count));
    }
    if (complete) {
      for (let id = 0; id < found.length; id++) unigrams[id] += found[id];
      return true;
    }
    const tableNames = new Set(tables.map(({ table }) => table));
    this.record = { ...this.record, tables: this.record.tables.filter(({ table }) => !tableNames.has(table)) };
    for (const table of tableNames) await removeTable(store, table);
    return false;
  }

  private async write(more: Partial<TrainingRecord>, lasting: boolean): Promise<void> {
    this.record = { ...this.record, ...more };
    await writeRecord(this.folder, this.record, lasting);
  }
}
