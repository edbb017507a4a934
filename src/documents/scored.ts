import type { TokenSpreads } from '../model/prediction/token-spreads.js';
import type { TokenScores } from '../model/scoring/pieces.js';
import { IdSink } from '../model/scoring/text-reader.js';
import { PIECE_WORDS, PieceSum, type TokenSums } from '../model/scoring/perplexity.js';
import type { TokenScoring } from '../model/token-scoring.js';
import { createFeeder } from '../text/feeder.js';
import { PieceBuilder } from '../text/formats/corpus.js';
import { canonicalSurface, decode } from '../text/surface.js';
import type { TextFeeder, TokenSink } from '../text/tokenizer.js';
import { EOS_WORD, NEWLINE } from '../text/tokens.js';

/** Tokens of a task that computes distributions, each of which takes a hundred times as long as a score. */
const SPREAD_WORDS = 256;

/** The part of a document that is one sentence: each line (`lines`), or the whole document with its line ends read as spaces. */
export type DocumentUnit = 'lines' | 'document';

/** A document with the scores of its tokens. */
export interface ScoredDocument<D> {
  readonly document: D;
  readonly sentences: number;
  /** Length of its text in UTF-8, with the line end after its last line [bytes]. */
  readonly bytes: number;
  /** The sums over its tokens under the model. */
  readonly sum: TokenSums;
  /** The sums over its tokens under the model with which it is compared. */
  readonly againstSum: TokenSums | undefined;
  /** The scores of each token. */
  readonly scores: TokenScores;
  /** The scores of each token under the model with which it is compared. There are as many, unless only one of the models leaves out blank lines. */
  readonly against: TokenScores | undefined;
  /** By token, its id in the model. */
  readonly ids: Uint32Array;
  /** By token, figures of the distribution after its history; `undefined` unless `DocumentScoring.spreads` is true. */
  readonly spreads: TokenSpreads | undefined;
  /** By token, the token as the model reads it; `undefined` unless `DocumentScoring.tokens` is true. */
  readonly tokens: readonly string[] | undefined;
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
  /** Whether the tokens themselves are needed. */
  readonly tokens?: boolean;
  /** Whether figures of the distributions after the tokens' histories are needed. */
  readonly spreads?: boolean;
}

/**
 * Input: documents. Output: the same documents with the scores of their tokens, in the same sequence, some documents at a time.
 * Documents are tokenized on this thread and scored by the model's threads, in tasks of whole documents with at least
 * {@link PIECE_WORDS} tokens together.
 */
export async function* scoreDocuments<D extends Scorable>(
  documents: AsyncIterable<readonly D[]> | Iterable<readonly D[]>,
  scoring: DocumentScoring,
): AsyncGenerator<readonly ScoredDocument<D>[]> {
  const waiting: Promise<ScoredDocument<D>[]>[] = [];
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
      for (let due = waiting.length > model.waiting && waiting.shift(); due; due = false) yield await due;
    }
  }
  if (!task.empty) dispatch();
  for (const due of waiting) yield await due;
}

/** Documents that are scored together. */
class Task<D extends Scorable> {
  private placed: TaskDocument<D>[] = [];
  private readonly own: IdSink;
  private readonly others: readonly IdSink[];
  private readonly builder = new PieceBuilder();
  private readonly feeders: readonly TextFeeder[];
  private tokens: string[] | undefined;

  private readonly model: TokenScoring;
  private readonly against: readonly TokenScoring[];
  private readonly choose: (index: number) => number;
  private readonly unit: DocumentUnit;
  private readonly withSpreads: boolean;

  constructor({ model, against = [], choose = () => 0, unit, tokens = false, spreads = false }: DocumentScoring) {
    this.model = model;
    this.against = against;
    this.choose = choose;
    this.unit = unit;
    this.withSpreads = spreads;
    this.own = sinkOf(model);
    this.others = against.map(sinkOf);
    this.tokens = tokens ? [] : undefined;
    const names: TokenSink | undefined = tokens ? this.tokenNames() : undefined;
    const sinks = this.others.length > 0 ? this.others : [undefined];
    this.feeders = sinks.map(other => {
      const all = [this.own, other, names].filter(sink => sink !== undefined);
      const sink = all.length === 1 ? this.own : new Fan(all);
      return createFeeder(model.parts.tokenization, sink, model.words, 'a document');
    });
  }

  get full(): boolean {
    return this.own.length >= (this.withSpreads ? SPREAD_WORDS : PIECE_WORDS);
  }

  get empty(): boolean {
    return this.placed.length === 0;
  }

  add(document: D): void {
    const { own, others, builder, model } = this;
    const { words } = model;
    const other = others.length > 0 ? this.choose(document.index) : 0;
    const [from, otherFrom, sentences] = [own.length, others.at(other)?.length ?? 0, own.sentences];
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
    const otherTo = others.at(other)?.length ?? 0;
    this.placed.push(
      new TaskDocument(document, own.sentences - sentences, bytes, from, own.length, other, otherFrom, otherTo),
    );
  }

  /** Scores the documents so far, and begins the next task. */
  async score(): Promise<ScoredDocument<D>[]> {
    const { placed, tokens, model, against } = this;
    const ids = this.own.take().slice();
    const scoring = [model.score(ids.slice()), ...this.others.map((sink, i) => against[i].score(sink.take().slice()))];
    this.placed = [];
    if (tokens) this.tokens = [];
    const spreading = this.withSpreads ? model.spreads(ids.slice()) : Promise.resolve(undefined);
    const [spreads, [scores, ...others]] = await Promise.all([spreading, Promise.all(scoring)]);
    const task = { ids, scores, others, tokens, spreads };
    for (const document of placed) document.finish(task);
    return placed;
  }

  /** Collects the tokens as the model reads them. */
  private tokenNames(): TokenSink {
    const { lowercase, skipBlank } = this.model.parts.manifest.options;
    let lineTokens = 0;
    return {
      token: (bytes, from, to) => {
        const part = bytes.subarray(from, to);
        this.tokens?.push(decode(canonicalSurface(part, lowercase)?.bytes ?? part));
        lineTokens++;
      },
      line: () => {
        if (lineTokens > 0 || !skipBlank) this.tokens?.push(EOS_WORD);
        lineTokens = 0;
      },
    };
  }
}

/** The arrays by token of a whole task. */
interface TaskScores {
  readonly ids: Uint32Array;
  readonly scores: TokenScores;
  readonly others: readonly TokenScores[];
  readonly tokens: readonly string[] | undefined;
  readonly spreads: TokenSpreads | undefined;
}

/** A scored document. Its arrays by token are cut out of the arrays of its task only when they are asked for, because most figures need only sums. */
class TaskDocument<D> implements ScoredDocument<D> {
  /** Made when the scores are there: less memory for waiting documents is less work for the garbage collector. */
  sum: TokenSums = NO_SUM;
  againstSum: TokenSums | undefined = undefined;
  private task: TaskScores = NOT_SCORED;

  constructor(
    readonly document: D,
    readonly sentences: number,
    readonly bytes: number,
    /** Its tokens are `from` ≤ t < `to` of the tokens of its task. */
    private readonly from: number,
    private readonly to: number,
    /** Which model of `against` it is compared with. */
    private readonly other: number,
    /** Its tokens are `otherFrom` ≤ t < `otherTo` of that model's tokens. */
    private readonly otherFrom: number,
    private readonly otherTo: number,
  ) {}

  /** Takes the scores of its task. */
  finish(task: TaskScores): void {
    const { from, to, other, otherFrom, otherTo } = this;
    this.task = task;
    const own = new PieceSum();
    own.addWords(task.scores.log10Probs, task.scores.oov, from, to);
    this.sum = own;
    if (task.others.length === 0) return;
    const { log10Probs, oov } = task.others[other];
    const sum = new PieceSum();
    sum.addWords(log10Probs, oov, otherFrom, otherTo);
    this.againstSum = sum;
  }

  get scores(): TokenScores {
    return partOf(this.task.scores, this.from, this.to);
  }

  get against(): TokenScores | undefined {
    const { other, otherFrom, otherTo } = this;
    const scores = this.task.others.at(other);
    return scores && partOf(scores, otherFrom, otherTo);
  }

  get ids(): Uint32Array {
    return this.task.ids.subarray(this.from, this.to);
  }

  get spreads(): TokenSpreads | undefined {
    const { spreads } = this.task;
    const { from, to } = this;
    return (
      spreads && {
        ranks: spreads.ranks.subarray(from, to),
        entropies: spreads.entropies.subarray(from, to),
        secondMoments: spreads.secondMoments.subarray(from, to),
      }
    );
  }

  get tokens(): readonly string[] | undefined {
    return this.task.tokens?.slice(this.from, this.to);
  }
}

const NO_SUM: TokenSums = new PieceSum();
const NO_SCORES = { log10Probs: new Float64Array(0), matched: new Uint8Array(0), oov: new Uint8Array(0) };
/** Stands for the scores of a task that is not scored yet. */
const NOT_SCORED: TaskScores = {
  ids: new Uint32Array(0),
  scores: NO_SCORES,
  others: [],
  tokens: undefined,
  spreads: undefined,
};

function sinkOf({ words, parts }: TokenScoring): IdSink {
  return new IdSink(words, parts.manifest.options.skipBlank);
}

function partOf({ log10Probs, matched, oov }: TokenScores, from: number, to: number): TokenScores {
  return {
    log10Probs: log10Probs.subarray(from, to),
    matched: matched.subarray(from, to),
    oov: oov.subarray(from, to),
  };
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
