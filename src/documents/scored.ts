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
  /** Σ log10 of the probability that an unknown word is spelled as each OOV of its text is, under the model. */
  readonly spellingLog10Prob: number;
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

/** Documents that were scored together, in sequence. An object for each of them is made only when it is asked for. */
export class ScoredDocuments<D> implements Iterable<ScoredDocument<D>> {
  /**
   * @param placed the documents, with the sentences, lengths and spellings of each.
   * @param sums the sums under the model, by document.
   * @param others by model of `DocumentScoring.against`, the sums of the documents that are compared with it.
   * @param tokensOf the tokens of a document; `undefined` unless `DocumentScoring.byToken` is true.
   */
  constructor(
    private readonly placed: Placed<D>,
    private readonly sums: SumsByDocument,
    private readonly others: readonly SumsByDocument[],
    private readonly tokensOf?: (d: number) => ScoredTokens,
  ) {}

  get documents(): readonly D[] {
    return this.placed.documents;
  }

  /** Document `d` with its scores. */
  at(d: number): ScoredDocument<D> {
    const { placed, sums, others, tokensOf } = this;
    return {
      document: placed.documents[d],
      sentences: placed.sentences[d],
      bytes: placed.bytes[d],
      spellingLog10Prob: placed.spellings[d],
      sum: sums.of(d),
      againstSum: others.length > 0 ? others[placed.others[d]].of(placed.places[d]) : undefined,
      byToken: tokensOf?.(d),
    };
  }

  *[Symbol.iterator](): Generator<ScoredDocument<D>, void, void> {
    for (let d = 0; d < this.documents.length; d++) yield this.at(d);
  }
}

/**
 * Input: documents. Output: the same documents with their scores, in the same sequence, some documents at a time. Documents are
 * tokenized on this thread and scored by the model's threads, in tasks of whole documents with at least `TokenScoring.taskTokens`
 * tokens together.
 */
export async function* scoreDocuments<D extends Scorable>(
  documents: AsyncIterable<readonly D[]> | Iterable<readonly D[]>,
  scoring: DocumentScoring,
): AsyncGenerator<ScoredDocuments<D>> {
  const waiting: Promise<ScoredDocuments<D>>[] = [];
  const { model } = scoring;
  const task = new Task<D>(scoring);
  const dispatch = (): void => {
    const scored = task.score();
    // The promise is awaited later; without this, an earlier failure would count as unhandled.
    scored.catch(() => undefined);
    waiting.push(scored);
  };
  for await (const some of documents) {
    for (let next = 0; next < some.length;) {
      next = task.fill(some, next);
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
  private placed = new Placed<D>();
  /** Σ log10 p of the spellings of the OOVs of the present document. */
  private spellingLog10Prob = 0;
  private readonly own: Stretches;
  private readonly others: readonly Stretches[];
  private readonly builder = new PieceBuilder();
  private readonly feeders: readonly TextFeeder[];
  private texts: string[] | undefined;
  /** In a model of another word order than that of the text, the sentences' places in the text, with the index of their first token. */
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
    this.own = new Stretches(model, token => {
      this.spellingLog10Prob += model.words.spell(token);
    });
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
    return this.placed.documents.length === 0;
  }

  /** Adds documents until the task is full. @param from the first of them. @returns the first that it did not add. */
  fill(documents: readonly D[], from: number): number {
    let at = from;
    while (at < documents.length && !this.full) this.add(documents[at++]);
    return at;
  }

  private add(document: D): void {
    const { own, others, builder, model, placed } = this;
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
    if (others.length > 0) {
      placed.others.push(other);
      placed.places.push(others[other].end());
    }
    own.end();
    placed.documents.push(document);
    placed.sentences.push(own.sink.sentences - sentences);
    placed.bytes.push(bytes);
    placed.spellings.push(this.spellingLog10Prob);
    this.spellingLog10Prob = 0;
  }

  /** Scores the documents so far, and begins the next task. */
  async score(): Promise<ScoredDocuments<D>> {
    const { placed, own, byToken, withSpreads, model, moved } = this;
    this.placed = new Placed();
    this.moved = [];
    const read = this.texts;
    if (read) this.texts = [];
    const against = this.others.map(other => other.sums());
    if (!byToken) {
      const [sums, others] = await Promise.all([own.sums(), Promise.all(against)]);
      return new ScoredDocuments(placed, sums, others);
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
    return new ScoredDocuments(placed, sums, others, d => {
      const [from, to] = [d === 0 ? 0 : ends[d - 1], ends[d]];
      return {
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

/**
 * The documents of a task that wait for their scores, in arrays by document: thousands of documents wait, and the garbage collector would
 * copy an object for each.
 */
class Placed<D> {
  readonly documents: D[] = [];
  readonly sentences: number[] = [];
  readonly bytes: number[] = [];
  /** By document, Σ log10 p of the spellings of its OOVs. */
  readonly spellings: number[] = [];
  /** By document, the index in `against` of the model with which it is compared; empty without such models. */
  readonly others: number[] = [];
  /** By document, its place among the documents of the task that are compared with the same model; empty without such models. */
  readonly places: number[] = [];
}

/** The ids of the documents of a task under one model. */
class Stretches {
  readonly sink: IdSink;
  /** The order in which the model reads sentences. */
  readonly order: WordOrder | undefined;
  /** The end of each document in the ids. */
  private ends: number[] = [];

  /** @param onUnknown as of {@link IdSink}. */
  constructor(
    private readonly model: TokenScoring,
    onUnknown?: (token: Uint8Array) => void,
  ) {
    this.order = model.parts.tokenization.order;
    this.sink = new IdSink(model.words, model.parts.manifest.options.skipBlank, onUnknown);
  }

  /** Ends a document. @returns its place among the documents. */
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
