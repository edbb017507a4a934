/**
 * kneser without native code: opens models and scores text in browsers, edge workers, Deno and Bun. Other entries train models
 * (`kneser/native-free/train`), keep models in the browser (`kneser/native-free/indexeddb`), copy models into memory
 * (`kneser/native-free/memory`), and decode the output of speech recognizers (`kneser/native-free/decoding`).
 *
 * @packageDocumentation
 */
export * from '../src/model/exports.js';
export { PagedModel as LanguageModel } from '../src/model/paged-model.js';
export type { MemoryModel as LoadedModel } from '../src/model/memory-model.js';
export type { Vocabulary } from '../src/model/vocabulary.js';
export type { TextCache } from '../src/smoothing/cache/text-cache.js';
