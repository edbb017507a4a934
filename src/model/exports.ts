/**
 * The exports that `kneser` and `kneser/native-free` have in common. Each entry adds its own `LanguageModel` and
 * `LoadedModel`; the two classes of `kneser` also read files.
 */
export { KneserError, type ErrorCode } from '../base/errors.js';
export type { Progress, Stage, WorkOptions } from '../base/progress.js';
export type { Sentence, Sentences } from '../text/sentences.js';
export type { TokenizationInfo } from '../text/tokenization.js';
export type { ModelOptions } from '../tables/manifest.js';
export type { Pruning } from '../tables/pruning.js';
export type { ModelSmoothing, Smoothing, SmoothingOptions } from '../smoothing/index.js';
export type { TuneReport } from './scoring/weights.js';
export type { Extension, LoadOptions, ModelInfo, OpenOptions, Sample, State, TableInfo, TableReading } from './api.js';
export type { GeneratedText, GenerateOptions } from './generation/options.js';
export type { TruncationOptions } from './generation/truncation.js';
export type { SampleOptions } from './memory-model.js';
export type { Distribution, ListingOptions, TokenProbability } from './prediction/distribution.js';
export type {
  DistributionOptions,
  Explanation,
  PatternPart,
  Prediction,
  PredictOptions,
} from './prediction/prediction.js';
export type { Perplexity } from './scoring/perplexity.js';
export type { Score, ScoreOptions, TextOptions, TokenScore } from './scoring/score.js';
export type { VectorContext, VectorOptions } from './scoring/vector.js';
