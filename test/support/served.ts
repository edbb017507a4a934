import { afterAll } from 'vitest';
import {
  LanguageModel,
  serve,
  train,
  type LoadedModel,
  type ModelServer,
  type ServeOptions,
} from '#kneser/src/index.js';
import { temporaryFolder } from './models.js';

/** The training text of the served model. */
export const TEXT = ['the cat sat on the mat', 'the dog sat on the log', 'the cat ran', 'a dog saw the cat on the mat'];

/** A server of a small model, and the model itself. */
export interface Serving {
  readonly server: ModelServer;
  /** The folder of the model, called `tiny`. */
  readonly folder: string;
  readonly model: LoadedModel;
  /** Asks the server for JSON. */
  ask<Answer = Answered>(
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer & { status: number }>;
}

/** An answer with any members. */
export type Answered = Readonly<Record<string, never>> & { readonly error?: Fault };

/** An error as clients get it. */
export interface Fault {
  readonly message: string;
  readonly type: string;
  readonly code: string;
  readonly param: string | null;
}

/** Trains a model, and serves it until the tests of the file are over. */
export async function serveTiny(name: string, options: Partial<ServeOptions> = {}): Promise<Serving> {
  const folder = `${temporaryFolder(name)}/tiny`;
  await trainTiny(folder);
  const paged = await LanguageModel.open(folder);
  const model = await paged.load();
  const server = await serve({ models: [folder], port: 0, threads: 1, ...options });
  afterAll(async () => {
    await server.close();
    await paged.close();
  });
  return {
    server,
    folder,
    model,
    ask: async (path, body, headers = {}) => {
      const response = await fetch(server.url + path, {
        ...(body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
        headers,
      });
      return { status: response.status, ...((await response.json()) as object) } as never;
    },
  };
}

/** Trains the model on {@link TEXT}, or on other sentences. */
export async function trainTiny(out: string, text: readonly string[] = TEXT): Promise<void> {
  await train({ sentences: text.map(line => line.split(' ')), out, order: 3, threads: 1, force: true });
}
