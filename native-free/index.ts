/**
 * kneser without native code: reads and scores models in browsers, edge workers, Deno and Bun. Training and models that stay in
 * the browser are entries of their own: `kneser/native-free/train` and `kneser/native-free/indexeddb`.
 *
 * @packageDocumentation
 */
export { KneserError, type ErrorCode } from '../src/errors.js';
export { LanguageModel } from '../src/score/model.js';
export type { LoadedModel } from '../src/score/loaded-model.js';
export type { TextCache } from '../src/score/cache.js';
export type { ModelSmoothing, Smoothing, SmoothingOptions } from '../src/score/parts.js';
export type {
  Explanation,
  Extension,
  ModelInfo,
  OpenOptions,
  PatternPart,
  Prediction,
  PredictOptions,
  Score,
  ScoreOptions,
  State,
  TableInfo,
  TextOptions,
  TokenScore,
} from '../src/score/api.js';
export type { VectorContext, VectorOptions } from '../src/score/vector.js';
export type { Perplexity } from '../src/score/perplexity.js';
export type { Sentence, Sentences } from '../src/text/sentences.js';
