/**
 * kneser without native code: reads and scores models in browsers, edge workers, Deno and Bun. Training, models that the
 * browser keeps, and models in memory are entries of their own: `kneser/native-free/train`, `kneser/native-free/indexeddb`
 * and `kneser/native-free/memory`.
 *
 * @packageDocumentation
 */
export * from '../src/model/exports.js';
export { PagedModel as LanguageModel } from '../src/model/paged-model.js';
export type { MemoryModel as LoadedModel } from '../src/model/memory-model.js';
export type { Vocabulary } from '../src/model/vocabulary.js';
export type { TextCache } from '../src/smoothing/cache.js';
export { ctcBeamSearch, type CtcBeam, type CtcLogits, type CtcOptions } from '../src/decoding/ctc-beam-search.js';
