/** The worker that holds the open model, and trains new ones. */
import { KneserError } from '../../../src/errors.js';
import type { Smoothing } from '../../../src/score/parts.js';
import type { CallName, Calls, Failure, ModelFacts, ModelSource, Reply, Request, Stop, Training } from '../protocol.js';
import { Models, type Kept } from './models.js';
import { OpenModel } from './open-model.js';

declare const self: DedicatedWorkerGlobalScope;

const models = new Models();
let open: { readonly kept: Kept; readonly model: OpenModel } | undefined;

/** What is open, in the page's words. */
function facts(): ModelFacts {
  const { kept, model } = required();
  const { info } = model.model;
  return {
    name: kept.name,
    kept: kept.isStored,
    order: info.order,
    tokens: info.tokens,
    vocabulary: info.vocabulary,
    bytes: info.bytes,
    smoothing: info.smoothing,
    skips: info.tables.some(({ pattern }) => pattern.includes('_')),
    tuned: info.weights.length > 0,
  };
}

function required(): { readonly kept: Kept; readonly model: OpenModel } {
  if (!open) throw new KneserError('KNESER_CLOSED', 'no model is open; open one first');
  return open;
}

async function use(kept: Kept, smoothing?: Smoothing): Promise<ModelFacts> {
  const model = new OpenModel(await kept.open(smoothing));
  await open?.model.model.close();
  open = { kept, model };
  return facts();
}

type Working = (onProgress: (progress: Training) => void, signal: AbortSignal) => unknown;

type Handlers = {
  [K in CallName]: (...args: Parameters<Calls[K]>) => Working;
};

/** Each call becomes what is to be done, which may tell how far it has come. */
const HANDLERS: Handlers = {
  list: () => () => models.list(),
  train: text => async (onProgress, signal) => use(await models.train(text, onProgress, signal)),
  open: (source: ModelSource) => async () => use(await models.find(source)),
  smooth: smoothing => () => use(required().kept, smoothing),
  keep: () => async () => use(await models.keep(required().kept)),
  remove: name => async () => {
    if (open?.kept.isStored && open.kept.name === name) {
      await open.model.model.close();
      open = undefined;
    }
    await models.remove(name);
    return models.list();
  },
  pack: name => async () => models.pack(name === undefined ? required().kept : await models.find({ kept: name })),
  read: text => () => required().model.read(text),
  suggest: before => () => required().model.suggest(before),
};

/** Calls that are under way. */
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
    const handler = HANDLERS[name] as (...args: readonly unknown[]) => Working;
    const result = await handler(...args)(progress => send({ id, progress }), controller.signal);
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
