import type { TokenSpreads } from '../model/prediction/token-spreads.js';
import { sumStretches, type StretchSums, type TokenScores } from '../model/scoring/pieces.js';
import { IdSink } from '../model/scoring/text-reader.js';
import type { TokenSums } from '../model/scoring/perplexity.js';
import type { TokenScoring } from '../model/token-scoring.js';
import { createFeeder } from '../text/feeder.js';
import { PieceBuilder } from '../text/formats/corpus.js';
import { canonicalSurface, decode } from '../text/surface.js';
import type { TextFeeder, TokenSink } from '../text/tokenizer.js';
import { EOS_WORD, NEWLINE } from '../text/tokens.js';
import { inTextOrder, ordered, type WordOrder } from '../text/word-order.js';

/** Tokens of a task that computes distributions, each of which takes a hundred times as long as a score. */
const SPREAD_WORDS = 256;

/** The part of a document that is one sentence: each line (`lines`), or the whole document with its line ends read as spaces. */
export type DocumentUnit = 'lines' | 'document';

/** The sums over the tokens of a document. */
export interface DocumentSums extends TokenSums {
  /** Σ of the lengths of the n-grams that the model found [tokens]. */
  readonly matched: number;
}

/** A document with its scores. */
export interface ScoredDocument<D> {
  readonly document: D;
  readonly sentences: number;
  /** Length of its text in UTF-8, with the line end after its last line [bytes]. */
  readonly bytes: number;
  /** The sums over its tokens under the model. */
  readonly sum: DocumentSums;
  /** The sums over its tokens under the model with which it is compared. It has as many tokens there, unless only one of the models leaves out blank lines. */
  readonly againstSum: DocumentSums | undefined;
  /** Its tokens; `undefined` unless `DocumentScoring.byToken` is true. */
  readonly byToken: ScoredTokens | undefined;
}

/** The tokens of a document, and the scores of each. */
export interface ScoredTokens {
  readonly scores: TokenScores;
  /** By token, its id in the model. */
  readonly ids: Uint32Array;
  /** By token, figures of the distribution after its history; `undefined` unless `DocumentScoring.spreads` is true. */
  readonly spreads: TokenSpreads | undefined;
  /** By token, the token as the model reads it; `undefined` unless `DocumentScoring.texts` is true. */
  readonly texts: readonly string[] | undefined;
}

/** The part of a document that scoring needs. */
interface Scorable {
  readonly index: number;
  readonly text: string | undefined;
  /** Frees the memory that only tokenizing needs; called after it, while documents wait for their scores. */
  release?(): void;
}

/** How documents are scored. */
export interface DocumentScoring {
  readonly model: TokenScoring;
  /** The models that a document may be compared with. */
  readonly against?: readonly TokenScoring[];
  /** Returns, for the index of a document, which model of `against` it is compared with. Default: the first. */
  readonly choose?: (index: number) => number;
  readonly unit: DocumentUnit;
  /** Whether the scores of each token are needed, and not only sums, which the threads add up. Default false. */
  readonly byToken?: boolean;
  /** With `byToken`: whether the tokens themselves are needed. */
  readonly texts?: boolean;
  /** With `byToken`: whether figures of the distributions after the tokens' histories are needed. */
  readonly spreads?: boolean;
}

/**
 * Input: documents. Output: the same documents with their scores, in the same sequence, some documents at a time. Documents are
 * tokenized on this thread and scored by the model's threads, in tasks of whole documents with at least `TokenScoring.taskTokens`
 * tokens together.
 */
export async function* scoreDocuments<D extends Scorable>(
  documents: AsyncIterable<readonly D[]> | Iterable<readonly D[]>,
  scoring: DocumentScoring,
): AsyncGenerator<readonly ScoredDocument<D>[]> {
  const waiting: Promise<readonly ScoredDocument<D>[]>[] = [];
  const { model } = scoring;
  const task = new Task<D>(scoring);
  const dispatch = (): void => {
    const scored = task.score();
    // The promise is awaited later; without this, an earlier failure would count as unhandled.
    scored.catch(() => undefined);
    waiting.push(scored);
  };
  for await (const some of documents) {
    for (const document of some) {
      task.add(document);
      if (!task.full) continue;
      dispatch();
      const oldest = waiting.length > model.waiting ? waiting.shift() : undefined;
      if (oldest) yield await oldest;
    }
  }
  if (!task.empty) dispatch();
  for (const due of waiting) yield await due;
}

/** Documents that are scored together. */
class Task<D extends Scorable> {
  private documents: WaitingDocument<D>[] = [];
  private readonly own: Stretches;
  private readonly others: readonly Stretches[];
  private readonly builder = new PieceBuilder();
  private readonly feeders: readonly TextFeeder[];
  private texts: string[] | undefined;
  /** With a model that reads words in another order than the text: by sentence, its first index in the ids, and where each of its tokens stands in the sentence. */
  private moved: { readonly from: number; readonly places: Uint32Array }[] = [];

  private readonly model: TokenScoring;
  private readonly choose: (index: number) => number;
  private readonly unit: DocumentUnit;
  private readonly byToken: boolean;
  private readonly withSpreads: boolean;

  constructor(scoring: DocumentScoring) {
    const { model, against = [], choose = () => 0, unit, byToken = false, texts = false, spreads = false } = scoring;
    this.model = model;
    this.choose = choose;
    this.unit = unit;
    this.byToken = byToken;
    this.withSpreads = spreads;
    this.own = new Stretches(model);
    this.others = against.map(other => new Stretches(other));
    this.texts = texts ? [] : undefined;
    const names: TokenSink | undefined = texts ? this.textSink() : undefined;
    const others = this.others.length > 0 ? this.others : [undefined];
    const onSentence = (places: Uint32Array): void => {
      this.moved.push({ from: this.own.sink.length - places.length, places });
    };
    const { order } = model.parts.tokenization;
    const sink = names ? new Fan([this.own.sink, names]) : this.own.sink;
    const own = ordered(order, sink, byToken ? onSentence : undefined);
    this.feeders = others.map(other => {
      const sink = other ? new Fan([own, ordered(other.order, other.sink)]) : own;
      return createFeeder(model.parts.tokenization, sink, model.words, 'a document');
    });
  }

  get full(): boolean {
    return this.own.sink.length >= (this.withSpreads ? SPREAD_WORDS : this.model.taskTokens);
  }

  get empty(): boolean {
    return this.documents.length === 0;
  }

  add(document: D): void {
    const { own, others, builder, model } = this;
    const { words } = model;
    const other = others.length > 0 ? this.choose(document.index) : 0;
    const { sentences } = own.sink;
    let bytes = 0;
    if (document.text !== undefined) {
      builder.addText(document.text);
      const text = builder.take().bytes;
      if (this.unit === 'document') joinLines(text);
      words.extraBytes = 0;
      this.feeders[other].feed(text);
      bytes = text.length + words.extraBytes;
    }
    document.release?.();
    const otherIndex = others.length > 0 ? others[other].end() : 0;
    own.end();
    this.documents.push({ document, sentences: own.sink.sentences - sentences, bytes, other, otherIndex });
  }

  /** Scores the documents so far, and begins the next task. */
  async score(): Promise<readonly ScoredDocument<D>[]> {
    const { documents, own, byToken, withSpreads, model, moved } = this;
    this.documents = [];
    this.moved = [];
    const read = this.texts;
    if (read) this.texts = [];
    const against = this.others.map(other => other.sums());
    if (!byToken) {
      const [sums, others] = await Promise.all([own.sums(), Promise.all(against)]);
      return documents.map((one, d) => scoredDocument(one, sums.of(d), others, undefined));
    }
    const taken = own.take();
    const { ends } = taken;
    const spreading = withSpreads ? model.spreads(taken.ids.slice()) : undefined;
    const [found, spread, others] = await Promise.all([
      model.score(taken.ids.slice()),
      spreading,
      Promise.all(against),
    ]);
    const sums = new SumsByDocument(sumStretches(found, ends), ends);
    const places = moved.length > 0 ? placesOf(moved, taken.ids.length) : undefined;
    const ids = inTextOrder(taken.ids, places);
    const texts = read && inTextOrder(read, places);
    const scores = allInTextOrder(found, places);
    const spreads = spread && allInTextOrder(spread, places);
    return documents.map((one, d) => {
      const [from, to] = [d === 0 ? 0 : ends[d - 1], ends[d]];
      const tokens = {
        scores: {
          log10Probs: scores.log10Probs.subarray(from, to),
          matched: scores.matched.subarray(from, to),
          oov: scores.oov.subarray(from, to),
        },
        ids: ids.subarray(from, to),
        spreads: spreads && {
          ranks: spreads.ranks.subarray(from, to),
          entropies: spreads.entropies.subarray(from, to),
          secondMoments: spreads.secondMoments.subarray(from, to),
        },
        texts: texts?.slice(from, to),
      };
      return scoredDocument(one, sums.of(d), others, tokens);
    });
  }

  /** Collects the tokens as the model reads them. */
  private textSink(): TokenSink {
    const { lowercase, skipBlank } = this.model.parts.manifest.options;
    let lineTokens = 0;
    return {
      token: (bytes, from, to) => {
        const part = bytes.subarray(from, to);
        this.texts?.push(decode(canonicalSurface(part, lowercase)?.bytes ?? part));
        lineTokens++;
      },
      line: () => {
        if (lineTokens > 0 || !skipBlank) this.texts?.push(EOS_WORD);
        lineTokens = 0;
      },
    };
  }
}

/** By token of a task, its place in the order of the text. @param moved the sentences that are in another order. */
function placesOf(
  moved: readonly { readonly from: number; readonly places: Uint32Array }[],
  tokens: number,
): Uint32Array {
  const all = Uint32Array.from({ length: tokens }, (_, i) => i);
  for (const { from, places } of moved) for (let i = 0; i < places.length; i++) all[from + i] = from + places[i];
  return all;
}

/** An object of arrays by token, each of them as {@link inTextOrder} returns it. */
function allInTextOrder<Arrays extends object>(arrays: Arrays, places: Uint32Array | undefined): Arrays {
  if (!places) return arrays;
  const entries = Object.entries(arrays) as [string, Float64Array | Uint32Array | Uint8Array][];
  return Object.fromEntries(entries.map(([name, values]) => [name, inTextOrder(values, places)])) as Arrays;
}

/** A document of a task that waits for its scores. Thousands of documents wait: it is small, because the garbage collector copies it. */
interface WaitingDocument<D> {
  readonly document: D;
  readonly sentences: number;
  readonly bytes: number;
  /** Which model of `against` it is compared with. */
  readonly other: number;
  /** Its index among the documents of the task that are compared with that model. */
  readonly otherIndex: number;
}

function scoredDocument<D>(
  { document, sentences, bytes, other, otherIndex }: WaitingDocument<D>,
  sum: DocumentSums,
  others: readonly SumsByDocument[],
  byToken: ScoredTokens | undefined,
): ScoredDocument<D> {
  const againstSum = others.length > 0 ? others[other].of(otherIndex) : undefined;
  return { document, sentences, bytes, sum, againstSum, byToken };
}

/** The documents of a task as ids of one model: one document after another, each a stretch of the ids. */
class Stretches {
  readonly sink: IdSink;
  /** The order in which the model reads sentences. */
  readonly order: WordOrder | undefined;
  /** The end of each document in the ids. */
  private ends: number[] = [];

  constructor(private readonly model: TokenScoring) {
    this.order = model.parts.tokenization.order;
    this.sink = new IdSink(model.words, model.parts.manifest.options.skipBlank);
  }

  /** Ends a document. @returns its index among the documents of this model. */
  end(): number {
    return this.ends.push(this.sink.length) - 1;
  }

  /** The ids, and the end of each document in them; begins the next task. */
  take(): { readonly ids: Uint32Array<ArrayBuffer>; readonly ends: Uint32Array<ArrayBuffer> } {
    const ends = Uint32Array.from(this.ends);
    this.ends = [];
    return { ids: this.sink.take().slice(), ends };
  }

  /** Scores the documents, and begins the next task. */
  async sums(): Promise<SumsByDocument> {
    const { ids, ends } = this.take();
    return new SumsByDocument(await this.model.sums(ids, ends), ends);
  }
}

/** The sums of the documents of a task under one model. */
class SumsByDocument {
  constructor(
    private readonly sums: StretchSums,
    private readonly ends: Uint32Array,
  ) {}

  /** The sums of document `d`. */
  of(d: number): DocumentSums {
    const { sums, ends } = this;
    return {
      tokens: ends[d] - (d === 0 ? 0 : ends[d - 1]),
      oov: sums.oov[d],
      knownLog10Prob: sums.knownLog10Prob[d],
      oovLog10Prob: sums.oovLog10Prob[d],
      matched: sums.matched[d],
    };
  }
}

/** Makes a document one line: every line end except the last becomes a space. */
function joinLines(text: Uint8Array): void {
  const last = text.length - 1;
  for (let at = text.indexOf(NEWLINE); at >= 0 && at < last; at = text.indexOf(NEWLINE, at + 1)) text[at] = 0x20;
}

/** Gives each token and line end to several sinks. */
class Fan implements TokenSink {
  constructor(private readonly sinks: readonly TokenSink[]) {}

  token(bytes: Uint8Array, from: number, to: number, hash: number): void {
    for (const sink of this.sinks) sink.token(bytes, from, to, hash);
  }

  line(): void {
    for (const sink of this.sinks) sink.line();
  }
}
