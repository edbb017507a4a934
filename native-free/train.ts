/**
 * Trains models in a page, by default in a Web Worker. A model has the same counts and weights as a model that Node trains on the same
 * text.
 *
 * @packageDocumentation
 */
import { callBack } from '../src/base/call-back.js';
import type { BuildReport } from '../src/train/stages/report.js';
import { checkAborted, KneserError, workerError } from '../src/base/errors.js';
import {
  checkFlag,
  checkMemory,
  checkOptions,
  checkThreads,
  optionError,
  refuseWithout,
  type OptionTable,
} from '../src/base/check.js';
import { BUILD_CHECKS, sendableOptions, type BuildOptions } from '../src/train/plan/options.js';
import type { Progress } from '../src/base/progress.js';
import { PagedModel as LanguageModel } from '../src/model/paged-model.js';
import { LevelWriter, readDatabase } from '../src/store/level.js';
import { callerItems } from '../src/base/caller-items.js';
import { unlessAborted } from '../src/base/unless-aborted.js';
import { checkSentence, checkSentences, type Sentences } from '../src/text/sentences.js';
import { createMemory } from './memory.js';
import { receivedError, type TextPart, type TrainReply, type TrainRequest } from './messages.js';
import { checkPiece, textSource, type TrainText } from './text.js';
import { checkName, type StoredModel } from './files.js';

export type { BuildReport, BuildOptions, Progress, TrainText };
export { LanguageModel };

/** The text of a training (exactly one of `text` and `sentences`), and its options. */
export type TrainOptions = BuildOptions &
  (
    | {
        /** The text: a string, a `Blob` or `File`, or an async iterable of strings or bytes. */
        readonly text: TrainText;
        /** @internal */
        readonly sentences?: never;
      }
    | {
        /** Sentences, as text or as tokens. */
        readonly sentences: Sentences;
        /** @internal */
        readonly text?: never;
      }
  ) & {
    /**
     * Accepts all bytes of a file or of pieces as text. Default false: training refuses files of other known formats, binary data,
     * UTF-16, and text with many invalid UTF-8 sequences.
     */
    readonly anyBytes?: boolean;
    /** The name under which this browser keeps the model (IndexedDB). Default: the model is only in memory. */
    readonly into?: string;
    /** Replaces a model that has the name `into`, when the new model is trained. Default false. */
    readonly force?: boolean;
    /** Memory to aim for [bytes]; a token takes about 33. A text that needs more is refused. Default 1 GiB. */
    readonly memory?: number;
    /**
     * Number of counting threads, in a page that may share memory between threads (a cross-origin isolated page). Default: one for
     * each core. The model does not depend on the number.
     */
    readonly threads?: number;
    /**
     * Whether to train in a Web Worker, so that this thread is free. Default: true if the engine has Web Workers. If false, this
     * thread trains, and lets the event loop run many times a second.
     */
    readonly worker?: boolean;
  };

/** The result of training. */
export interface Trained {
  /** The model, open. */
  readonly model: LanguageModel;
  /** Figures of the text and of the tables. */
  readonly report: BuildReport & {
    /** Bytes of all values of the model. */
    readonly bytes: number;
    /** Time that training took [s]. */
    readonly seconds: number;
  };
}

/** The checks of {@link TrainOptions}. */
const TRAIN_OPTIONS: OptionTable<TrainOptions> = {
  text: (name, value) => {
    const isPieces = typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
    if (isPieces && 'locked' in value && value.locked === true) {
      throw new KneserError(
        'KNESER_OPTION',
        `${name}: another reader has locked this stream; pass one that nothing reads`,
      );
    }
    if (typeof value === 'string' || value instanceof Blob || isPieces) return;
    throw optionError(name, value, 'a string, a Blob or an async iterable');
  },
  sentences: (_name, value) => checkSentences(value),
  ...BUILD_CHECKS,
  anyBytes: checkFlag,
  into: checkName,
  force: checkFlag,
  memory: checkMemory,
  threads: checkThreads,
  worker: (name, value) => {
    if (checkFlag(name, value) && typeof Worker !== 'function')
      throw optionError(name, value, 'possible without Web Workers, which this engine lacks');
  },
};

/** The address of the worker that trains. */
const WORKER = new URL('./worker.js', import.meta.url);
/** The default of `memory` [bytes]. */
const DEFAULT_MEMORY = 1 << 30;

/**
 * Trains a model in memory. The model has the same counts, weights and values as a model that Node trains on disk from the same text.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_OUTPUT_EXISTS, KNESER_DISK_FULL, KNESER_LIMIT, KNESER_TOKENIZER,
 * KNESER_ABORTED.
 * @example
 * ```ts
 * import { train } from 'kneser/native-free/train';
 *
 * const { model, report } = await train({ text: 'the cat sat\nthe dog sat\n', order: 3 });
 * console.log(report.tokens, (await model.score('the cat sat')).perplexity);
 * await model.close();
 * ```
 */
export async function train(options: TrainOptions): Promise<Trained> {
  checkOptions('train', options, TRAIN_OPTIONS);
  const {
    text,
    sentences,
    anyBytes = false,
    into,
    force = false,
    worker = typeof Worker === 'function',
    signal,
  } = options;
  if ((text === undefined) === (sentences === undefined)) {
    throw new KneserError('KNESER_OPTION', 'text, sentences: give exactly one of the two to train on');
  }
  if (text === undefined) refuseWithout(options, ['anyBytes'], 'text');
  const { memory = DEFAULT_MEMORY, threads = cores() } = options;
  const started = performance.now();
  checkAborted(signal, 'training');
  if (into !== undefined && !force) await (await import('./indexeddb.js')).refuseExisting(into);
  const request = { options: sendableOptions(options), anyBytes, memory, threads };
  const trained = worker ? await trainInWorker(request, options) : await trainHere(request, options);
  const { store, files } = into === undefined ? trained.model : await keep(trained.model, into, options);
  const model = await LanguageModel.fromStore(store, files);
  const { report } = trained;
  return { model, report: { ...report, bytes: model.info.bytes, seconds: (performance.now() - started) / 1000 } };
}

/** The message that begins a training in a worker, without the text. */
type Request = Omit<Extract<TrainRequest, { kind: 'train' }>, 'kind' | 'text'>;

/** The result of a training without the figures of time and size. The model is in memory. */
interface Result {
  readonly model: StoredModel;
  readonly report: BuildReport;
}

/** The name of a model that is only in memory. */
const NAME = 'the model trained';

/** Trains on this thread. */
async function trainHere({ anyBytes, memory }: Request, options: TrainOptions): Promise<Result> {
  const source =
    options.text === undefined ? { sentences: options.sentences } : textSource(options.text, anyBytes, options.signal);
  // The worker has this code, too: a page that trains in one does without a second copy.
  const { trainInMemory } = await import('./training.js');
  return trainInMemory(options, source, { name: NAME, memory, threads: 1 });
}

/** Saves a model in IndexedDB. @returns the model that was saved, open */
async function keep(model: StoredModel, into: string, { force, signal }: TrainOptions): Promise<StoredModel> {
  const { keepModel } = await import('./indexeddb.js');
  return keepModel(model, into, { force, signal });
}

/** Trains in a Web Worker, which sends the keys and values of the model. */
async function trainInWorker(request: Request, options: TrainOptions): Promise<Result> {
  const { signal, onProgress } = options;
  const database = await createMemory();
  const writer = new LevelWriter(database);
  const { sent, items } = divide(options);
  const parts = partsOf(items, options.text === undefined ? checkSentence : checkPiece, signal);
  // Bundlers find the file of the worker by this expression, so it cannot use WORKER.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const post = (message: TrainRequest): void => worker.postMessage(message);
  try {
    const trained = new Promise<Extract<TrainReply, { kind: 'trained' }>>((resolve, reject) => {
      let writes = Promise.resolve();
      worker.onerror = ({ message }: Partial<ErrorEvent>) =>
        reject(message ? new Error(`the worker that trains failed: ${message}`) : workerError(WORKER));
      worker.onmessage = ({ data }: MessageEvent<TrainReply>) => {
        switch (data.kind) {
          case 'progress':
            try {
              callBack(onProgress, data.progress);
            } catch (error) {
              // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the caller's own error, whatever it is.
              reject(error);
            }
            return;
          case 'more':
            parts.next().then(({ value }) => value && post(value), reject);
            return;
          case 'entries':
            for (const [key, value] of data.entries) writes = writes.then(() => writer.put(key, value));
            return;
          case 'trained':
            writes.then(() => resolve(data), reject);
            return;
          case 'failed':
            reject(receivedError(data));
        }
      };
      post({ kind: 'train', ...request, text: sent });
    });
    const { report, files } = await unlessAborted(trained, signal, 'training');
    await writer.finish();
    await database.open();
    return { model: { store: readDatabase(database, NAME), files }, report };
  } finally {
    parts.return().catch(() => undefined);
    worker.terminate();
  }
}

type Parts = Extract<TrainRequest, { kind: 'parts' }>;

/** The most parts of a text in one message. */
const PARTS_A_MESSAGE = 1024;
/** About how many bytes, UTF-16 code units or tokens of a text one message has. */
const LENGTH_A_MESSAGE = 1 << 20;

/** Divides a text into the part `sent` with the options, and the items of later messages. */
function divide({ text, sentences }: TrainOptions): {
  sent: Extract<TrainRequest, { kind: 'train' }>['text'];
  items: Iterable<TextPart> | AsyncIterable<TextPart>;
} {
  if (sentences !== undefined) return { sent: { partsAre: 'sentences' }, items: sentences };
  if (typeof text === 'string' || text instanceof Blob) return { sent: { whole: text }, items: [] };
  return { sent: { partsAre: 'pieces' }, items: text };
}

/** Makes the messages with the parts of a text. @param check throws for a value that is no part. */
async function* partsOf(
  items: Iterable<TextPart> | AsyncIterable<TextPart>,
  check: (part: unknown) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<Parts, void, void> {
  let parts: TextPart[] = [];
  let length = 0;
  for await (const part of callerItems(items, signal, 'training')) {
    check(part);
    parts.push(part);
    length += part.length;
    if (parts.length < PARTS_A_MESSAGE && length < LENGTH_A_MESSAGE) continue;
    yield { kind: 'parts', parts, done: false };
    parts = [];
    length = 0;
  }
  yield { kind: 'parts', parts, done: true };
}

/** The number of cores; 1 if the engine does not tell it. */
function cores(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return navigator?.hardwareConcurrency ?? 1;
}
