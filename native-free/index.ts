/**
 * kneser without native code: reads and scores models in browsers, edge workers, Deno and Bun. Training and models that stay in
 * the browser are entries of their own: `kneser/native-free/train` and `kneser/native-free/indexeddb`.
 *
 * @packageDocumentation
 */
export { KneserError, type ErrorCode } from '../src/base/errors.js';
export { PagedModel as LanguageModel } from '../src/model/paged-model.js';
export type { MemoryModel as LoadedModel } from '../src/model/memory-model.js';
export type { TextCache } from '../src/smoothing/cache.js';
export type { ModelSmoothing, Smoothing, SmoothingOptions } from '../src/smoothing/smoothing.js';
export type { Extension, ModelInfo, OpenOptions, State, TableInfo } from '../src/model/api.js';
export type { Explanation, PatternPart, Prediction, PredictOptions } from '../src/model/prediction/prediction.js';
export type { Score, ScoreOptions, TextOptions, TokenScore } from '../src/model/scoring/score.js';
export type { VectorContext, VectorOptions } from '../src/model/scoring/vector.js';
export type { Perplexity } from '../src/model/scoring/perplexity.js';
export type { Sentence, Sentences } from '../src/text/sentences.js';
