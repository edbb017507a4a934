import { callBack } from '../../base/call-back.js';
import { checkOptions, checkPath, WORK_OPTIONS, type OptionTable } from '../../base/check.js';
import { checkAborted, KneserError } from '../../base/errors.js';
import type { WorkOptions } from '../../base/progress.js';
import {
  contextTableName,
  isContiguous,
  isStep,
  parentPattern,
  parseTableName,
  streamOf,
  tableName,
  type Pattern,
} from '../../tables/pattern.js';
import { isTrie, openTable } from '../../tables/table-reader.js';
import { PagedModel } from '../../model/paged-model.js';
import { SMOOTHING_NAMES, SMOOTHINGS, type SmoothingOptions } from '../../smoothing/index.js';
import type { ModelFiles } from '../../store/store.js';
import { UNIFORM_WEIGHTS } from '../../model/scoring/weights.js';
import { decodeValue } from '../../base/decode.js';
import type { OpenFolder } from '../../store/folder/folder.js';
import { MANIFEST_KEY } from '../../store/keys.js';
import type { ModelStore } from '../../store/store.js';
import {
  classIds,
  decodeManifest,
  stepTables,
  wordIds,
  type Manifest,
  type TableManifest,
} from '../../tables/manifest.js';
import type { CheckedTable } from './table.js';
import { checkContexts, passesOf } from './contexts.js';
import { checkExtensions } from './extensions.js';
import { checkFiles } from './files.js';
import { Findings, type Check, type Finding } from './findings.js';
import { checkKeys } from './keys.js';
import { checkBlocks, checkRows } from './rows.js';
import { checkSums, sampleHistories } from './sums.js';
import { checkWeights } from './weights.js';
import { checkClasses, checkDictionary } from './words.js';

/** How a model is verified. */
export type VerifyOptions = WorkOptions;

/** The checks of {@link VerifyOptions}. */
const VERIFY_OPTIONS: OptionTable<VerifyOptions> = WORK_OPTIONS;

/** The name of the work in the message of KNESER_ABORTED. */
const WORK = 'the check';

/** The result of verifying a model. */
export interface VerifyReport {
  /** Whether nothing is wrong. */
  readonly sound: boolean;
  /** Numbers by kind of check. If files are damaged, only the files are checked. */
  readonly checks: readonly Check[];
  /** The first hundred findings. */
  readonly findings: readonly Finding[];
  /** Number of all findings. */
  readonly found: number;
  /** Time that the checks took [s]. */
  readonly seconds: number;
}

/**
 * Checks a model: its folder has the files that were written, and no others; every block is intact and in its place, with its rows in
 * order; the tables agree with each other and with the manifest; after a sample of contexts the probabilities of all words add up to
 * 1. Reads each table a few times, in bounded memory.
 *
 * @throws KneserError: KNESER_INPUT_MISSING, KNESER_NOT_A_MODEL, KNESER_UNFINISHED, KNESER_VERSION, KNESER_ABORTED, and KNESER_IO,
 *   KNESER_INPUT_UNREADABLE if the model cannot be read. Damage is not thrown, but reported.
 * @example
 * ```ts
 * import { verify } from 'kneser';
 *
 * const { sound, findings } = await verify('model');
 * console.log(sound, findings.length); // true 0
 * ```
 */
export async function verify(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  checkPath('path', path);
  checkOptions('verify', options, VERIFY_OPTIONS);
  const started = performance.now();
  const findings = await verifyFolder(path, options);
  return {
    sound: findings.count === 0,
    checks: findings.table(),
    findings: findings.listed,
    found: findings.count,
    seconds: (performance.now() - started) / 1000,
  };
}

async function verifyFolder(path: string, options: VerifyOptions): Promise<Findings> {
  const { onProgress, signal } = options;
  const { openFolder, readPointer } = await import('../../store/folder/folder.js');
  for (;;) {
    checkAborted(signal, WORK);
    const findings = new Findings();
    const pointer = await findings.try('files', 'kneser.json', () => readPointer(path));
    if (!pointer) return findings;
    let done = 0;
    await checkFiles(path, pointer, findings, bytes => {
      checkAborted(signal, WORK);
      done += bytes;
      callBack(onProgress, { stage: 'files', done, total: pointer.bytes, unit: 'bytes' });
    });
    const damaged = findings.count > 0;
    // LevelDB may crash the process if its files are damaged.
    const opened = damaged ? undefined : await findings.try('files', pointer.generation, () => openFolder(path));
    const latest = opened?.pointer ?? (await readPointer(path));
    try {
      // If the model was replaced meanwhile, the check begins again.
      if (latest.generation !== pointer.generation || latest.created !== pointer.created) continue;
      if (opened) await findings.try('store', 'store', () => new Verification(opened, findings, options).run());
      return findings;
    } finally {
      await opened?.store.close();
    }
  }
}

/** The checks of the values in the store of a model, and of its weights. */
class Verification {
  private readonly store: ModelStore;
  private readonly files: ModelFiles;
  /** Rows that were read, and rows to read. */
  private done = 0;
  private total = 0;

  constructor(
    opened: OpenFolder,
    private readonly findings: Findings,
    private readonly options: VerifyOptions,
  ) {
    // The models that `checkProbabilities` opens on this store must not close it.
    this.store = { ...opened.store, close: () => Promise.resolve() };
    this.files = opened.files;
  }

  async run(): Promise<void> {
    const { store, findings } = this;
    const manifest = await findings.try('manifest', 'manifest', async () =>
      decodeValue(`${store.name}: manifest`, await store.get(MANIFEST_KEY), decodeManifest),
    );
    if (!manifest) return;
    findings.checked('manifest');
    const tables = await this.readDirectories(manifest);
    const directories = new Map([...tables].map(([pattern, { directory }]) => [pattern, directory]));
    await checkKeys(store, manifest, directories, findings);
    await checkDictionary(store, manifest, findings);
    await checkClasses(store, manifest, findings);
    const weights = await checkWeights(this.files.weights, manifest, findings);
    this.total = rowsToRead([...tables.values()], manifest);
    for (const table of [...tables.values()]) {
      const { pattern, stream } = table;
      // The rows of a table refer to rows of the table of its shorter contexts.
      const isReadable = pattern.length === 0 || tables.has(tableName(parentPattern(pattern), stream));
      const isSound = isReadable
        ? await checkRows(store, table, manifest.kind === 'backoff', findings, this.onRows)
        : await checkBlocks(store, table, findings);
      if (!isReadable || !isSound) tables.delete(table.manifest.pattern);
    }
    await this.checkRelations(manifest, tables);
    // Other damage makes sums of probabilities wrong, so that checking them would find nothing new.
    if (findings.count === 0) await this.checkProbabilities(manifest, tables, weights);
  }

  private readonly onRows = (rows: number): void => {
    checkAborted(this.options.signal, WORK);
    this.done += rows;
    callBack(this.options.onProgress, { stage: 'verify', done: this.done, total: this.total, unit: 'n-grams' });
  };

  /** The tables whose directories can be read, by pattern. */
  private async readDirectories(manifest: Manifest): Promise<Map<string, CheckedTable>> {
    const read = new Map<string, CheckedTable>();
    const readAll = async (tables: readonly TableManifest[], words: number): Promise<void> => {
      for (const table of tables) {
        const { pattern } = table;
        const part = `table ${pattern}, directory`;
        const opened = await this.findings.try('blocks', part, () =>
          openTable(this.store, pattern, patternOf(pattern).length),
        );
        if (opened && isTrie(opened)) read.set(pattern, { ...opened, manifest: table, words, sampled: [] });
      }
    };
    await readAll(manifest.tables, wordIds(manifest));
    for (const clustering of manifest.clusterings) await readAll(clustering.tables, classIds(clustering));
    if (manifest.modelM) await readAll(stepTables(manifest.modelM), wordIds(manifest));
    return read;
  }

  /** Checks the tables in which no damage was found against each other. */
  private async checkRelations(manifest: Manifest, tables: ReadonlyMap<string, CheckedTable>): Promise<void> {
    const { store, findings, onRows } = this;
    for (const table of tables.values()) {
      const base = baseOf(table, tables);
      if (base) await checkContexts(store, table, base, isWhole(manifest, table, base), findings, onRows);
    }
    if (manifest.kind === 'backoff') return;
    for (const stream of [manifest.tables, ...manifest.clusterings.map(({ tables: its }) => its)]) {
      const contiguous = contiguousOf(stream, tables);
      if (contiguous.length === 0) continue;
      await findings.try('counts', 'tables', () => checkExtensions(store, contiguous, findings, onRows));
    }
  }

  private async checkProbabilities(
    manifest: Manifest,
    tables: ReadonlyMap<string, CheckedTable>,
    weights: readonly string[],
  ): Promise<void> {
    // The probabilities of an ARPA file need not add up to 1.
    if (manifest.kind === 'backoff') return;
    const ways: SmoothingOptions[] = SMOOTHING_NAMES.filter(name => !SMOOTHINGS[name].weights).map(smoothing => ({
      smoothing,
    }));
    if (manifest.tables.some(({ pattern }) => pattern.includes('_'))) ways.push({ weights: UNIFORM_WEIGHTS });
    for (const name of weights) ways.push({ weights: name });
    const histories = sampleHistories(contiguousOf(manifest.tables, tables), wordIds(manifest));
    for (const way of ways) {
      const how = way.smoothing ?? `weights ${way.weights}`;
      const model = await this.findings.try('sums of p', how, () => PagedModel.fromStore(this.store, this.files, way));
      if (model) await checkSums(model, how, histories, this.findings, () => this.onRows(0));
    }
  }
}

function patternOf(name: string): Pattern {
  const pattern = parseTableName(name);
  if (pattern) return pattern;
  throw new KneserError('KNESER_DAMAGED', `manifest: ${name} is no pattern`);
}

/** The context table of a table: the table whose n-grams are the contexts. */
function baseOf({ manifest }: CheckedTable, tables: ReadonlyMap<string, CheckedTable>): CheckedTable | undefined {
  const pattern = patternOf(manifest.pattern);
  if (pattern.length === 0) return undefined;
  return tables.get(contextTableName(pattern, streamOf(manifest.pattern)));
}

/** Whether every n-gram of `base` that does not end with `</s>` must be a context of `table`. */
function isWhole({ kind }: Manifest, table: CheckedTable, base: CheckedTable): boolean {
  const isPruned = table.manifest.dropped !== undefined || base.manifest.dropped !== undefined;
  // Words of the class of </s> are predicted too.
  const isWordStep = streamOf(table.manifest.pattern) === 'word-step';
  return kind !== 'backoff' && !isPruned && !isWordStep && isContiguous(patternOf(table.manifest.pattern));
}

/** The contiguous tables of `stream`, by order, without the first unsound table and longer ones. */
function contiguousOf(stream: Manifest['tables'], tables: ReadonlyMap<string, CheckedTable>): CheckedTable[] {
  const contiguous: CheckedTable[] = [];
  for (const { pattern } of stream) {
    if (pattern.includes('_')) continue;
    const table = tables.get(pattern);
    if (!table) break;
    contiguous.push(table);
  }
  return contiguous;
}

/** Number of rows to read; a row that is read twice counts twice. */
function rowsToRead(tables: readonly CheckedTable[], manifest: Manifest): number {
  const byName = new Map(tables.map(table => [table.manifest.pattern, table]));
  return tables.reduce((sum, table) => {
    const { rows, pattern } = table.manifest;
    const base = baseOf(table, byName);
    const passes = base ? rows + passesOf(table) * base.manifest.rows : 0;
    const isExtended = manifest.kind !== 'backoff' && !pattern.includes('_') && !isStep(streamOf(pattern));
    return sum + rows + passes + (isExtended ? rows : 0);
  }, 0);
}
