/**
 * Exact n-gram language models: {@link train} makes a model from text, {@link LanguageModel} scores text with a model. Log
 * probabilities have base 10. All errors are {@link KneserError}s.
 *
 * ## A tour of the source
 *
 * Data passes through the folders of `src/` in this order, and a folder imports folders of earlier lines only
 * (`oxlint.rules.js`):
 *
 * ```
 * text files
 *    │  text/formats   files → documents: plain, JSON lines, Parquet; gzip and zstd
 *    │  text           bytes → tokens: tokenizers, sentences, the list of different words
 *    │  count          tokens → word ids → sorted n-grams → adjusted counts; word classes
 *    │  tables         sorted counts → blocks of rows → tries; manifest and dictionary
 *    │  store          keys → values on disk, crash-safe: a folder with LevelDB, or one packed file
 * model folder
 *    │  model/lookup   n-grams → counts, from blocks on disk or from tables in memory
 *    │  smoothing      counts → probabilities: Kneser-Ney, the mixture, classes, cache; learns the weights
 *    │  model          sentences → scores, perplexity, vectors; histories → next words, drawn texts
 *    │  report         figures → tables, Markdown, HTML pages
 * numbers
 * ```
 *
 * - `base` has code that needs no words and no models: errors, checksums, numbers, progress; `base/node` is for Node only.
 * - `train` trains a model on a text, models or files of counts, with the folders of the first half of the diagram, and tunes the
 *   weights; `train/plan` checks the options, `train/stages` has the steps, `train/resume` the record with which an interrupted training
 *   continues.
 * - `spark` counts on a Spark cluster if one machine is not enough: it writes SQL, and makes a model of the tables that the SQL counts.
 * - `tools` makes a model or a file from a model: `prune`, `arpa` (export and import), `mix`, `pack`, `unpack`, `upgrade`; `verify` checks it.
 * - `baseline` trains a series of models and compares them, with confidence intervals.
 * - `decoding` chooses between texts that another model proposes: the beam search of a speech recognizer.
 * - `documents` computes figures of documents, and chooses documents by their figures: annotate, select, overlap, weigh;
 *   `profile` describes whole texts.
 * - `serve` answers questions about models by HTTP.
 * - `cli` is the command, with one file for each subcommand. It parses options, calls the library and prints.
 * - `native-free` (beside `src`) has the entries for browsers, Deno and Bun, which use the same code without LevelDB and files.
 *
 * To follow a training, begin at `train/train.ts`, which prepares the folder and calls `train/build.ts`, which runs the stages in their
 * order. To follow a score, begin at `LanguageModel.score` in `model/paged-model.ts`: it fills a batch of words,
 * `model/scoring/scorer.ts` looks up the counts of the words, and an estimator of `smoothing` (`mixture.ts`) turns the counts into
 * probabilities. To follow a command, begin at `cli/main.ts`.
 *
 * There are several ways to turn the same counts into probabilities. `mkn` is interpolated modified Kneser-Ney (Chen & Goodman 1998); `kn`
 * has one discount an order (Kneser & Ney 1995); `glm`, the generalized language model, is a mixture over patterns that also skip words
 * (Pickhardt et al. 2014). `docs/glossary.md` explains the words used here, `docs/design.md` the decisions; `docs/bibliography.md` lists
 * the papers.
 *
 * @packageDocumentation
 */
export * from './model/exports.js';

// Text or counts → model.
export { train } from './train/train.js';
export type { TrainingText, TrainOptions } from './train/plan/train-options.js';
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
export type { HuggingFaceTokenizer, PretrainedTokenizer, SentencePieceTokenizer } from './text/pretrained.js';
export type { TokenizationOptions } from './text/tokenization.js';
export { ALL_WORD_ORDERS, type WordOrderName } from './text/word-order.js';

// Model → figures.
export { LanguageModel } from './model/language-model.js';
export { LoadedModel } from './model/loaded-model.js';
export type { ScoreEachOptions } from './model/scoring/score.js';
export type { FileOptions, FromFileOptions } from './model/api.js';
export type { PackedInput } from './store/packed/packed-input.js';
export type { Vocabulary } from './model/vocabulary.js';
export { PerplexitySum } from './model/scoring/perplexity.js';
export { TextCache } from './smoothing/cache/text-cache.js';

// Model → model or file.
export * from './decoding/exports.js';
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
  type AnnotateDocuments,
  type AnnotateFiles,
  type AnnotateOptions,
  type AnnotateSettings,
  type MaskChoice,
} from './documents/annotate.js';
export type { AnnotatedDocument } from './documents/annotated-row.js';
export type { Conventions, DocumentConventions } from './documents/conventions.js';
export type { FeatureFigures } from './documents/features.js';
export type { ComparedFigures, ContextFigures, DocumentFigures } from './documents/figures.js';
export type { TextDocument } from './documents/source-documents.js';
export type { JsonObject } from './text/formats/jsonl.js';
export { select, type SelectedDocument } from './documents/select.js';
export type { BucketChoice, SampleChoice, SelectOptions } from './documents/select-options.js';
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
export type { DrawingOptions } from './model/generation/options.js';
export { profile, type ProfileDistance, type ProfileOptions, type ProfileReport } from './documents/profile.js';
export type {
  HeapsFits,
  LengthFigures,
  ModelFigures,
  TextProfile,
  VocabularyFigures,
} from './documents/profile/figures.js';
export type { HeapsLaw, ZipfLaw } from './documents/profile/laws.js';
export type { DistanceName } from './documents/profile/pool.js';
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
export type { DocumentUnit } from './documents/document-scoring.js';
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
  RankingFigures,
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
export type { ContextGroup, ContextGroups, ContextTemplate } from './baseline/contexts.js';
export { signalToNoise, type SignalToNoise } from './baseline/signal.js';

// Models by HTTP.
export { serve } from './serve/serve.js';
export type { ModelServer } from './serve/server.js';
export type { ServeOptions } from './serve/options.js';
