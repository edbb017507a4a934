import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';
import { ANNOTATIONS } from './annotations.js';
import { jsonPieces, streamOf, type Streamed } from './answer.js';
import { parseJson, readBody, readLines, type BodyBudget } from './body.js';
import { COMPLETIONS, GONE } from './completions.js';
import { isStreamed, pauseOf, type Call, type Endpoint } from './endpoint.js';
import { Failure, failureOf, timedOut } from './failure.js';
import type { Access } from './keys.js';
import type { Metrics } from './metrics.js';
import type { Models } from './models.js';
import { openApi } from './openapi.js';
import type { Limits } from './options.js';
import { PAGE } from './page.js';
import { PREDICTIONS } from './predictions.js';
import { SCORES } from './scores.js';
import type { ServedModel } from './served-model.js';
import { STATUS } from './status.js';
import { TOKENS } from './tokens.js';
import type { Turns } from './turns.js';

/** The state that all requests share. */
export interface Shared {
  readonly models: Models;
  readonly metrics: Metrics;
  readonly limits: Limits;
  readonly access: Access;
  readonly budget: BodyBudget;
  /** The turns of requests with a cache, which takes 16 bytes for each word of the vocabulary. */
  readonly caches: Turns;
  /** Called with an error that no request caused. */
  readonly onError: (error: unknown) => void;
}

/** All endpoints, in the order of the OpenAPI document. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...STATUS,
  COMPLETIONS,
  ...TOKENS,
  ...SCORES,
  ...PREDICTIONS,
  ANNOTATIONS,
];

const JSON_TYPE = 'application/json';
const LINES_TYPE = 'application/x-ndjson';
/** Media types of JSON lines. */
const LINES_TYPES = /^application\/(?:x-ndjson|x-jsonlines|jsonl|jsonlines|ndjson)\b/i;
/** An answer with more entries than this is written piece by piece. */
const SMALL_ENTRIES = 20_000;

type Env = { readonly Bindings: HttpBindings };

/** Makes the application: the routes of all endpoints, each also below `/models/NAME`. */
export function createApp(shared: Shared): Hono<Env> {
  const app = new Hono<Env>();
  for (const endpoint of ENDPOINTS) {
    for (const path of [endpoint.path, `/models/:model${endpoint.path}`]) {
      app.on(endpoint.method, path, context => answered(endpoint, context, shared));
      app.all(path, context => refused(context, shared, notAllowed(endpoint), { allow: endpoint.method }));
    }
  }
  app.get('/openapi.json', context =>
    plain(context, shared, '/openapi.json', JSON_TYPE, JSON.stringify(openApi(ENDPOINTS))),
  );
  for (const { path, type, content } of PAGE) {
    app.get(path, context => plain(context, shared, '/', type, content()));
  }
  app.notFound(context =>
    refused(
      context,
      shared,
      new Failure(404, 'not_found', `there is nothing at ${context.req.path}; /openapi.json lists the endpoints`),
    ),
  );
  app.onError((error, context) => refused(context, shared, error));
  return app;
}

function notAllowed({ method, path }: Endpoint): Failure {
  return new Failure(405, 'method_not_allowed', `${path} takes ${method}`);
}

/** Notes the end of a request, however it ends. */
function watch(path: string, { env }: Context<Env>, { metrics }: Shared, lastly: (isComplete: boolean) => void): void {
  const started = performance.now();
  metrics.running++;
  env.outgoing.once('close', () => {
    metrics.running--;
    metrics.answered(path, env.outgoing.statusCode, (performance.now() - started) / 1000);
    lastly(env.outgoing.writableFinished);
  });
}

/** Answers a request to an endpoint. */
async function answered(endpoint: Endpoint, context: Context<Env>, shared: Shared): Promise<Response> {
  const { models, metrics, limits, access, budget, caches } = shared;
  const { incoming } = context.env;
  const controller = new AbortController();
  const { signal } = controller;
  const used = new Set<ServedModel>();
  let hasCache = false;
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const startTimer = (): (() => void) => {
    timer = setTimeout(() => controller.abort(timedOut()), limits.timeout);
    return () => clearTimeout(timer);
  };
  watch(endpoint.path, context, shared, isComplete => {
    clearTimeout(timer);
    if (!isComplete) controller.abort(GONE);
    budget.give(bytes);
    if (hasCache) caches.end();
    for (const model of used) model.release();
  });
  try {
    if (endpoint.path !== '/health') access.check(incoming);
    const id = context.req.param('id');
    const modelName = context.req.param('model');
    // A path below no model is not there, also where the answer does not depend on the model.
    if (modelName !== undefined) models.find(modelName);
    const use = (name?: string): ServedModel => {
      const model = models.find(name);
      if (!used.has(model)) model.acquire();
      used.add(model);
      return model;
    };
    const call: Call = {
      incoming,
      modelName,
      query: { ...context.req.query(), ...(id === undefined ? {} : { ':id': id }) },
      models,
      metrics,
      limits,
      signal,
      pause: pauseOf(signal),
      failureOf: error => reported(error, shared),
      createCache: async served => {
        // A body of JSON lines keeps its turn: it has one cache at a time.
        if (!hasCache) await caches.begin(signal);
        hasCache = true;
        return served.createCache();
      },
      model: name => use(modelName ?? name),
      otherModel: use,
    };
    const isLines = endpoint.takesLines && LINES_TYPES.test(incoming.headers['content-type'] ?? '');
    if (isLines) return streamed(context, { type: LINES_TYPE, pieces: answersOf(endpoint, call, startTimer) });
    let body: unknown;
    if (endpoint.members) {
      const read = await readBody(incoming, limits, budget);
      bytes = read.length;
      body = parseJson(read);
    }
    // The lines of a body that is read meanwhile may take any time.
    if (!endpoint.readsBody) startTimer();
    const answer = await endpoint.answer(call, body);
    if (isStreamed(answer)) return streamed(context, answer);
    if (isSmall(answer)) return sent(context, 200, { 'content-type': JSON_TYPE }, JSON.stringify(answer));
    return streamed(context, { type: JSON_TYPE, pieces: jsonPieces(answer) });
  } catch (error) {
    return failed(context, shared, signal.aborted && signal.reason instanceof Failure ? signal.reason : error);
  }
}

/**
 * Answers each line of a body by a line. An error is the answer of its line; the next lines are answered, too.
 *
 * @param startTimer begins the time limit of a line, and returns a function that ends it.
 */
async function* answersOf(
  endpoint: Endpoint,
  call: Call,
  startTimer: () => () => void,
): AsyncGenerator<string, void, void> {
  try {
    for await (const line of readLines(call.incoming, call.limits)) {
      let answer: object;
      const endTimer = startTimer();
      try {
        answer = await endpoint.answer(call, parseJson(line));
        if (isStreamed(answer))
          throw new Failure(400, 'KNESER_OPTION', 'stream: each line has one answer; leave it out', 'stream');
      } catch (error) {
        if (call.signal.aborted) throw error;
        answer = call.failureOf(error).body;
      } finally {
        endTimer();
      }
      yield `${JSON.stringify(answer)}\n`;
    }
  } catch (error) {
    yield `${JSON.stringify(call.failureOf(error).body)}\n`;
  }
}

function streamed(
  context: Context<Env>,
  { type, pieces }: { readonly type: string; readonly pieces: AsyncIterable<string> | Iterable<string> } | Streamed,
): Response {
  return context.body(streamOf(pieces), 200, { 'content-type': type });
}

/** Sends a whole answer. A `Response` would take half as long again for a short answer. */
function sent(
  { env }: Context<Env>,
  status: number,
  headers: Readonly<Record<string, string>>,
  content: string | Uint8Array,
): Response {
  const { outgoing } = env;
  if (!outgoing.destroyed) {
    outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(content) });
    outgoing.end(content);
  }
  return RESPONSE_ALREADY_SENT;
}

/** Whether an answer, together with all arrays and objects in it, has few entries. */
function isSmall(answer: object): boolean {
  let left = SMALL_ENTRIES;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || left < 0) return;
    if (ArrayBuffer.isView(value) || (Array.isArray(value) && typeof value[0] !== 'object')) {
      left -= (value as unknown as ArrayLike<number>).length;
      return;
    }
    for (const name in value) {
      left--;
      visit((value as Record<string, unknown>)[name]);
    }
  };
  visit(answer);
  return left >= 0;
}

/** The failure that an error is for a client. An error that no request causes is reported, too. */
function reported(error: unknown, { onError }: Shared): Failure {
  const failure = failureOf(error);
  if (failure.status === 500) onError(error);
  return failure;
}

/** A response with an error. */
function failed(context: Context<Env>, shared: Shared, error: unknown, headers: Record<string, string> = {}): Response {
  const failure = reported(error, shared);
  return sent(
    context,
    failure.status,
    {
      'content-type': JSON_TYPE,
      ...headers,
      ...(failure.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(failure.status === 503 ? { 'retry-after': '1' } : {}),
      // The rest of a body that was refused is not read.
      ...(context.env.incoming.complete ? {} : { connection: 'close' }),
    },
    JSON.stringify(failure.body),
  );
}

/** A response with an error, to a request that no endpoint answers. */
function refused(context: Context<Env>, shared: Shared, error: unknown, headers?: Record<string, string>): Response {
  watch('other', context, shared, () => undefined);
  return failed(context, shared, error, headers);
}

function plain(
  context: Context<Env>,
  shared: Shared,
  path: string,
  type: string,
  content: string | Uint8Array,
): Response {
  watch(path, context, shared, () => undefined);
  return sent(context, 200, { 'content-type': type }, content);
}
