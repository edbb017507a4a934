import { checkAborted, KneserError } from '../../../src/base/errors.js';
import { kindOf } from '../../../src/base/file-kinds.js';
import { packStore } from '../../../src/store/packed/write.js';
import type { Smoothing } from '../../../src/smoothing/index.js';
import { filesOf } from '../../files.js';
import { LanguageModel } from '../../index.js';
import { deleteModel, listModels, openModel, saveModel } from '../../indexeddb.js';
import { train } from '../../train.js';
import type { KeptModel, ModelSource, WorkProgress, TrainingText } from '../protocol.js';

type OnProgress = (progress: WorkProgress) => void;

/** A model that can be opened any number of times. */
export interface Model {
  readonly name: string;
  /** Whether the browser keeps the model. */
  readonly isKept: boolean;
  readonly open: (smoothing?: Smoothing) => Promise<LanguageModel>;
}

/** Bytes at the beginning of a file from which `requireText` decides whether the file is text. */
const HEAD_BYTES = 1 << 16;
/** If skip patterns are counted, the share of the sentences that is held out to tune the mixture on. */
const HELD_OUT = 0.02;

/** The model of a source. @throws KNESER_OPTION for text that is no address. */
export function findModel(source: ModelSource): Model {
  if ('kept' in source) return keptModel(source.kept);
  const [name, file] = 'url' in source ? named(addressOf(source.url)) : [source.name, source.file];
  return { name, isKept: false, open: smoothing => LanguageModel.fromFile(file, smoothing ? { smoothing } : {}) };
}

/** Trains a model in memory. */
export async function trainModel(
  { file, name, order, skip }: TrainingText,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<LanguageModel> {
  await requireText(file, name);
  const { model } = await train({
    text: file,
    order,
    patterns: { skip },
    holdOut: skip ? HELD_OUT : 0,
    tokenization: { tokenizer: 'words', sentences: 'segment' },
    skipBlank: true,
    reserved: 'drop',
    // This code runs in a worker already.
    worker: false,
    onProgress,
    signal,
  });
  return model;
}

/** Saves an open model in the browser, and replaces a model of the same name. */
export async function keepModel(
  model: LanguageModel,
  name: string,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Model> {
  await saveModel(model, name, {
    force: true,
    onProgress,
    signal,
  });
  return keptModel(name);
}

/** The models that the browser keeps. */
export function listKept(): Promise<KeptModel[]> {
  return listModels();
}

/** Deletes a model that the browser keeps. */
export function removeModel(name: string): Promise<void> {
  return deleteModel(name);
}

/** Packs a model. @returns the packed file. */
export async function packModel({ open }: Model, onProgress: OnProgress, signal: AbortSignal): Promise<Blob> {
  const model = await open();
  try {
    const files = filesOf(model);
    const total = 2 * files.bytes;
    let done = 0;
    const { pieces } = await packStore(model.parts.store, files, bytes => {
      checkAborted(signal, 'packing');
      done = Math.min(total, done + bytes);
      onProgress({ stage: 'pack', done, total, unit: 'bytes' });
    });
    const parts: BlobPart[] = [];
    for await (const piece of pieces) parts.push(piece as BlobPart);
    return new Blob(parts, { type: 'application/octet-stream' });
  } finally {
    await model.close();
  }
}

/** The model that the browser keeps under this name. */
function keptModel(name: string): Model {
  return { name, isKept: true, open: smoothing => openModel(name, smoothing ? { smoothing } : {}) };
}

/** The absolute address that a text names, relative to the address of the page. */
function addressOf(text: string): URL {
  if (URL.canParse(text, location.href)) return new URL(text, location.href);
  throw new KneserError(
    'KNESER_OPTION',
    `${text}: this is no address; one looks like https://example.org/model.kneser`,
  );
}

/** The name of a model at an address (the name of its file), and the address. */
function named(url: URL): [name: string, url: URL] {
  const file = url.pathname.split('/').at(-1) ?? '';
  return [decodeURIComponent(file).replace(/\.kneser$/i, '') || url.href, url];
}

/** Refuses empty files, and files that are not text, such as images. */
async function requireText(file: Blob, name: string): Promise<void> {
  if (file.size === 0) throw new KneserError('KNESER_INPUT_EMPTY', `${name}: the file is empty`);
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const kind = kindOf(head);
  const isGzip = kind?.name === 'gzip' || (file instanceof File && /\.gz$/i.test(file.name));
  if (isGzip || (!kind && !head.includes(0))) return;
  const what = kind?.what ?? 'no text in UTF-8';
  throw new KneserError('KNESER_INPUT_UNREADABLE', `${name}: this is ${what}; save it as plain text in UTF-8 first`);
}
