import { callBack } from '../base/call-back.js';
import {
  checkFlag,
  checkFunction,
  isIterable,
  checkOptions,
  checkPaths,
  checkShare,
  checkText,
  checkThreads,
  members,
  oneOf,
  optionError,
  refuseWithout,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { WorkOptions } from '../base/progress.js';
import { LanguageModel } from '../model/language-model.js';
import { bitsOf } from '../model/scoring/perplexity.js';
import type { TokenScoring } from '../model/token-scoring.js';
import {
  DOCUMENT_OPTION_NAMES,
  DOCUMENT_OPTIONS,
  givenDocumentOptions,
  type DocumentOptions,
} from '../text/formats/corpus.js';
import { expandForTwoPasses } from '../text/formats/input.js';
import { memberOf } from '../text/formats/jsonl.js';
import { MAX_ORDER } from '../tables/pattern.js';
import { AnnotatedRow, ROWS, type AnnotatedDocument, type AnnotatedGroup } from './annotated-row.js';
import { contextFigures } from './context.js';
import { modelName, tokenizerName } from './conventions.js';
import type { DocumentUnit } from './document-scoring.js';
import { features } from './features.js';
import { checkModel } from './given-model.js';
import { documentFigures, SeparateJson, TemplateJson, type DocumentFigures } from './figures.js';
import { scoreDocuments, type ScoredDocument, type ScoredTokens } from './scored.js';
import { checkPair, compareWords, Guard } from './second-model.js';
import { openSource, type Source, type SourceDocument, type TextDocument } from './source-documents.js';
import { checkShard, eachOf, type Shard } from './stream.js';
import { SurprisalHistogram } from './surprisal-quantile.js';

/** The tokens that a mask marks: tokens whose surprisal is above a quantile of all tokens, or above a number of bits. */
export type MaskChoice =
  | {
      /** The share of the tokens of all documents that is not masked: 0.8 masks the 20 % of tokens with the highest surprisal. The documents are read twice. */
      readonly above: number;
      /** @internal */
      readonly surprisal?: never;
    }
  | {
      /** The surprisal above which tokens are masked [bits]. */
      readonly surprisal: number;
      /** @internal */
      readonly above?: never;
    };

/** The figures that {@link annotate} computes, and how. */
export interface AnnotateSettings extends DocumentOptions, WorkOptions {
  /** The model: its path, or an open model, which stays open. Required unless `target` is given. */
  readonly model?: string | LanguageModel;
  /**
   * Files of text of the kind that is wanted, in place of `model`: each document gets the ratio of its probability under a model of the
   * target to that under a model of other documents. One model is trained on the target, and two on the documents, each on a sample of one
   * half that has as many tokens as the target; a document is compared with the model of the other half. Files are read several times.
   * All other figures are those of the target's model.
   */
  readonly target?: readonly string[];
  /** Order of the models that `target` trains. Default 2. */
  readonly order?: number;
  /** Whether the models that `target` trains lower-case all text. Default false. */
  readonly lowercase?: boolean;
  /** Seed of the halves and samples of `target`. Default 1. */
  readonly seed?: number;
  /**
   * A second model, with which each document is compared. It must not have been trained on these documents: a model gives its
   * training text very high probabilities, and the ratio then says next to nothing.
   */
  readonly against?: string | LanguageModel;
  /** Whether each line is a sentence (`lines`, the default), or the document is one sentence. */
  readonly unit?: DocumentUnit;
  /**
   * `full` adds the figures of the exact distribution after each token's history: ranks, entropies, curvature. This takes many times as
   * long, longest with a class model or a back-off model. Default `basic`.
   */
  readonly features?: 'basic' | 'full';
  /** Whether the figures include the tokens and the log10 p of each token. Default false. */
  readonly tokens?: boolean;
  /** Marks tokens to be left out of the loss of a model that is trained on these documents. Default: no mask. */
  readonly mask?: MaskChoice;
  /** A member of each document with its context: the document is also scored after the model's cache has read that text (ConSens). Needs tuned weights. Experimental. */
  readonly context?: string;
  /** The name of the member that is added. Default `kneser`. */
  readonly as?: string;
  /** A member that is written beside the figures, with `figuresOnly`. */
  readonly id?: string;
  /** Leaves out the documents: each line has the figures alone. Default false. */
  readonly figuresOnly?: boolean;
  /** The part of the documents to read, for several machines. Default: all. Figures do not depend on it. */
  readonly shard?: Shard;
  /** Number of threads that score. Default: one for each core for a long text. Figures do not depend on it. */
  readonly threads?: number;
  /** Called with one sentence for each thing that may be wrong with the input. */
  readonly onWarning?: (warning: string) => void;
}

/** Files whose documents {@link annotate} reads. */
export interface AnnotateFiles extends AnnotateSettings {
  /** Files of documents: JSON lines, Parquet, or text, of which each line is a document; folders of them; or `-`. */
  readonly files: readonly string[];
  /** @internal */
  readonly documents?: never;
}

/** Documents that the caller of {@link annotate} has. */
export interface AnnotateDocuments<D extends TextDocument = TextDocument> extends AnnotateSettings {
  /** The documents themselves, instead of `files`: objects with a member `text`. */
  readonly documents: Iterable<D> | AsyncIterable<D>;
  /** @internal */
  readonly files?: never;
}

/** The documents that {@link annotate} reads, files or objects, and the figures that it computes. */
export type AnnotateOptions<D extends TextDocument = TextDocument> = AnnotateFiles | AnnotateDocuments<D>;

/** The checks of {@link AnnotateOptions}. */
const ANNOTATE_OPTIONS: OptionTable<AnnotateOptions> = {
  model: checkModel,
  target: checkPaths,
  order: wholeNumber(1, MAX_ORDER),
  lowercase: checkFlag,
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER - 1),
  against: checkModel,
  files: checkPaths,
  documents: (name, value) => {
    if (!isIterable(value)) {
      throw optionError(name, value, 'a list or another iterable of objects with a member text');
    }
  },
  unit: oneOf(['lines', 'document']),
  features: oneOf(['basic', 'full']),
  tokens: checkFlag,
  mask: checkMask,
  context: checkText,
  as: (name, value, options) => {
    if (checkText(name, value) === '')
      throw new KneserError('KNESER_OPTION', `${name}: the name of the added member is empty`);
    if ((options as AnnotateSettings).figuresOnly)
      throw new KneserError('KNESER_OPTION', `${name}: excludes figuresOnly, which adds no member to the documents`);
  },
  id: checkText,
  figuresOnly: checkFlag,
  shard: checkShard,
  threads: checkThreads,
  onWarning: checkFunction,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

function checkMask(name: string, value: unknown, options: object): void {
  const numbers: OptionTable<{ above: number; surprisal: number }> = {
    above: (member, share) => checkShare(member, share, 1),
    surprisal: (member, bits) => {
      if (!(typeof bits === 'number' && bits >= 0)) throw optionError(member, bits, 'a number of bits');
    },
  };
  members(numbers)(name, value);
  const { above, surprisal } = value as Partial<Record<'above' | 'surprisal', number>>;
  if ((above === undefined) === (surprisal === undefined)) throw optionError(name, value, 'one of above and surprisal');
  if (above !== undefined && 'documents' in options && !Array.isArray(options.documents)) {
    throw new KneserError('KNESER_OPTION', `${name}: above reads the documents twice; give files or a list`);
  }
}

/**
 * Computes the figures of every document under a model: perplexity, OOV rate and, with a second model, the ratio of probabilities.
 * Documents are returned in the sequence in which they are read, unchanged except for one added member. The sums over all documents equal
 * the figures of `perplexityOfFile`. Memory does not depend on the number of documents.
 *
 * The perplexity of a document is 10^(−Σ log10 p / Σ tokens) over its sentences, with one `</s>` for each, as `kneser perplexity`,
 * KenLM's `query` and CCNet compute it. Compare only perplexities of the same model and unit.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED, and the errors of opening and scoring.
 * @example
 * ```ts
 * import { annotate } from 'kneser';
 *
 * const documents = [{ id: 1, text: 'The jury praised the city .' }, { id: 2, text: 'jury city the The praised' }];
 * for await (const { document, figures } of annotate({ model: 'model', documents })) {
 *   console.log(document.id, figures.tokens, figures.perplexity);
 * }
 * ```
 */
export function annotate<D extends TextDocument>(
  options: AnnotateDocuments<D>,
): AsyncGenerator<AnnotatedDocument<D>, void, void>;
/** Annotates the documents of files. */
export function annotate(options: AnnotateFiles): AsyncGenerator<AnnotatedDocument, void, void>;
/** Annotates documents of either kind. */
export function annotate(options: AnnotateOptions): AsyncGenerator<AnnotatedDocument<unknown>, void, void>;
export function annotate(options: AnnotateOptions): AsyncGenerator<AnnotatedDocument<unknown>, void, void> {
  return eachOf(annotateSome(options, true));
}

/**
 * As {@link annotate}, but some documents at a time: a generator that yields them one by one takes a microsecond for each.
 *
 * @internal
 * @param keepsObjects whether the objects that were read stay in memory while their documents are scored; otherwise a row parses its line again when it is asked for its `document`.
 */
export function annotateSome(
  options: AnnotateOptions,
  keepsObjects = false,
): AsyncGenerator<readonly AnnotatedRow[], void, void> {
  checkOptions('annotate', options, ANNOTATE_OPTIONS);
  if ((options.files === undefined) === (options.documents === undefined)) {
    throw new KneserError('KNESER_OPTION', 'annotate: it takes either files or documents');
  }
  if (options.files === undefined) refuseWithout(options, DOCUMENT_OPTION_NAMES, 'files');
  checkTarget(options);
  if (!options.figuresOnly) refuseWithout(options, ['id'], 'figuresOnly; without it, documents keep all their members');
  return options.target === undefined
    ? run(options, keepsObjects)
    : runForTarget(options, options.target, keepsObjects);
}

/** Refuses options that need `target` if it is missing, and options that `target` excludes. @throws KNESER_OPTION */
function checkTarget({ model, target, against, documents, context, order, lowercase, seed }: AnnotateOptions): void {
  const refuse = (message: string): never => {
    throw new KneserError('KNESER_OPTION', message);
  };
  if (target === undefined) {
    if (model === undefined) refuse('model: is missing; annotate needs it, or a target');
    refuseWithout(
      { order, lowercase, seed },
      ['order', 'lowercase', 'seed'],
      'target; a model keeps the one that it was trained or opened with',
    );
    return;
  }
  if (model !== undefined) refuse('target: trains the model itself; leave model out');
  if (against !== undefined) refuse('target: trains the models to compare with itself; leave against out');
  if (documents !== undefined) refuse('target: reads the documents several times; give files');
  if (context !== undefined) refuse('context: needs a model tuned with a cache, which target does not train');
}

async function* runForTarget(
  options: AnnotateOptions,
  target: readonly string[],
  keepsObjects: boolean,
): AsyncGenerator<readonly AnnotatedRow[], void, void> {
  const { order = 2, lowercase = false, seed = 1, signal, onProgress, onWarning, files = [] } = options;
  const documents = givenDocumentOptions(options);
  const inputs = await expandForTwoPasses(files, documents, 'a target', onWarning);
  // Imported here, because only a target needs what trains models: half of the code.
  const { Proxies } = await import('./proxy.js');
  const { trainForTarget } = await import('./target.js');
  const proxies = await Proxies.open({ order, lowercase, onProgress, signal });
  try {
    const events = { signal, onWarning };
    const { model, against, choose } = await trainForTarget(proxies, target, inputs, documents, seed, events);
    yield* annotateWith(options, model, against, choose, keepsObjects);
  } finally {
    await proxies.close();
  }
}

async function* run(
  options: AnnotateOptions,
  keepsObjects: boolean,
): AsyncGenerator<readonly AnnotatedRow[], void, void> {
  const opened: LanguageModel[] = [];
  const open = async (model: string | LanguageModel): Promise<LanguageModel> => {
    if (typeof model !== 'string') return model;
    const fresh = await LanguageModel.open(model, options.signal ? { signal: options.signal } : {});
    opened.push(fresh);
    return fresh;
  };
  try {
    const model = await open(options.model ?? '');
    const against = options.against === undefined ? undefined : await open(options.against);
    if (against) await checkPair(model, against);
    if (options.context !== undefined) model.createCache();
    if (options.unit === 'document' && model.parts.tokenization.info.sentences === 'segment') {
      throw new KneserError(
        'KNESER_OPTION',
        'unit: this model cuts lines into sentences, and so a document cannot be one; leave it out',
      );
    }
    yield* annotateWith(options, model, against ? [against] : [], () => 0, keepsObjects);
  } finally {
    for (const model of opened) await model.close();
  }
}

/** Scores the documents. @param choose returns, for the index of a document, the index in `against` of the model with which the document is compared. */
async function* annotateWith(
  options: AnnotateOptions,
  model: LanguageModel,
  against: readonly LanguageModel[],
  choose: (index: number) => number,
  keepsObjects: boolean,
): AsyncGenerator<readonly AnnotatedRow[], void, void> {
  const { unit = 'lines', threads, onProgress, signal, mask, onWarning } = options;
  const { as = 'kneser', figuresOnly = false, id } = options;
  const source = await openSource(options, as, {
    isReadTwice: mask?.above !== undefined,
    keepsObjects: options.context !== undefined || keepsObjects,
  });
  const load = { onProgress, signal };
  const scoring = await model.tokenScoring(source.bytes, threads, load);
  const others = await Promise.all(against.map(other => other.tokenScoring(source.bytes, threads, load)));
  for (const other of others) compareWords(scoring, other, onWarning);
  const threshold = mask && (mask.surprisal ?? (await quantileOf(source, scoring, unit, mask.above)));
  const guard = options.against ? new Guard(against[0].info.order, onWarning) : undefined;
  const byToken =
    options.features === 'full' || options.tokens === true || options.context !== undefined || threshold !== undefined;
  const conventions = {
    unit,
    tokenizer: await tokenizerName(model),
    model: modelName(model),
    // Ratios to the models of the two halves can be compared: all documents name both models.
    against: against.map(modelName).join(' or '),
  };
  const how = {
    model: scoring,
    against: others,
    choose,
    unit,
    byToken,
    texts: options.tokens ?? false,
    spreads: options.features === 'full',
  };
  const layout = { as, name: new TextEncoder().encode(JSON.stringify(as)), figuresOnly, id };
  const { context } = options;
  let withoutContext = 0;
  const more = async (one: ScoredDocument<SourceDocument>): Promise<DocumentFigures> => {
    const given = context === undefined ? undefined : memberOf(one.document.object, context);
    const contextText = typeof given === 'string' ? given : undefined;
    if (context !== undefined && contextText === undefined) withoutContext++;
    const basic = documentFigures(one, conventions);
    return one.byToken
      ? { ...basic, ...(await moreFigures(options, scoring, one, one.byToken, threshold, contextText)) }
      : basic;
  };
  for await (const scored of scoreDocuments(source.read(), how)) {
    guard?.look(scored);
    const figures: DocumentFigures[] = [];
    if (byToken) for (const one of scored) figures.push(await more(one));
    const group: AnnotatedGroup = {
      documents: scored.documents,
      json: byToken ? new SeparateJson(figures) : new TemplateJson(scored, conventions),
      figuresOf: d => (byToken ? figures[d] : documentFigures(scored.at(d), conventions)),
      layout,
    };
    if (id !== undefined && scored.documents.length > 0) refuseFigure(id, group.figuresOf(0));
    for (let from = 0; from < scored.documents.length; from += ROWS) {
      const count = Math.min(ROWS, scored.documents.length - from);
      yield Array.from({ length: count }, (_, i) => new AnnotatedRow(group, from + i));
    }
  }
  guard?.end();
  if (withoutContext > 0) {
    callBack(
      onWarning,
      `context: ${withoutContext} of the documents have no text in their member ${context ?? ''}; their figures of the context are null`,
    );
  }
  source.end();
}

/** Refuses an id whose name a figure has, too: the line would have two members of this name. @throws KNESER_OPTION */
function refuseFigure(id: string, figures: DocumentFigures): void {
  if (!(id in figures)) return;
  throw new KneserError(
    'KNESER_OPTION',
    `id: ${id} is the name of a figure, too; leave out --figures-only, or give the member another name`,
  );
}

/** The figures of a document that only some options ask for. */
async function moreFigures(
  { tokens, context }: AnnotateOptions,
  model: TokenScoring,
  { sentences }: ScoredDocument<SourceDocument>,
  byToken: ScoredTokens,
  threshold: number | undefined,
  contextText: string | undefined,
): Promise<Partial<DocumentFigures>> {
  const { log10Probs } = byToken.scores;
  const full = byToken.spreads && features(byToken, byToken.spreads);
  return {
    ...full?.figures,
    ...(context === undefined ? {} : { context: await contextFigures(model, byToken, sentences, contextText) }),
    ...(tokens ? { tokenTexts: byToken.texts ?? [], log10Probs: Array.from(log10Probs) } : {}),
    ...(tokens && full ? { ranks: full.ranks, entropies: full.entropies } : {}),
    ...(threshold === undefined ? {} : { mask: Array.from(log10Probs, p => bitsOf(p) > threshold) }),
  };
}

/** The surprisal that `share` of the tokens of all documents do not exceed [bits]. */
async function quantileOf(source: Source, model: TokenScoring, unit: DocumentUnit, share: number): Promise<number> {
  const histogram = new SurprisalHistogram();
  for await (const scored of scoreDocuments(source.read(), { model, unit, byToken: true })) {
    for (const { byToken } of scored) if (byToken) histogram.add(byToken.scores.log10Probs);
  }
  return histogram.quantile(share);
}
