import { IdSink } from '../model/scoring/text-reader.js';
import type { TokenScoring } from '../model/token-scoring.js';
import { createFeeder } from '../text/feeder.js';
import { PieceBuilder } from '../text/formats/corpus.js';
import { canonicalSurface, decode } from '../text/surface.js';
import type { TextFeeder, TokenSink } from '../text/tokenizer.js';
import { EOS_WORD, NEWLINE } from '../text/tokens.js';
import { ordered, type WordOrder } from '../text/word-order.js';
import type { DocumentScoring } from './document-scoring.js';

/** The part of a document that tokenizing needs. */
export interface Scorable {
  readonly index: number;
  readonly text: string | undefined;
  /** Frees the memory that only tokenizing needs; called after it, while documents wait for their scores. */
  release?(): void;
}

/** The ids of documents under one model. */
export interface DocumentIds {
  readonly ids: Uint32Array;
  /** By document, its end in `ids`. */
  readonly ends: Uint32Array;
}

/**
 * Documents that were tokenized together, in arrays by document: thousands of documents wait for their scores, and the garbage collector
 * would copy an object for each.
 */
export interface TokenizedDocuments<D> {
  readonly documents: readonly D[];
  readonly sentences: readonly number[];
  /** Length of the text in UTF-8 [bytes]. */
  readonly bytes: readonly number[];
  /** Σ log10 p of the spellings of the document's OOVs. */
  readonly spellings: readonly number[];
  /** Which model of `against` the document is compared with; empty without such models. */
  readonly chosen: readonly number[];
  readonly own: DocumentIds;
  /** By model of `against`, the ids of the documents that are compared with it. */
  readonly others: readonly DocumentIds[];
  /** By token, the token as the model reads it; empty unless `DocumentScoring.texts` is true. */
  readonly texts: string[];
  /** By token, its place in the order of the text; empty if the model reads words in that order, or `DocumentScoring.byToken` is false. */
  readonly places: Uint32Array;
}

/** Tokenizes documents for a model, and for the models that they are compared with. */
export class DocumentTokenizer<D extends Scorable> {
  private documents: D[] = [];
  private sentences: number[] = [];
  private bytes: number[] = [];
  private spellings: number[] = [];
  private chosen: number[] = [];
  private texts: string[] = [];
  /** In a model of another word order than that of the text, the sentences' places in the text, with the index of their first token. */
  private moved: { readonly from: number; readonly places: Uint32Array }[] = [];
  /** Σ log10 p of the spellings of the OOVs of the present document. */
  private spellingLog10Prob = 0;
  private readonly own: IdCollector;
  private readonly others: readonly IdCollector[];
  private readonly builder = new PieceBuilder();
  private readonly feeders: readonly TextFeeder[];

  /** @param most the tokens after which no further document is taken together with those before. */
  constructor(
    private readonly scoring: DocumentScoring,
    private readonly most: number,
  ) {
    const { model, against = [], byToken = false, texts = false } = scoring;
    this.own = new IdCollector(model, token => {
      this.spellingLog10Prob += model.words.spell(token);
    });
    this.others = against.map(other => new IdCollector(other));
    const onSentence = (places: Uint32Array): void => {
      this.moved.push({ from: this.own.sink.length - places.length, places });
    };
    const { order } = model.parts.tokenization;
    const sink = texts ? new Fan([this.own.sink, this.textSink()]) : this.own.sink;
    const own = ordered(order, sink, byToken ? onSentence : undefined);
    const others = this.others.length > 0 ? this.others : [undefined];
    this.feeders = others.map(other => {
      const both = other ? new Fan([own, ordered(other.order, other.sink)]) : own;
      return createFeeder(model.parts.tokenization, both, model.words, 'a document');
    });
  }

  /** Tokenizes documents, some at a time. */
  async *tokenize(
    documents: AsyncIterable<readonly D[]> | Iterable<readonly D[]>,
  ): AsyncGenerator<TokenizedDocuments<D>> {
    for await (const some of documents) {
      for (const document of some) {
        this.add(document);
        if (this.own.sink.length >= this.most) yield this.take();
      }
      if (this.documents.length > 0) yield this.take();
    }
  }

  private add(document: D): void {
    const { own, others, builder } = this;
    const { model, choose = () => 0, unit } = this.scoring;
    const { words } = model;
    const other = others.length > 0 ? choose(document.index) : 0;
    const { sentences } = own.sink;
    let bytes = 0;
    if (document.text !== undefined) {
      builder.addText(document.text);
      const text = builder.take().bytes;
      if (unit === 'document') joinLines(text);
      words.extraBytes = 0;
      this.feeders[other].feed(text);
      bytes = text.length + words.extraBytes;
    }
    document.release?.();
    if (others.length > 0) {
      this.chosen.push(other);
      others[other].end();
    }
    own.end();
    this.documents.push(document);
    this.sentences.push(own.sink.sentences - sentences);
    this.bytes.push(bytes);
    this.spellings.push(this.spellingLog10Prob);
    this.spellingLog10Prob = 0;
  }

  /** The documents so far; the next document begins another group. */
  private take(): TokenizedDocuments<D> {
    const { documents, sentences, bytes, spellings, chosen, texts, moved } = this;
    this.documents = [];
    this.sentences = [];
    this.bytes = [];
    this.spellings = [];
    this.chosen = [];
    this.texts = [];
    this.moved = [];
    const own = this.own.take();
    const others = this.others.map(other => other.take());
    const places = placesOf(moved, own.ids.length);
    return { documents, sentences, bytes, spellings, chosen, own, others, texts, places };
  }

  /** Collects the tokens as the model reads them. */
  private textSink(): TokenSink {
    const { lowercase, skipBlank } = this.scoring.model.parts.manifest.options;
    let lineTokens = 0;
    return {
      token: (bytes, from, to) => {
        const part = bytes.subarray(from, to);
        this.texts.push(decode(canonicalSurface(part, lowercase)?.bytes ?? part));
        lineTokens++;
      },
      line: () => {
        if (lineTokens > 0 || !skipBlank) this.texts.push(EOS_WORD);
        lineTokens = 0;
      },
    };
  }
}

/** Groups of documents as one group. */
export function joinDocuments<D>(groups: readonly TokenizedDocuments<D>[]): TokenizedDocuments<D> {
  if (groups.length === 1) return groups[0];
  const [{ others }] = groups;
  return {
    documents: joinLists(groups, ({ documents }) => documents),
    sentences: joinLists(groups, ({ sentences }) => sentences),
    bytes: joinLists(groups, ({ bytes }) => bytes),
    spellings: joinLists(groups, ({ spellings }) => spellings),
    chosen: joinLists(groups, ({ chosen }) => chosen),
    own: joinIds(groups.map(({ own }) => own)),
    others: others.map((_, o) => joinIds(groups.map(group => group.others[o]))),
    texts: joinLists(groups, ({ texts }) => texts),
    places: joinPlaces(groups),
  };
}

/** The lists of all groups, one after another. (`flatMap` takes ten times as long.) */
function joinLists<D, T>(
  groups: readonly TokenizedDocuments<D>[],
  listOf: (group: TokenizedDocuments<D>) => readonly T[],
): T[] {
  const all: T[] = [];
  for (const group of groups) for (const item of listOf(group)) all.push(item);
  return all;
}

function joinIds(groups: readonly DocumentIds[]): DocumentIds {
  const ids = new Uint32Array(groups.reduce((sum, group) => sum + group.ids.length, 0));
  const ends = new Uint32Array(groups.reduce((sum, group) => sum + group.ends.length, 0));
  let [at, document] = [0, 0];
  for (const group of groups) {
    ids.set(group.ids, at);
    for (const end of group.ends) ends[document++] = at + end;
    at += group.ids.length;
  }
  return { ids, ends };
}

function joinPlaces(groups: readonly TokenizedDocuments<unknown>[]): Uint32Array {
  const all = new Uint32Array(groups.reduce((sum, { places }) => sum + places.length, 0));
  let at = 0;
  for (const { places } of groups) {
    for (let i = 0; i < places.length; i++) all[at + i] = at + places[i];
    at += places.length;
  }
  return all;
}

/** By token, its place in the order of the text. @param moved the sentences in another order; if there is none, the result is empty. */
function placesOf(
  moved: readonly { readonly from: number; readonly places: Uint32Array }[],
  tokens: number,
): Uint32Array {
  if (moved.length === 0) return NO_PLACES;
  const all = Uint32Array.from({ length: tokens }, (_, i) => i);
  for (const { from, places } of moved) for (let i = 0; i < places.length; i++) all[from + i] = from + places[i];
  return all;
}

const NO_PLACES = new Uint32Array(0);

/** Collects the ids of documents under one model. */
class IdCollector {
  readonly sink: IdSink;
  /** The order in which the model reads sentences. */
  readonly order: WordOrder | undefined;
  /** The end of each document in the ids. */
  private ends: number[] = [];

  /** @param onUnknown as of {@link IdSink}. */
  constructor(model: TokenScoring, onUnknown?: (token: Uint8Array) => void) {
    this.order = model.parts.tokenization.order;
    this.sink = new IdSink(model.words, model.parts.manifest.options.skipBlank, onUnknown);
  }

  /** Ends a document. */
  end(): void {
    this.ends.push(this.sink.length);
  }

  /** The ids in memory of their own, and the end of each document in them. */
  take(): DocumentIds {
    const ends = new Uint32Array(this.ends);
    this.ends = [];
    return { ids: this.sink.take().slice(), ends };
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
