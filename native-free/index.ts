/**
 * kneser without native code: opens models and scores text in browsers, edge workers, Deno and Bun. Three other entries train models
 * (`kneser/native-free/train`), keep models in the browser (`kneser/native-free/indexeddb`), and copy models into memory
 * (`kneser/native-free/memory`).
 *
 * @packageDocumentation
 */
export * from '../src/model/exports.js';
export { PagedModel as LanguageModel } from '../src/model/paged-model.js';
export type { MemoryModel as LoadedModel } from '../src/model/memory-model.js';
export type { Vocabulary } from '../src/model/vocabulary.js';
export type { TextCache } from '../src/smoothing/cache.js';
export { ctcBeamSearch, type CtcBeam, type CtcLogits, type CtcOptions } from '../src/decoding/ctc-beam-search.js';
