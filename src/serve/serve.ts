/**
 * src/serve answers questions about models by HTTP.
 *
 * - `serve.ts`, this file, is the function `serve`. `server.ts` opens the models and listens. `app.ts` has the routes, and calls the endpoint of a
 *   request: `completions.ts` and `tokens.ts` answer as OpenAI's and vLLM's servers do; `scores.ts`, `predictions.ts` and `annotations.ts` as
 *   the library does; `status.ts` tells the state of the server.
 * - `served-model.ts` is a model that requests share; `models.ts` has all models by name.
 * - `members.ts` has the check and the JSON schema of each member of a request's body. `openapi.ts` makes the OpenAPI document of these schemas.
 * - `turns.ts` bounds the memory of requests with caches; `body.ts` reads bodies within limits; `answer.ts` writes answers piece by piece.
 */
import { checkOptions } from '../base/check.js';
import { SERVE_OPTIONS, type ServeOptions } from './options.js';
import type { ModelServer } from './server.js';

/**
 * Serves models by HTTP: OpenAI's completions, vLLM's tokenizer, and the functions of this library (docs/serve.md). The server listens when all models are
 * loaded.
 *
 * @throws KneserError: KNESER_OPTION, also for a port in use and for an address that other machines reach without keys; KNESER_INPUT_*, and the errors of
 * `LanguageModel.open` and `load`.
 * @example
 * ```ts
 * import { serve } from 'kneser';
 *
 * const server = await serve({ models: ['model'], port: 0 });
 * const response = await fetch(`${server.url}/score`, { method: 'POST', body: '{"sentence": "The jury praised the city ."}' });
 * const { tokens, log10Probs } = await response.json();
 * console.log(tokens.length === log10Probs.length);
 * await server.close();
 * ```
 */
export async function serve(options: ServeOptions): Promise<ModelServer> {
  checkOptions('serve', options, SERVE_OPTIONS);
  const { startServer } = await import('./server.js');
  return startServer(options);
}
