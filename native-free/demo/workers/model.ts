/** The worker that holds the open model, and trains new models. */
import { KneserError } from '../../../src/base/errors.js';
import type { Smoothing } from '../../../src/smoothing/index.js';
import type { CallName, Calls, Failure, ModelFacts, Reply, Request, Stop, WorkProgress } from '../protocol.js';
import { findModel, keepModel, listKept, packModel, removeModel, trainModel, type Model } from './models.js';
import type { LanguageModel } from '../../index.js';
import { OpenModel } from './open-model.js';

declare const self: DedicatedWorkerGlobalScope;

let open: { readonly source: Model; readonly model: OpenModel<LanguageModel> } | undefined;

/** The facts about the open model that the page shows. */
function facts(): ModelFacts {
  const { source, model } = required();
  const { info } = model.model;
  return {
    name: source.name,
    isKept: source.isKept,
    order: info.order,
    tokens: info.tokens,
    vocabulary: info.vocabulary,
    bytes: info.bytes,
    smoothing: info.smoothing,
    skips: info.tables.some(({ pattern }) => pattern.includes('_')),
  };
}

/** The open model. @throws KNESER_CLOSED if no model is open. */
function required(): { readonly source: Model; readonly model: OpenModel<LanguageModel> } {
  if (!open) throw new KneserError('KNESER_CLOSED', 'no model is open; open one first');
  return open;
}

/** Opens a model and closes the open one. If opening fails, the open model stays open. */
async function use(source: Model, smoothing?: Smoothing): Promise<ModelFacts> {
  const model = new OpenModel(await source.open(smoothing));
  await close();
  open = { source, model };
  return facts();
}

async function close(): Promise<void> {
  const closing = open;
  open = undefined;
  await closing?.model.model.close();
}

/** Closes the open model if the browser keeps it under this name, before that model is replaced or deleted. */
async function closeIfOpen(name: string): Promise<void> {
  if (open?.source.isKept && open.source.name === name) await close();
}

type Handlers = {
  [K in CallName]: (
    onProgress: (progress: WorkProgress) => void,
    signal: AbortSignal,
    ...args: Parameters<Calls[K]>
  ) => ReturnType<Calls[K]> | Promise<ReturnType<Calls[K]>>;
};

const HANDLERS: Handlers = {
  list: () => listKept(),
  train: async (onProgress, signal, text) => {
    const model = await trainModel(text, onProgress, signal);
    // The open model stays open during training.
    await closeIfOpen(text.name);
    return use(await keepModel(model, text.name, onProgress, signal));
  },
  open: (_onProgress, _signal, source) => use(findModel(source)),
  smooth: (_onProgress, _signal, smoothing) => use(required().source, smoothing),
  keep: async (onProgress, signal) => {
    const { source, model } = required();
    const { smoothing } = model.model.info;
    const kept = await keepModel(model.model, source.name, onProgress, signal);
    return use(kept, smoothing === 'backoff' ? undefined : smoothing);
  },
  remove: async (_onProgress, _signal, name) => {
    await closeIfOpen(name);
    await removeModel(name);
    return listKept();
  },
  pack: (onProgress, signal, name) =>
    packModel(name === undefined ? required().source : findModel({ kept: name }), onProgress, signal),
  read: (_onProgress, _signal, text) => required().model.read(text),
  suggest: (_onProgress, _signal, before, after) => required().model.suggest(before, after),
  write: (_onProgress, _signal, before, options) => required().model.write(before, options),
};

/** The running calls, by the id of their request. */
const running = new Map<number, AbortController>();

self.onmessage = ({ data }: MessageEvent<Request | Stop>) => {
  if ('stop' in data) running.get(data.stop)?.abort();
  else void serve(data);
};

async function serve({ id, name, args }: Request): Promise<void> {
  const send = (reply: Reply): void => self.postMessage(reply);
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const handler = HANDLERS[name] as (
      onProgress: (progress: WorkProgress) => void,
      signal: AbortSignal,
      ...args: readonly unknown[]
    ) => unknown;
    const result = await handler(progress => send({ id, progress }), controller.signal, ...args);
    send({ id, result });
  } catch (error) {
    send({ id, failure: failureOf(error) });
  } finally {
    running.delete(id);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof KneserError) return { code: error.code, message: error.message };
  if (error instanceof Error || error instanceof DOMException) return { code: error.name, message: error.message };
  return { code: '', message: String(error) };
}
