import type { IncomingMessage } from 'node:http';
import { checkAborted } from '../base/errors.js';
import { pauses, type Pause } from '../base/turn.js';
import type { TextCache } from '../smoothing/cache/text-cache.js';
import type { Streamed } from './answer.js';
import type { Failure } from './failure.js';
import type { Members, Schema } from './members.js';
import type { Metrics } from './metrics.js';
import type { Models } from './models.js';
import type { Limits } from './options.js';
import type { ServedModel } from './served-model.js';

/** A request to an endpoint. */
export interface Call {
  readonly incoming: IncomingMessage;
  /** The name of the model in the path, as in `/models/NAME/tokenize`. */
  readonly modelName: string | undefined;
  /** The parameters behind the `?` of the address. */
  readonly query: Readonly<Record<string, string>>;
  readonly models: Models;
  readonly metrics: Metrics;
  readonly limits: Limits;
  /** Aborted when the client is gone, or when the answer takes longer than the time limit. */
  readonly signal: AbortSignal;
  /** Lets other requests have their turn, and stops the work when `signal` is aborted. */
  readonly pause: Pause;
  /** The failure that an error is for the client. An error that no request causes is logged. */
  readonly failureOf: (error: unknown) => Failure;
  /** An empty cache for a running text, after other requests with caches, if there are many. @throws the errors of `ServedModel.createCache` */
  readonly createCache: (served: ServedModel) => Promise<TextCache>;
  /** The model that answers: that of the path, else that of this name, else the only one. It stays open until the answer is complete. */
  readonly model: (name?: string) => ServedModel;
  /** The model of this name, also if the path names another one. It stays open until the answer is complete. */
  readonly otherModel: (name: string) => ServedModel;
}

/** An endpoint of the server: its method, its path, and the function that answers a body. */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** One sentence, for the OpenAPI document. */
  readonly summary: string;
  /** The members of the body, if it has one. */
  readonly members?: Members;
  /** The schema of the answer. */
  readonly answers: Schema;
  /** The media type of the answer, unless it is JSON. */
  readonly type?: string;
  /** Whether a body may be JSON lines: each line is then answered by a line. */
  readonly takesLines?: boolean;
  /** The parameters behind the `?`, if there are any. */
  readonly parameters?: Members;
  /** Whether the endpoint reads its body itself. */
  readonly readsBody?: boolean;
  /** @param body the parsed body; `undefined` for GET. */
  readonly answer: (call: Call, body: unknown) => object | Streamed | Promise<object | Streamed>;
}

/** The pause of a call. */
export function pauseOf(signal: AbortSignal): Pause {
  return pauses(() => checkAborted(signal, 'answering'));
}

export function isStreamed(answer: object): answer is Streamed {
  return 'pieces' in answer;
}
