import type { Estimator } from '../../smoothing/estimator.js';
import type { BlendEvidence, ClassEvidence } from '../../smoothing/blend-evidence.js';
import type { Batch } from '../../smoothing/batch.js';
import type { TextCache } from '../../smoothing/cache/text-cache.js';
import { Evidence, type CountTable } from '../../smoothing/evidence.js';
import type { StepEvidence } from '../../smoothing/model-m.js';
import type { ChainTables } from './chain-tables.js';
import { look } from '../lookup/look.js';
import type { ModelMTables } from './model-m-tables.js';
import { together } from './steps.js';

/** The scores of a batch: entry t belongs to word t of the batch. The arrays are reused for the next batch. */
export interface BatchScores {
  /** log10 p of the word after its history. */
  readonly log10Probs: Float64Array;
  /** The length of the longest n-gram found ending at the word; 1 for a word outside the vocabulary. */
  readonly matched: Uint8Array;
}

/** Scores batches of words, one batch at a time. */
export interface BatchScorer {
  /**
   * Scores a batch.
   *
   * @param cache the text so far; the batch becomes part of it.
   * @returns a generator that yields promises: the caller awaits each before it continues the generator.
   */
  score(batch: Batch, cache?: TextCache): Generator<Promise<void>, BatchScores, void>;
}

/** The tables of the words, shorter contexts first. */
export interface TableStream {
  readonly tables: readonly CountTable[];
}

/** The tables of the classes of one clustering. */
export interface ClassTables extends TableStream {
  /** By word id, the id of the word's class. */
  readonly classOf: Uint32Array;
  /** The same tables as a chain. */
  readonly chain: ChainTables;
}

/**
 * Scores batches from paged or loaded tables, by collecting the evidence of a batch first. The methods are generators that yield
 * promises of blocks that must be read: with loaded tables they yield nothing, and run to their end at once.
 */
export class Scorer implements BatchScorer {
  /** The evidence of the words of a batch. */
  private evidence: Evidence;
  private scores = emptyScores(0);
  private readonly classBatches: readonly Batch[];

  /**
   * @param numbersFor for a back-off model, the array `numbers` of evidence: returns the numbers of the loaded tables or, for paged tables,
   * an array with two entries for each of `words` words in each table.
   */
  constructor(
    readonly words: TableStream,
    readonly clusterings: readonly ClassTables[],
    readonly estimator: Estimator,
    private readonly numbersFor: (words: number) => Float64Array | undefined,
    readonly modelM?: ModelMTables,
  ) {
    this.evidence = new Evidence(words.tables.length, 0);
    this.classBatches = clusterings.map(emptyBatch);
  }

  /** Scores a batch. @param cache the text so far; the batch becomes part of it. */
  *score(batch: Batch, cache?: TextCache): Generator<Promise<void>, BatchScores, void> {
    this.makeRoom(batch.targets.length);
    const { estimator, evidence, classBatches, modelM } = this;
    const { log10Probs, matched } = this.scores;
    const ofClasses: Float64Array[] = [];
    yield* together(batch.length, [
      look(this.words.tables, () => batch, evidence),
      ...this.clusterings.map((_, m) => this.scoreClasses(m, batch, ofClasses)),
    ]);
    let ofModelM: Float64Array | undefined;
    if (modelM) {
      const m = modelM.model.clustering;
      ofModelM = yield* modelM.probabilities(batch, classBatches[m], ofClasses[m]);
    }
    estimator.score(evidence, ofClasses, ofModelM, batch, log10Probs, cache);
    this.match(batch, matched);
    return this.scores;
  }

  /** Scores the classes of a batch with class model m. @param into gets the probabilities, as entry m. */
  private *scoreClasses(m: number, batch: Batch, into: Float64Array[]): Generator<Promise<void>, void, void> {
    const { classOf, chain } = this.clusterings[m];
    mapToClasses(batch, classOf, this.classBatches[m]);
    into[m] = (yield* chain.interpolate(this.classBatches[m])).probabilities;
  }

  /** A function of its own, because V8 runs the loops of a short-lived generator without optimizing them (measured). */
  private match(batch: Batch, matched: Uint8Array): void {
    const { estimator, evidence } = this;
    for (let t = 0; t < batch.length; t++) {
      matched[t] = batch.oov[t] === 1 ? 1 : estimator.matched(evidence, batch, t);
    }
  }

  /** The evidence of a batch, in new arrays, so that it stays valid. */
  *evidenceOf(batch: Batch): Generator<Promise<void>, BlendEvidence, void> {
    const words = this.emptyEvidence(batch.length);
    const clusterings = this.clusterings.map(({ tables, classOf }): ClassEvidence => {
      const ofClasses = emptyBatch();
      mapToClasses(batch, classOf, ofClasses);
      return { evidence: new Evidence(tables.length, batch.length), batch: ofClasses };
    });
    yield* together(batch.length, [
      look(this.words.tables, () => batch, words),
      ...clusterings.map((of, m) => look(this.clusterings[m].tables, () => of.batch, of.evidence)),
    ]);
    const { modelM } = this;
    if (!modelM) return { words, clusterings };
    const steps = yield* modelM.evidenceOf(batch, clusterings[modelM.model.clustering].batch);
    return { words, clusterings, steps };
  }

  /**
   * Looks the only word of a batch up in the tables of Model M, and of the class model of its classes.
   *
   * @returns the evidence, in new arrays, and p of the word's class by the class model. The followers of the contexts of the word step can
   * then be asked for.
   */
  *stepsOf(
    batch: Batch,
    tables: ModelMTables,
  ): Generator<Promise<void>, { readonly evidence: StepEvidence; readonly classProbability: number }, void> {
    const m = tables.model.clustering;
    const { classOf, chain } = this.clusterings[m];
    const ofClasses = this.classBatches[m];
    mapToClasses(batch, classOf, ofClasses);
    const [classProbability] = (yield* chain.interpolate(ofClasses)).probabilities;
    return { evidence: yield* tables.evidenceOf(batch, ofClasses), classProbability };
  }

  private emptyEvidence(words: number): Evidence {
    return new Evidence(this.words.tables.length, words, this.numbersFor(words));
  }

  /** Makes the arrays of evidence and scores long enough for `words` words. */
  private makeRoom(words: number): void {
    if (words <= this.scores.matched.length) return;
    this.evidence = this.emptyEvidence(words);
    this.scores = emptyScores(words);
  }
}

function emptyBatch(): Batch {
  return {
    ids: new Uint32Array(0),
    targets: new Uint32Array(0),
    available: new Uint8Array(0),
    oov: new Uint8Array(0),
    length: 0,
  };
}

/** Arrays for the scores of `words` words. */
export function emptyScores(words: number): BatchScores {
  return { log10Probs: new Float64Array(words), matched: new Uint8Array(words) };
}

/** Makes `to` the same batch with the class of each word in place of the word. */
function mapToClasses(batch: Batch, classOf: Uint32Array, to: Batch): void {
  if (to.ids.length < batch.ids.length) to.ids = new Uint32Array(batch.ids.length);
  const last = batch.length > 0 ? batch.targets[batch.length - 1] : -1;
  for (let at = 0; at <= last; at++) to.ids[at] = classOf[batch.ids[at]];
  to.targets = batch.targets;
  to.available = batch.available;
  to.oov = batch.oov;
  to.length = batch.length;
}
