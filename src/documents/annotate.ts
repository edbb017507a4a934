import {
  checkFlag,
  checkFunction,
  checkOptions,
  checkPath,
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
import { PendingBytes } from '../base/pending-bytes.js';
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
import { expandInputs, sizeOf, type Input } from '../text/formats/input.js';
import { memberOf, objectOf, type JsonObject } from '../text/formats/jsonl.js';
import { wordIds } from '../tables/manifest.js';
import { MAX_ORDER } from '../tables/pattern.js';
import { decode } from '../text/surface.js';
import { FIRST_WORD } from '../text/tokens.js';
import { hashBytes } from '../text/word-list.js';
import { contextFigures } from './context.js';
import { modelName, tokenizerName } from './conventions.js';
import type { DocumentUnit } from './document-scoring.js';
import { features } from './features.js';
import { documentFigures, SeparateJson, TemplateJson, type DocumentFigures, type FiguresJson } from './figures.js';
import { memberText, refuseMember, writeText, writeWithMember } from './member.js';
import type { OutputLine } from './output.js';
import { scoreDocuments, type ScoredDocument, type ScoredDocuments, type ScoredTokens } from './scored.js';
import {
  checkShard,
  eachOf,
  expandForTwoPasses,
  isInShard,
  placeOf,
  readAllDocuments,
  someOf,
  type DocumentAt,
  type Shard,
  type StreamEvents,
} from './stream.js';
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

/** The documents that {@link annotate} reads, and the figures that it computes. */
export interface AnnotateOptions<D extends TextDocument = TextDocument> extends DocumentOptions, WorkOptions {
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
  /** Files of documents: JSON lines, Parquet, or text, of which each line is a document; folders of them; or `-`. */
  readonly files?: readonly string[];
  /** The documents themselves, instead of `files`: objects with a member `text`. */
  readonly documents?: Iterable<D> | AsyncIterable<D>;
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

/** A document that is given as an object. */
export interface TextDocument {
  /** The text of the document: lines with line feeds between them. */
  readonly text: string;
}

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
    const isObject = typeof value === 'object' && value !== null;
    if (!isObject || !(Symbol.iterator in value || Symbol.asyncIterator in value)) {
      throw optionError(name, value, 'a list or another iterable of objects with a member text');
    }
  },
  unit: oneOf(['lines', 'document']),
  features: oneOf(['basic', 'full']),
  tokens: checkFlag,
  mask: checkMask,
  context: checkText,
  as: checkText,
  id: checkText,
  figuresOnly: checkFlag,
  shard: checkShard,
  threads: checkThreads,
  onWarning: checkFunction,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

function checkModel(name: string, value: unknown): void {
  if (!(value instanceof LanguageModel)) checkPath(name, value);
}

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

/** A document and its figures. */
export interface AnnotatedDocument<D = JsonObject> {
  /** The document's position among all documents, from 0. */
  readonly index: number;
  /** The document as it was given, or the object that was read. */
  readonly document: D;
  /** The figures of the document. */
  readonly figures: DocumentFigures;
  /**
   * The document as JSON in UTF-8, without a line feed, with the figures as its last member; a document of JSON lines keeps all
   * other bytes unchanged. With `figuresOnly`, only the member `id` and the figures.
   */
  readonly line: Uint8Array;
  /** @internal Writes `line`. */
  writeTo(out: PendingBytes): void;
  /** @internal The JSON of the document without the figures. */
  readonly source: Uint8Array;
}

/** The first documents, of this number, are used to check whether the second model was trained on the documents. */
const GUARDED = 1000;
/** The second model counts as trained on the documents if `matched` is on average at least this share of its order. */
const SEEN_SHARE = 0.9;

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
  options: AnnotateOptions<D> & { readonly documents: Iterable<D> | AsyncIterable<D> },
): AsyncGenerator<AnnotatedDocument<D>, void, void>;
/** Annotates the documents of files. */
export function annotate(
  options: AnnotateOptions & { readonly files: readonly string[] },
): AsyncGenerator<AnnotatedDocument, void, void>;
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
  const { order = 2, lowercase = false, seed = 1, signal, onWarning, files = [] } = options;
  const documents = givenDocumentOptions(options);
  const inputs = await expandForTwoPasses(files, documents, 'a target', onWarning);
  // Imported here, because only a target needs what trains models: half of the code.
  const { Proxies } = await import('./proxy.js');
  const { trainForTarget } = await import('./target.js');
  const proxies = await Proxies.open({ order, lowercase, signal });
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

/** Refuses two models that cut text differently. @throws KNESER_OPTION */
async function checkPair(model: LanguageModel, against: LanguageModel): Promise<void> {
  const [own, other] = [model, against].map(({ parts }) => parts.tokenization.info);
  const names = ['tokenizer', 'locale', 'sentences', 'normalize'] as const;
  const lowercase = [model, against].map(({ info }) => info.options.lowercase);
  const differs =
    names.find(name => own[name] !== other[name]) ?? (lowercase[0] === lowercase[1] ? undefined : 'lowercase');
  const isOneFile = (await tokenizerName(model)) === (await tokenizerName(against));
  if (differs === undefined && isOneFile) return;
  const what = differs ?? 'the file of their tokenizer';
  throw new KneserError(
    'KNESER_OPTION',
    `against: the two models differ in ${what}, so that their tokens cannot be compared; train both with the same ${differs ?? 'file'}`,
  );
}

/** Warns if two vocabularies differ. */
function compareWords(own: TokenScoring, other: TokenScoring, onWarning?: (warning: string) => void): void {
  const [missing, added] = [wordsWithout(other, own), wordsWithout(own, other)];
  if (missing + added === 0) return;
  onWarning?.(
    `the vocabularies differ: ${missing} words of the model are unknown to the second, and ${added} the other way round. Each ` +
      'gives <unk> another mass, and a smaller vocabulary looks better; train both with the same --vocab',
  );
}

/** How many words of the second model the first model (`other`) lacks. */
function wordsWithout(other: TokenScoring, { words, parts }: TokenScoring): number {
  let missing = 0;
  for (let id = FIRST_WORD; id < wordIds(parts.manifest); id++) {
    const word = words.list.bytes(id);
    if (other.words.list.find(word, 0, word.length, hashBytes(word, 0, word.length)) === 0) missing++;
  }
  return missing;
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
  const source = await openSource(options, options.context !== undefined || keepsObjects);
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
  const { as = 'kneser', figuresOnly = false, id } = options;
  const layout = { as, name: encoder.encode(JSON.stringify(as)), figuresOnly, id };
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
    for (let from = 0; from < scored.documents.length; from += ROWS) {
      const count = Math.min(ROWS, scored.documents.length - from);
      yield Array.from({ length: count }, (_, i) => new AnnotatedRow(group, from + i));
    }
  }
  guard?.end();
  if (withoutContext > 0) {
    onWarning?.(
      `context: ${withoutContext} of the documents have no text in their member ${context ?? ''}; their figures of the context are null`,
    );
  }
  source.end();
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

/** A document with its JSON. */
interface SourceDocument {
  readonly index: number;
  readonly text: string | undefined;
  readonly object: JsonObject;
  readonly line: Uint8Array;
  /** Whether the object has a member of the name that is to be added. */
  readonly hasMember: boolean;
  readonly place: () => string;
  release?(): void;
}

/** The source of the documents: files, or the caller's objects. */
interface Source {
  /** The approximate size of the text [bytes]; `undefined` if it is unknown. */
  readonly bytes: number | undefined;
  /** Reads the documents; each call begins with the first document. */
  read(): AsyncIterable<readonly SourceDocument[]>;
  /** Warns of invalid UTF-8 and of documents without text; called after the last document. */
  end(): void;
}

async function openSource(options: AnnotateOptions, keepsObjects: boolean): Promise<Source> {
  const { files, documents = [], mask, shard, onWarning, as = 'kneser' } = options;
  if (files === undefined) {
    return {
      bytes: Array.isArray(documents) ? lengthOf(documents as readonly TextDocument[]) : undefined,
      read: () => someOf(documentsFrom(documents, shard, as)),
      end: () => undefined,
    };
  }
  const inputs: readonly Input[] =
    mask?.above === undefined
      ? await expandInputs(files, givenDocumentOptions(options), onWarning)
      : await expandForTwoPasses(files, givenDocumentOptions(options), 'a mask by quantile', onWarning);
  let replaced = 0;
  let missing = 0;
  const events: StreamEvents = {
    onProgress: options.onProgress,
    signal: options.signal,
    onReplaced: sequences => (replaced += sequences),
  };
  return {
    bytes: sizeOf(inputs),
    read: async function* () {
      replaced = missing = 0;
      for await (const some of readAllDocuments(inputs, givenDocumentOptions(options), events)) {
        const kept = shard ? some.filter(({ index }) => isInShard(index, shard)) : some;
        missing += kept.reduce((sum, { text }) => sum + (text === undefined ? 1 : 0), 0);
        yield withOwnLines(kept, as, keepsObjects);
      }
    },
    end: () => {
      if (replaced > 0) onWarning?.(`${replaced} invalid UTF-8 sequences were read as U+FFFD`);
      if (missing > 0) {
        onWarning?.(
          missing === 1
            ? '1 document without text has no figures (null)'
            : `${missing} documents without text have no figures (null)`,
        );
      }
    },
  };
}

/** Copies the lines of documents, so that they stay valid. */
function withOwnLines(documents: readonly DocumentAt[], as: string, keepsObjects: boolean): SourceDocument[] {
  if (documents.length === 0) return [];
  const group = new OwnLines(documents, as, keepsObjects);
  return documents.map(({ index, text }, i) => new OwnLine(group, i, index, text));
}

/**
 * The lines of documents that were read together, in arrays by document: thousands of documents wait for their scores, and the garbage
 * collector would copy an object for each.
 */
class OwnLines {
  /** The bytes of all lines, and maybe of line ends between them. */
  private readonly bytes: Uint8Array;
  /** By document, the begin and the end of its line in `bytes`. */
  private readonly bounds: Uint32Array;
  private readonly file: string;
  private readonly unit: 'line' | 'row';
  /** By document, its number in the file. */
  private readonly numbers: Float64Array;
  /** By document, 1 if its object has a member of the name that is to be added. */
  private readonly hasMembers: Uint8Array;
  /** By document, its object, if objects are kept. */
  readonly objects: readonly JsonObject[] | undefined;

  constructor(documents: readonly DocumentAt[], as: string, keepsObjects: boolean) {
    const [{ file, unit }] = documents;
    this.file = file;
    this.unit = unit;
    this.bounds = new Uint32Array(2 * documents.length);
    this.bytes = this.copyLines(documents);
    this.numbers = new Float64Array(documents.length);
    this.hasMembers = new Uint8Array(documents.length);
    for (let i = 0; i < documents.length; i++) {
      const { number, object } = documents[i];
      this.numbers[i] = number;
      this.hasMembers[i] = Object.hasOwn(object, as) ? 1 : 0;
    }
    this.objects = keepsObjects ? documents.map(({ object }) => object) : undefined;
  }

  line(i: number): Uint8Array {
    return this.bytes.subarray(this.bounds[2 * i], this.bounds[2 * i + 1]);
  }

  hasMember(i: number): boolean {
    return this.hasMembers[i] === 1;
  }

  place(i: number): string {
    const { file, unit, numbers } = this;
    return placeOf({ file, unit, number: numbers[i] });
  }

  /** A copy of the lines, whose places in it `bounds` gets. Lines of one chunk of the file are copied at once. */
  private copyLines(documents: readonly DocumentAt[]): Uint8Array {
    const { bounds } = this;
    const [{ line: first }] = documents;
    const { buffer, byteOffset } = first;
    let end = byteOffset;
    let total = 0;
    for (let i = 0; i < documents.length; i++) {
      const { line } = documents[i];
      const isNext: boolean = line.buffer === buffer && line.byteOffset >= end;
      end = isNext ? line.byteOffset + line.length : Infinity;
      bounds[2 * i] = line.byteOffset - byteOffset;
      bounds[2 * i + 1] = bounds[2 * i] + line.length;
      total += line.length;
    }
    // White space between the lines is copied, too, unless there is much of it.
    if (end - byteOffset <= 2 * total) return new Uint8Array(buffer, byteOffset, end - byteOffset).slice();
    const bytes = new Uint8Array(total);
    let at = 0;
    for (let i = 0; i < documents.length; i++) {
      const { line } = documents[i];
      bytes.set(line, at);
      bounds[2 * i] = at;
      bounds[2 * i + 1] = at += line.length;
    }
    return bytes;
  }
}

/** Document `i` of lines that were read together. It is small, because thousands of documents wait for their scores. */
class OwnLine implements SourceDocument {
  constructor(
    private readonly lines: OwnLines,
    private readonly i: number,
    readonly index: number,
    public text: string | undefined,
  ) {}

  get object(): JsonObject {
    return this.lines.objects?.[this.i] ?? objectOf(this.line);
  }

  get line(): Uint8Array {
    return this.lines.line(this.i);
  }

  get hasMember(): boolean {
    return this.lines.hasMember(this.i);
  }

  get place(): () => string {
    return () => this.lines.place(this.i);
  }

  release(): void {
    this.text = undefined;
  }
}

function lengthOf(documents: readonly TextDocument[]): number {
  return documents.reduce((sum, document) => sum + (typeof document.text === 'string' ? document.text.length : 0), 0);
}

const encoder = new TextEncoder();

async function* documentsFrom(
  documents: Iterable<TextDocument> | AsyncIterable<TextDocument>,
  shard: Shard | undefined,
  as: string,
): AsyncGenerator<SourceDocument> {
  let index = 0;
  for await (const document of documents) {
    const at = index++;
    if (typeof (document as Partial<TextDocument> | null)?.text !== 'string') {
      throw new KneserError('KNESER_OPTION', `documents: document ${at} has no member text that is a string`);
    }
    if (!isInShard(at, shard)) continue;
    const object = document as unknown as JsonObject;
    yield {
      index: at,
      text: document.text,
      object,
      get line() {
        return encoder.encode(JSON.stringify(document));
      },
      hasMember: Object.hasOwn(object, as),
      place: () => `document ${at}`,
    };
  }
}

/** The form of the lines of the output. */
interface LineLayout {
  /** The name of the added member. */
  readonly as: string;
  /** The JSON of this name, in UTF-8. */
  readonly name: Uint8Array;
  readonly figuresOnly: boolean;
  readonly id: string | undefined;
}

/** Documents that were scored together, with their figures. */
interface AnnotatedGroup {
  readonly documents: readonly SourceDocument[];
  readonly json: FiguresJson;
  /** The figures of document `d`. */
  readonly figuresOf: (d: number) => DocumentFigures;
  readonly layout: LineLayout;
}

/** Rows are made in groups of this many: rows that wait cost the garbage collector. */
const ROWS = 256;

/** A row of {@link annotate}, which writes itself: document `d` of a group. */
class AnnotatedRow implements AnnotatedDocument<unknown>, OutputLine {
  readonly #group: AnnotatedGroup;
  readonly #d: number;

  constructor(group: AnnotatedGroup, d: number) {
    this.#group = group;
    this.#d = d;
  }

  get index(): number {
    return this.#document.index;
  }

  get document(): unknown {
    return this.#document.object;
  }

  get figures(): DocumentFigures {
    return this.#group.figuresOf(this.#d);
  }

  get source(): Uint8Array {
    return this.#document.line;
  }

  get line(): Uint8Array {
    const bytes = new PendingBytes();
    this.writeTo(bytes);
    return bytes.view();
  }

  get #document(): SourceDocument {
    return this.#group.documents[this.#d];
  }

  writeTo(out: PendingBytes): void {
    const { json, layout } = this.#group;
    const { as, name, figuresOnly, id } = layout;
    const document = this.#document;
    if (!figuresOnly) {
      if (document.hasMember) refuseMember(as, document.place);
      writeWithMember(out, document.line, name, to => json.writeTo(to, this.#d));
    } else if (id === undefined) {
      json.writeTo(out, this.#d);
    } else {
      const value = memberText(decode(document.line), id) ?? 'null';
      writeText(out, `{${JSON.stringify(id)}:${value},`);
      // The figures without their opening brace.
      json.writeTo(out, this.#d, 1);
    }
  }
}

/** Warns if the documents look like the training text of the second model. */
class Guard {
  private documents = 0;
  private tokens = 0;
  private matched = 0;
  private ended = false;

  constructor(
    private readonly order: number,
    private readonly onWarning: ((warning: string) => void) | undefined,
  ) {}

  look(documents: ScoredDocuments<unknown>): void {
    if (this.ended) return;
    for (const { againstSum } of documents) {
      if (!againstSum) continue;
      this.tokens += againstSum.tokens;
      this.matched += againstSum.matched;
      if (++this.documents === GUARDED) break;
    }
    if (this.documents === GUARDED) this.end();
  }

  end(): void {
    if (this.ended || this.tokens === 0) return;
    this.ended = true;
    const mean = this.matched / this.tokens;
    if (mean < SEEN_SHARE * this.order) return;
    this.onWarning?.(
      `the second model finds n-grams of ${mean.toFixed(2)} tokens on average, of at most ${this.order}: it looks as if it was ` +
        'trained on these documents. It recites them, and the ratio says little; use --target, or a model of other documents',
    );
  }
}
