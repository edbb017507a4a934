import { Blend } from '../../smoothing/blend.js';
import { expand, type Term } from '../../smoothing/terms.js';
import { wordIds, type Manifest } from '../../tables/manifest.js';
import { NONE, UNK } from '../../text/tokens.js';
import type { Explanation, PredictOptions } from './prediction.js';
import { BatchLayout, type Batch } from '../../smoothing/batch.js';
import type { CountTable } from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';
import { classProbabilities, explain, matchedLength, type NextClass, type NextWord, type Voter } from './next-word.js';
import { emptyEvidence, type Scorer } from '../scoring/scorer.js';
import { TopWords, wordLists, type WordLists } from './top-words.js';

/** How many words are predicted unless told otherwise. */
const DEFAULT_WORDS = 10;

/** A prediction by id. */
export interface PredictedWord {
  readonly id: number;
  readonly probability: number;
  readonly matched: number;
  readonly explanation: Explanation | undefined;
}

/** Makes a predictor, for a model that has counts. */
export function createPredictor(scorer: Scorer, manifest: Manifest): Predictor | undefined {
  const { estimator } = scorer;
  return estimator instanceof Blend ? new Predictor(scorer, estimator, manifest.order, wordIds(manifest)) : undefined;
}

/** Predicts the word after a history. It uses the scorer's tables, and so has its turn among the scorer's calls. */
export class Predictor {
  private readonly layout: BatchLayout;
  private lists: WordLists | undefined;
  private top: TopWords | undefined;

  /** @param ids the ids of words are below this. */
  constructor(
    private readonly scorer: Scorer,
    private readonly blend: Blend,
    private readonly order: number,
    private readonly ids: number,
  ) {
    this.layout = new BatchLayout(order, 1);
  }

  /** @param history ids of the words before, at most order − 1, oldest first; `OOV` may be marked. */
  *predict(history: Uint32Array, options: PredictOptions): Generator<Promise<void>, PredictedWord[], void> {
    const batch = this.layOut(history, options.start ?? true);
    const next = yield* this.next(batch);
    const lists = (this.lists ??= yield* this.sortWords(batch));
    this.top ??= new TopWords(lists);
    const found = this.top.find(next, options.k ?? DEFAULT_WORDS, options.unknown ? NONE : UNK);
    return found.map(({ word, probability }) => ({
      id: word,
      probability,
      matched: matchedLength(next, word),
      explanation: options.explain ? explain(next, word, lists.counts[word]) : undefined,
    }));
  }

  /** A batch of one word, whichever, after the history. */
  private layOut(history: Uint32Array, withStart: boolean): Batch {
    const { layout } = this;
    layout.reset();
    layout.begin(withStart && history.length < this.order - 1);
    for (const id of history) layout.pushHistory(id);
    layout.push(UNK);
    return layout.batch;
  }

  /** Looks the history up, and finds what the probability of the next word is made of. */
  private *next(batch: Batch): Generator<Promise<void>, NextWord, void> {
    const { blend } = this;
    const { words, classes } = this.scorer;
    const evidence = emptyEvidence(words, classes, 1);
    yield* this.scorer.gather(batch, evidence);
    blend.probability(evidence, batch, 0);
    const { classModel } = blend;
    const gate = classModel ? blend.gate : 0;
    const available = batch.available[0];
    const { terms, uniform } = expand(blend.words, evidence.words, 0, available, 1 - gate);
    const [unigrams, ...others] = terms;
    const voters = yield* votersOf(words.tables, others, batch);
    let nextClass: NextClass | undefined;
    if (classModel && classes && evidence.classes && evidence.classBatch) {
      const { terms, uniform } = expand(classModel.mixture, evidence.classes, 0, available, gate);
      const voters = yield* votersOf(classes.tables, terms, evidence.classBatch);
      const probabilities = classProbabilities(voters, uniform, classModel.classes.count);
      nextClass = { classes: classModel.classes, voters, uniform, probabilities };
    }
    return { voters, unigrams, uniform, nextClass };
  }

  private *sortWords(batch: Batch): Generator<Promise<void>, WordLists, void> {
    const { blend } = this;
    const { words } = this.scorer;
    return wordLists(this.ids, yield* followersOf(words.tables[0], batch), blend.classModel?.classes);
  }
}

function* votersOf(
  tables: readonly CountTable[],
  terms: readonly Term[],
  batch: Batch,
): Generator<Promise<void>, Voter[], void> {
  const voters: Voter[] = [];
  for (const term of terms) voters.push({ term, followers: yield* followersOf(tables[term.table], batch) });
  return voters;
}

function* followersOf(table: CountTable, batch: Batch): Generator<Promise<void>, Followers, void> {
  for (;;) {
    const found = table.followers(batch);
    if (!(found instanceof Promise)) return found;
    yield found;
  }
}
