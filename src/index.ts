/**
 * Exact n-gram language models: {@link train} makes a model from text, {@link LanguageModel} scores text with it. Log
 * probabilities are base 10. Errors are {@link KneserError}s.
 *
 * ## A tour of the source
 *
 * Data passes through the folders of `src/` in this order, and a folder imports folders of earlier lines only
 * (`eslint.layers.js`):
 *
 * ```
 * text files
 *    │  text/formats   files → documents: plain, JSON lines, Parquet; gzip and zstd
 *    │  text           bytes → tokens: tokenizers, sentences, the list of different words
 *    │  count          tokens → word ids → sorted n-grams → adjusted counts; word classes
 *    │  tables         sorted counts → blocks of at most 2,048 rows; manifest and dictionary
 *    │  store          keys → values on disk, crash-safe: a folder with LevelDB, or one packed file
 * model folder
 *    │  model/lookup   n-grams → counts, from blocks on disk or from tables in memory
 *    │  smoothing      counts → probabilities: Kneser-Ney, the mixture, classes, cache; learns the weights
 *    │  model          sentences → scores, perplexity, vectors, next words
 *    │  report         figures → tables, Markdown, HTML pages
 * numbers
 * ```
 *
 * - `base` knows no word and no model: errors, checksums, numbers, progress; `base/node` the same for Node.
 * - `train` takes a text, models or files of counts through all stages of the first half and tunes the weights; `train/plan` checks the options,
 *   `train/stages` has the steps, `train/resume` the record that lets an interrupted training continue.
 * - `spark` counts on a Spark cluster when one machine is not enough: it writes SQL, and takes the sorted tables home.
 * - `tools` makes one model of another: `prune`, `arpa` (export and import), `verify`, pack and unpack, `upgrade`.
 * - `baseline` trains and compares a series of models with confidence intervals.
 * - `documents` gives documents figures and chooses by them: annotate, select, overlap, weigh.
 * - `cli` is the command, one file for each subcommand; it parses options, calls the library and prints.
 * - `native-free` (beside `src`) is the entry for browsers, Deno and Bun; it shares everything but LevelDB and files.
 *
 * To follow a training, begin at `train/train.ts`, which prepares the folder and calls `train/build.ts`: the stages in their
 * order. To follow a score, begin at `LanguageModel.score` in `model/paged-model.ts`: it fills a batch of words,
 * `model/scoring/scorer.ts` looks up their counts, and an estimator of `smoothing` (`mixture.ts`) makes probabilities of
 * them. To follow a command, begin at `cli/main.ts`.
 *
 * Two readings of the same counts: `mkn` is interpolated modified Kneser-Ney (Chen & Goodman 1998); `glm`, the generalized
 * language model, is a mixture over patterns that also skip words (Pickhardt et al. 2014). `docs/glossary.md` explains the
 * words used here, `docs/design.md` the decisions, `docs/bibliography.md` the papers.
 *
 * @packageDocumentation
 */
export * from './model/exports.js';

// Text or counts → model.
export { train } from './train/train.js';
export type { TrainingText, TrainOptions } from './train/plan/options.js';
export type { TrainReport } from './train/train.js';
export { MAX_ORDER } from './tables/pattern.js';
export { importCounts, type ImportCountsOptions } from './train/import-counts.js';
export { tune, type TuneOptions } from './train/tune.js';
export { sparkPlan, type SparkPlanOptions } from './spark/plan.js';
export { sparkImport, type SparkImportOptions } from './spark/import.js';
export { sparkScorePlan, type SparkScorePlanOptions } from './spark/score-plan.js';
export {
  merge,
  subtract,
  type CombineOptions,
  type MergeOptions,
  type SubtractOptions,
  type WeightedModel,
} from './train/merge.js';
export type { PatternChoice } from './tables/pattern.js';
export type { VocabularyChoice } from './count/vocabulary.js';
export type { DocumentOptions } from './text/formats/corpus.js';
export type {
  HuggingFaceTokenizer,
  PretrainedTokenizer,
  SentencePieceTokenizer,
  TokenizationOptions,
} from './text/tokenization.js';

// Model → figures.
export { LanguageModel } from './model/language-model.js';
export { LoadedModel, type ScoreEachOptions } from './model/loaded-model.js';
export type { FileOptions, FromFileOptions } from './model/api.js';
export type { PackedInput } from './store/packed/open-source.js';
export type { Vocabulary } from './model/vocabulary.js';
export { PerplexitySum } from './model/scoring/perplexity.js';
export { TextCache } from './smoothing/cache.js';

// Model → model or file.
export { prune, type PruneOptions, type PruneReport } from './tools/prune.js';
export { upgrade, type UpgradeOptions, type UpgradeReport } from './tools/upgrade.js';
export { pack, type PackOptions, type PackReport } from './tools/pack.js';
export { unpack, type UnpackOptions, type UnpackReport } from './tools/unpack.js';
export { exportArpa, type ExportOptions, type ExportReport } from './tools/arpa/export.js';
export { importArpa, type ImportOptions, type ImportReport } from './tools/arpa/import.js';
export { mix, type MixBucket, type MixOptions, type MixReport } from './tools/mix.js';
export { verify, type VerifyOptions, type VerifyReport } from './tools/verify/verify.js';
export {
  ngramCounts,
  wordCounts,
  type CountsOptions,
  type NgramCount,
  type WordCount,
  type WordsOptions,
} from './tools/counts.js';
export type { Check, Finding } from './tools/verify/findings.js';

// Documents → documents.
export {
  annotate,
  type AnnotatedDocument,
  type AnnotateOptions,
  type MaskChoice,
  type TextDocument,
} from './documents/annotate.js';
export type { FeatureFigures } from './documents/features.js';
export type { ComparedFigures, ContextFigures, DocumentFigures } from './documents/figures.js';
export type { JsonObject } from './text/formats/jsonl.js';
export {
  select,
  type BucketChoice,
  type SampleChoice,
  type SelectedDocument,
  type SelectOptions,
} from './documents/select.js';
export type {
  BucketRow,
  Counted,
  CutExamples,
  ExampleDocument,
  FigureHistogram,
  GroupRow,
  LabelReport,
  QuantileRow,
  SelectionReport,
} from './documents/selection-report.js';
export {
  overlap,
  type OverlapOptions,
  type OverlapReport,
  type OverlapRow,
  type OverlapScores,
  type TrainingPlace,
} from './documents/overlap.js';
export {
  recitation,
  type RecitationFigures,
  type RecitationGap,
  type RecitationOptions,
  type RecitationReport,
  type TrapFigures,
} from './documents/recitation.js';
export type { Normalization } from './documents/overlap-tokens.js';
export {
  perplexityBy,
  type DomainFigures,
  type PerplexityByOptions,
  type PerplexityByReport,
  type TypeBand,
} from './documents/perplexity-by.js';
export { weigh, type DomainWeight, type WeighOptions, type WeighReport } from './documents/weigh.js';
export type { Estimator, Projection } from './documents/mixing.js';
export type { LabelFigures } from './documents/roc.js';
export type { Kept } from './documents/choices.js';
export type { DocumentUnit } from './documents/scored.js';
export type { Shard } from './documents/stream.js';

// Many models and their comparison.
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
