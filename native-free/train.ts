/**
 * Training in a page, in a Web Worker. The model has the same counts and weights as a model that Node trains on the same text.
 *
 * @packageDocumentation
 */
import type { BuildReport } from '../src/train/stages/report.js';
import { abortedError, checkAborted, KneserError, workerError } from '../src/base/errors.js';
import {
  checkFlag,
  checkMemory,
  checkOptions,
  checkText,
  checkThreads,
  optionError,
  type OptionTable,
} from '../src/base/check.js';
import { BUILD_CHECKS, sendableOptions, type BuildOptions } from '../src/train/plan/options.js';
import type { Progress } from '../src/base/progress.js';
import { PagedModel as LanguageModel } from '../src/model/paged-model.js';
import { LevelWriter, readDatabase } from '../src/store/level.js';
import { checkSentences, type Sentence, type Sentences } from '../src/text/sentences.js';
import { createMemory } from './memory.js';
import { receivedError, type TrainReply, type TrainRequest } from './messages.js';
import { textSource, type TrainText } from './text.js';
import { trainInMemory } from './training.js';
import type { StoredModel } from './database.js';

export type { BuildReport, BuildOptions, Progress, TrainText };
export { LanguageModel };

/** The text of a training, which is exactly one of `text` and `sentences`, and its options. */
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
     * Reads the bytes of a file or of pieces as text whatever they are. Default false: a file that is known to be something
     * else, binary data, UTF-16, and text with many invalid UTF-8 sequences are refused.
     */
    readonly anyBytes?: boolean;
    /** The name under which this browser keeps the model (IndexedDB). Default: the model is in memory only. */
    readonly into?: string;
    /** Whether a model of that name may be replaced. It stays until the new one is trained. Default false. */
    readonly force?: boolean;
    /** Bytes of memory to aim for; a token takes about 33. A text that needs more is refused. Default 1 GiB. */
    readonly memory?: number;
    /**
     * Number of counting threads, in a page that may share memory between threads (one that is cross-origin isolated). Default: one
     * for each core. The model does not depend on it.
     */
    readonly threads?: number;
    /**
     * Whether to train in a Web Worker, so that this thread is free. Default: true if the engine has Web Workers. Without one, this
     * thread trains, and lets the event loop run many times a second.
     */
    readonly worker?: boolean;
  };

/** The result of training. */
export interface Trained {
  /** The model, open. */
  readonly model: LanguageModel;
  /** Numbers of the text and of the tables. */
  readonly report: BuildReport & {
    /** Bytes of the model's values. */
    readonly bytes: number;
    /** Seconds that training took. */
    readonly seconds: number;
  };
}

/** The checks of {@link TrainOptions}. */
const TRAIN_OPTIONS: OptionTable<TrainOptions> = {
  text: (name, value) => {
    const isPieces = typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
    if (typeof value === 'string' || value instanceof Blob || isPieces) return;
    throw optionError(name, value, 'a string, a Blob or an async iterable');
  },
  sentences: (_name, value) => checkSentences(value),
  ...BUILD_CHECKS,
  anyBytes: checkFlag,
  into: checkText,
  force: checkFlag,
  memory: checkMemory,
  threads: checkThreads,
  worker: checkFlag,
};

/** The address of the worker that trains. */
const WORKER = new URL('./worker.js', import.meta.url);
const DEFAULT_MEMORY = 1 << 30;

/**
 * Trains a model in memory. It has the same counts, weights and values as a model trained on a disk from the same text.
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
  const { memory = DEFAULT_MEMORY, threads = cores() } = options;
  const started = performance.now();
  checkAborted(signal, 'training');
  if (into !== undefined) await (await import('./indexeddb.js')).refuseExisting(into, force);
  const request = { options: sendableOptions(options), anyBytes, memory, threads, into, force };
  const { model, report } = worker ? await trainInWorker(request, options) : await trainHere(request, options);
  return { model, report: { ...report, bytes: model.info.bytes, seconds: (performance.now() - started) / 1000 } };
}

type Request = Omit<Extract<TrainRequest, { kind: 'train' }>, 'kind' | 'text'>;

interface Result {
  readonly model: LanguageModel;
  readonly report: BuildReport;
}

async function trainHere({ anyBytes, memory, into, force }: Request, options: TrainOptions): Promise<Result> {
  const source = options.text === undefined ? { sentences: options.sentences } : textSource(options.text, anyBytes);
  const place = { name: into ?? 'the model trained', memory, threads: 1 };
  const { model, report } = await trainInMemory(options, source, place);
  return { model: await opened(model, into, force), report };
}

async function opened(model: StoredModel, into: string | undefined, force: boolean): Promise<LanguageModel> {
  if (into === undefined) return LanguageModel.fromStore(model.store, model.files);
  const { keepModel, openModel } = await import('./indexeddb.js');
  await keepModel(model, into, { force });
  return openModel(into);
}

async function trainInWorker(request: Request, options: TrainOptions): Promise<Result> {
  const { signal, onProgress } = options;
  const database = await createMemory();
  const writer = new LevelWriter(database);
  const { sent, items } = divide(options);
  // Bundlers look for this expression.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const post = (message: TrainRequest): void => worker.postMessage(message);
  let stop: (() => void) | undefined;
  try {
    const { report, files } = await new Promise<Extract<TrainReply, { kind: 'trained' }>>((resolve, reject) => {
      stop = () => reject(abortedError('training', signal?.reason));
      signal?.addEventListener('abort', stop);
      let writes = Promise.resolve();
      worker.onerror = ({ message }: Partial<ErrorEvent>) =>
        reject(message ? new Error(`the worker that trains failed: ${message}`) : workerError(WORKER));
      worker.onmessage = ({ data }: MessageEvent<TrainReply>) => {
        switch (data.kind) {
          case 'progress':
            onProgress?.(data.progress);
            return;
          case 'more':
            items().then(post, reject);
            return;
          case 'values':
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
    if (request.into !== undefined)
      return { model: await (await import('./indexeddb.js')).openModel(request.into), report };
    await writer.finish();
    await database.open();
    return { model: await LanguageModel.fromStore(readDatabase(database, 'the model trained'), files), report };
  } catch (error) {
    worker.terminate();
    if (request.into !== undefined) await (await import('./indexeddb.js')).deleteUnfinished(request.into);
    throw error;
  } finally {
    if (stop) signal?.removeEventListener('abort', stop);
    worker.terminate();
  }
}

type Items = Extract<TrainRequest, { kind: 'items' }>;

/** The most items, and the most bytes or characters, of one message. */
const ITEMS_A_MESSAGE = 1024;
const BYTES_A_MESSAGE = 1 << 20;

/** Divides a text into the part that is sent with the options (`sent`) and a function that gives the next items on request. */
function divide({ text, sentences }: TrainOptions): {
  sent: Extract<TrainRequest, { kind: 'train' }>['text'];
  items: () => Promise<Items>;
} {
  if (sentences !== undefined) return { sent: { items: 'sentences' }, items: itemsOf(sentences) };
  if (typeof text === 'string' || text instanceof Blob) return { sent: { whole: text }, items: itemsOf([]) };
  return { sent: { items: 'pieces' }, items: itemsOf(text) };
}

/** A function that gives the next items of a text each time it is called. */
function itemsOf(text: Iterable<Sentence> | AsyncIterable<Sentence | Uint8Array>): () => Promise<Items> {
  const iterator = (async function* () {
    yield* text;
  })();
  return async () => {
    const items: (Sentence | Uint8Array)[] = [];
    let length = 0;
    while (items.length < ITEMS_A_MESSAGE && length < BYTES_A_MESSAGE) {
      const { done, value } = await iterator.next();
      if (done) return { kind: 'items', items, done: true };
      items.push(value);
      length += value.length;
    }
    return { kind: 'items', items, done: false };
  };
}

function cores(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return navigator?.hardwareConcurrency ?? 1;
}
