/**
 * kneser: exact modified Kneser-Ney language models. `train` makes a model from text; `LanguageModel` scores text with it.
 *
 * @packageDocumentation
 */
export { KneserError, type ErrorCode } from './base/errors.js';
export { MAX_ORDER } from './train/plan/plan.js';
export { train } from './train/train.js';
export type { TrainingText, TrainOptions } from './train/plan/options.js';
export type { Progress, Stage } from './base/progress.js';
export type { TrainReport } from './train/train.js';
export { verify, type VerifyOptions, type VerifyReport } from './tools/verify/verify.js';
export type { Check, Finding } from './tools/verify/findings.js';
export { prune, type PruneOptions, type PruneReport } from './tools/prune/prune.js';
export type { Pruning } from './tables/pruning.js';
export { pack, type PackOptions, type PackReport } from './tools/pack.js';
export { unpack, type UnpackOptions, type UnpackReport } from './tools/unpack.js';
export type { PackedInput } from './store/packed/open-source.js';
export { tune, type TuneOptions } from './train/tune.js';
export type { TuneReport } from './smoothing/weights.js';
export type { PatternChoice } from './tables/pattern.js';
export { TextCache } from './smoothing/cache.js';
export type { ModelSmoothing, Smoothing, SmoothingOptions } from './smoothing/smoothing.js';
export type { VocabularyChoice } from './count/vocabulary.js';
export { LanguageModel } from './model/language-model.js';
export { LoadedModel } from './model/loaded-model.js';
export type {
  Extension,
  FileOptions,
  FromFileOptions,
  ModelInfo,
  OpenOptions,
  State,
  TableInfo,
  TableReading,
} from './model/api.js';
export type { Explanation, PatternPart, Prediction, PredictOptions } from './model/prediction/prediction.js';
export type { Score, ScoreOptions, TextOptions, TokenScore } from './model/scoring/score.js';
export { exportArpa, type ExportOptions, type ExportReport } from './tools/arpa/export.js';
export { importArpa, type ImportOptions, type ImportReport } from './tools/arpa/import.js';
export type { VectorContext, VectorOptions } from './model/scoring/vector.js';
export { PerplexitySum, type Perplexity } from './model/scoring/perplexity.js';
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
export type { DocumentOptions } from './text/formats/documents.js';
export type { Sentence, Sentences } from './text/sentences.js';
export type { PretrainedTokenizer, TokenizationInfo, TokenizationOptions } from './text/tokenization.js';
