/** The worker of the page at `GET /` of `kneser serve`: as `model.ts`, but the model is on the server, and the worker asks for its scores. */
import { KneserError } from '../../../src/base/errors.js';
import { Tokenization } from '../../../src/text/tokenization.js';
import type { ModelInfo } from '../../../src/model/api.js';
import type { Prediction } from '../../../src/model/prediction/prediction.js';
import type { VectorScore } from '../../../src/model/scoring/vector.js';
import type { CallName, Calls, ModelFacts, Reply, Request, Stop } from '../protocol.js';
import { OpenModel, type ReadableModel } from './open-model.js';

declare const self: DedicatedWorkerGlobalScope;

/** The model and the key that the address of the page names: `#model=NAME&key=KEY`. */
const wanted = new URLSearchParams(self.location.hash.slice(1));

let open: { readonly facts: ModelFacts; readonly model: OpenModel } | undefined;

/** Asks the server. @throws KneserError with the message of the server */
async function ask<Answer>(path: string, body?: object): Promise<Answer> {
  const key = wanted.get('key');
  const response = await fetch(path, {
    headers: { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  });
  const answer = (await response.json()) as { error?: { message: string } };
  if (answer.error) throw new KneserError('KNESER_IO', answer.error.message);
  return answer as Answer;
}

/** Opens the model that the address of the page names, or the first one. */
async function openServed(): Promise<ModelFacts> {
  const { data } = await ask<{ data: { id: string }[] }>('v1/models');
  const name = wanted.get('model') ?? data[0].id;
  const at = `models/${encodeURIComponent(name)}`;
  const { info } = await ask<{ info: ModelInfo }>(`${at}/info`);
  // Only sentences are cut here; the server cuts them into tokens.
  const tokenization = await Tokenization.open({ ...info.options.tokenization, tokenizer: 'whitespace' });
  const model: ReadableModel = {
    info,
    sentences: line => tokenization.sentences(line),
    score: (sentence, { end }) => ask(`${at}/score`, { sentence, end }),
    scoreVector: sentence => ask<VectorScore>(`${at}/vector`, { sentence }),
    predict: async (history, options) =>
      (await ask<{ predictions: Prediction[] }>(`${at}/predict`, { history, ...options })).predictions,
    generate: async function* (options) {
      yield* (await ask<{ texts: { text: string; tokens: string[] }[] }>(`${at}/generate`, options)).texts;
    },
  };
  const { order, tokens, vocabulary, bytes, smoothing, tables } = info;
  const skips = tables.some(({ pattern }) => pattern.includes('_'));
  const facts = { name, isKept: true, order, tokens, vocabulary, bytes, smoothing, skips };
  open = { facts, model: new OpenModel(model) };
  return facts;
}

function required(): OpenModel {
  if (!open) throw new KneserError('KNESER_CLOSED', 'the server could not be asked; load the page again');
  return open.model;
}

/** The calls of a page whose models are on a server. */
const HANDLERS: { readonly [Name in CallName]?: (...args: Parameters<Calls[Name]>) => unknown } = {
  list: () => [],
  open: openServed,
  read: text => required().read(text),
  suggest: (before, after) => required().suggest(before, after),
  write: (before, options) => required().write(before, options),
};

self.onmessage = ({ data }: MessageEvent<Request | Stop>) => {
  if (!('stop' in data)) void answer(data);
};

async function answer({ id, name, args }: Request): Promise<void> {
  const send = (reply: Reply): void => self.postMessage(reply);
  try {
    const handler = HANDLERS[name] as ((...args: readonly unknown[]) => unknown) | undefined;
    if (!handler) throw new KneserError('KNESER_OPTION', `${name}: the model is on the server`);
    send({ id, result: await handler(...args) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({ id, failure: { code: error instanceof KneserError ? error.code : 'Error', message } });
  }
}
