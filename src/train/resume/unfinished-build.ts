import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Checkpoints, CountedTable, LeftToCount, ReadText, TextIds } from './checkpoints.js';
import type { Sort } from '../../count/adjust.js';
import { isContiguous, tableName, type ClassStream, type Stream } from '../../tables/pattern.js';
import type { LevelWriter } from '../../store/level.js';
import { ROWS_VERSION } from '../../store/keys.js';
import { requireSame, readRecord, writeRecord, type Beginning, type TrainingRecord } from './record.js';
import { countUnigrams, isTableIntact, readClasses, removeTable } from './tables.js';
import { isTextIntact, loadText, saveText } from './text.js';

/**
 * Looks for an unfinished build that can be continued, which means that its stored text is intact.
 *
 * @param folder the work folder.
 * @param out the model's folder, for messages.
 * @param published the current generation. A record of this generation belongs to a finished build.
 * @param now the options and files of this training.
 * @returns the record of the unfinished build; `undefined` if there is nothing to continue.
 * @throws KNESER_OPTION if the build began with other options or files.
 */
export async function findUnfinishedBuild(
  folder: string,
  out: string,
  published: string | undefined,
  now: Beginning,
): Promise<TrainingRecord | undefined> {
  const record = await readRecord(folder);
  if (!record?.text || record.generation === published) return undefined;
  requireSame(out, record, now);
  return (await isTextIntact(folder, record.text)) ? record : undefined;
}

/**
 * The checkpoints of a build in a work folder:
 *
 *     record.json   options, files, figures of the text, finished tables
 *     words, frequencies, ids, tokens, held-out   the stored text
 *
 * Finished tables are in the store `counted`, a LevelDB in the same folder.
 */
export class UnfinishedBuild implements Checkpoints {
  private saving: Promise<void> | undefined;
  private failure: Error | undefined;
  private written: Promise<void> = Promise.resolve();
  /** The store that tables are written to. */
  private store: LevelWriter | undefined;

  private constructor(
    private readonly folder: string,
    private record: TrainingRecord,
    readonly resumed: boolean,
  ) {}

  /** Begins a build. @param command the command line that resumes it. */
  static async begin(
    folder: string,
    generation: string,
    beginning: Beginning,
    command?: string,
  ): Promise<UnfinishedBuild> {
    const record = { format: ROWS_VERSION, generation, ...beginning, command: command ?? null, tables: [] };
    const build = new UnfinishedBuild(folder, record, false);
    await build.write({});
    return build;
  }

  /** Continues the build of a record. */
  static resume(folder: string, record: TrainingRecord): UnfinishedBuild {
    return new UnfinishedBuild(folder, record, true);
  }

  /** Whether the text is stored, so that a later build can continue from this one. */
  get hasText(): boolean {
    return this.record.text !== undefined && !this.failure;
  }

  get hasTables(): boolean {
    return this.resumed && this.record.tables.length > 0;
  }

  /**
   * Opens the store to which tables are written: the store of the unfinished build, or a new one.
   *
   * @param earlier the paths where kneser 0.1.0 had that store.
   * @param create opens the store at a path: an existing store if `resumed` is true, otherwise a new one.
   */
  async openStore(
    path: string,
    earlier: readonly string[],
    create: (path: string, resumed: boolean) => Promise<LevelWriter>,
  ): Promise<LevelWriter> {
    if (this.hasTables && !existsSync(path)) {
      for (const old of earlier) if (existsSync(old)) await rename(old, path);
    }
    this.store = await create(path, this.resumed).catch(async (error: unknown) => {
      if (!this.resumed) throw error;
      // A store that cannot be opened is removed, and its tables are counted again.
      await rm(path, { recursive: true, force: true });
      return create(path, false);
    });
    return this.store;
  }

  saveText(text: ReadText, ids: TextIds, check: () => void): void {
    this.saving = saveText(this.folder, text, ids, check)
      .then(saved => this.write({ text: saved }))
      .catch((error: unknown) => {
        this.failure = error instanceof Error ? error : new Error(String(error));
      });
  }

  async loadText(ids: TextIds): Promise<ReadText> {
    const { text } = this.record;
    if (!text) throw new Error('no text was saved');
    return loadText(this.folder, text, ids);
  }

  async beginCounting(tableCount: number): Promise<void> {
    await this.write({ tableCount });
  }

  async leftToCount(stream: Stream, sorts: readonly Sort[], types: number, check: () => void): Promise<LeftToCount> {
    const unigrams = new Uint32Array(types);
    if (!this.resumed) return { sorts, tables: [], unigrams };
    const left: Sort[] = [];
    for (const sort of sorts) if (!(await this.isComplete(stream, sort, unigrams, check))) left.push(sort);
    return { sorts: left, tables: this.record.tables, unigrams };
  }

  async completed(tables: readonly CountedTable[]): Promise<void> {
    await this.settled();
    if (!this.hasText) return;
    await this.store?.sync();
    await this.write({ tables: [...this.record.tables, ...tables] });
  }

  async classes(stream: ClassStream, types: number): Promise<Uint32Array | undefined> {
    const of = this.resumed && this.store ? await readClasses(this.store, stream) : undefined;
    return of?.length === types ? of : undefined;
  }

  async settled(): Promise<void> {
    await this.saving;
    if (this.failure) throw this.failure;
  }

  /** Whether all tables of a sort are finished and undamaged. If so, adds the sort's unigram counts to `unigrams`; if not, removes the tables. */
  private async isComplete(stream: Stream, sort: Sort, unigrams: Uint32Array, check: () => void): Promise<boolean> {
    const { store, record } = this;
    if (!store) return false;
    const names = new Set(sort.map(pattern => tableName(pattern, stream)));
    const found = new Uint32Array(unigrams.length);
    let complete = sort.every(pattern => record.tables.some(({ table }) => table === tableName(pattern, stream)));
    for (const pattern of complete ? sort : []) {
      const isBigrams = isContiguous(pattern) && pattern.length === 1;
      const onBlock = (block: Uint8Array): void => (isBigrams ? countUnigrams(block, found) : undefined);
      complete &&= await isTableIntact(store, tableName(pattern, stream), pattern.length, onBlock, check);
    }
    if (complete) {
      for (let id = 0; id < found.length; id++) unigrams[id] += found[id];
      return true;
    }
    this.record = { ...record, tables: record.tables.filter(({ table }) => !names.has(table)) };
    for (const name of names) await removeTable(store, name);
    return false;
  }

  private write(more: Partial<TrainingRecord>): Promise<void> {
    this.record = { ...this.record, ...more };
    const { folder, record } = this;
    // Writes wait for each other, because all use the same temporary file. A record without a text need not survive a crash: it cannot be resumed.
    const write = (): Promise<void> => writeRecord(folder, record, record.text !== undefined);
    return (this.written = this.written.then(write, write));
  }
}
