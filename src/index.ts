/**
 * kneser: exact modified Kneser-Ney language models. `train` makes a model from text; `LanguageModel` scores text with it.
 *
 * @packageDocumentation
 */
export { KneserError, type ErrorCode } from './errors.js';
export { MAX_ORDER } from './train/plan.js';
export { train } from './train/train.js';
export type { Progress, Stage, TrainingText, TrainOptions } from './options.js';
export type { TrainReport } from './train/train.js';
export { verify, type VerifyOptions, type VerifyReport } from './verify/verify.js';
export type { Check, Finding } from './verify/findings.js';
export { prune, type PruneOptions, type PruneReport } from './prune/prune.js';
export type { Pruning } from './prune/pruning.js';
export { pack, type PackOptions, type PackReport } from './packed/pack.js';
export { unpack, type UnpackOptions, type UnpackReport } from './packed/unpack.js';
export type { PackedInput } from './packed/open-source.js';
export { tune, type TuneOptions } from './tune/tune.js';
export type { TuneReport } from './smooth/weights.js';
export type { PatternChoice } from './pattern.js';
export { TextCache } from './score/cache.js';
export type { ModelSmoothing, Smoothing, SmoothingOptions } from './score/parts.js';
export type { VocabularyChoice } from './count/vocabulary.js';
export { LanguageModel } from './model.js';
export { LoadedModel } from './loaded-model.js';
export type {
  Explanation,
  Extension,
  FileOptions,
  FromFileOptions,
  ModelInfo,
  OpenOptions,
  PatternPart,
  Prediction,
  PredictOptions,
  Score,
  ScoreOptions,
  State,
  TableInfo,
  TableReading,
  TextOptions,
  TokenScore,
} from './score/api.js';
export { exportArpa, type ExportOptions, type ExportReport } from './arpa/export.js';
export { importArpa, type ImportOptions, type ImportReport } from './arpa/import.js';
export type { VectorContext, VectorOptions } from './score/vector.js';
export { PerplexitySum, type Perplexity } from './score/perplexity.js';
export { baseline } from './baseline/baseline.js';
export type { BaselineOptions, BaselineProgress, BaselineTexts } from './baseline/options.js';
export type {
  BaselineReport,
  Comparison,
  MacroFigures,
  ModelReport,
  PublishedFigure,
  TextFigures,
} from './baseline/report.js';
export type { Interval } from './baseline/bootstrap.js';
export {
  compare,
  type ComparedModel,
  type CompareOptions,
  type ModelComparison,
  type TokenDifference,
  type TokenGroup,
} from './baseline/compare.js';
export type { DocumentOptions } from './text/documents.js';
export type { Sentence, Sentences } from './text/sentences.js';
export type { PretrainedTokenizer, TokenizationInfo, TokenizationOptions } from './text/tokenization.js';
