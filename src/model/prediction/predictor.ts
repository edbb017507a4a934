import type { CountTable } from '../../smoothing/evidence.js';
import type { Estimator } from '../../smoothing/estimator.js';
import type { Followers } from '../../smoothing/followers.js';
import type { Term } from '../../smoothing/terms.js';
import { BatchLayout, type Batch } from '../../smoothing/batch.js';
import type { WordClasses } from '../../tables/classes.js';
import { wordIds } from '../../tables/manifest.js';
import { UNK } from '../../text/tokens.js';
import type { SmoothingPlan } from '../scoring/parts.js';
import type { Scorer } from '../scoring/scorer.js';
import { Draws } from './draws.js';
import { MixtureNextWords, type NextWords } from './next-words.js';
import { ChainSums } from './chain-sums.js';
import { countGroups, Spreading } from './spread.js';
import { TopWords, wordLists, type WordLists } from './top-words.js';
import { classProbabilities, type NextClass, type Voter } from './voters.js';

/** An estimator whose probabilities are sums of terms. */
type ExpandingEstimator = Estimator & Required<Pick<Estimator, 'expand'>>;

/**
 * Makes {@link NextWords} of histories. A predictor uses the working memory of the scorer's tables: the scorer must not be used until the
 * generator of `after` has ended. The next words stay valid afterwards.
 */
export interface Predictor<Made extends NextWords = NextWords> {
  /**
   * The distribution of the word after a history.
   *
   * @param history ids of the words before, at most order − 1, oldest first; ids may carry the mark `OOV`.
   * @param withStart whether the history begins a sentence, so that `<s>` stands before it.
   */
  after(history: Uint32Array, withStart: boolean): Generator<Promise<void>, Made, void>;
}

/** An empty batch layout with room for a history and one word after it. */
export function nextWordLayout(order: number): BatchLayout {
  return new BatchLayout(order, 1);
}

/** Lays out a batch of one word after a history of at most order − 1 words. The word is `<unk>`, because only its contexts are needed. */
export function layOutHistory(layout: BatchLayout, history: Uint32Array, withStart: boolean, order: number): Batch {
  layout.reset();
  layout.begin(withStart && history.length < order - 1);
  for (const id of history) layout.pushHistory(id);
  layout.push(UNK);
  return layout.batch;
}

/** Makes the predictor of a mixture; `undefined` if the estimator cannot expand its probabilities into terms. */
export function createMixturePredictor(
  scorer: Scorer,
  { order, manifest }: SmoothingPlan,
): Predictor<MixtureNextWords> | undefined {
  const { estimator } = scorer;
  return canExpand(estimator) ? new MixturePredictor(scorer, estimator, order, wordIds(manifest)) : undefined;
}

function canExpand(estimator: Estimator): estimator is ExpandingEstimator {
  return estimator.expand !== undefined;
}

/** The words of a model in several sequences, and the searches that use these sequences. */
interface SortedWords {
  readonly lists: WordLists;
  readonly search: TopWords;
  readonly spreading: Spreading;
  readonly chainSums: ChainSums;
  readonly draws: Draws;
}

/** Makes the next words of a mixture. */
class MixturePredictor implements Predictor<MixtureNextWords> {
  private readonly layout: BatchLayout;
  private words: SortedWords | undefined;
  /** As {@link NextWord.floor}. */
  private readonly floor: number | undefined;

  /** @param ids one more than the largest word id. */
  constructor(
    private readonly scorer: Scorer,
    private readonly estimator: ExpandingEstimator,
    private readonly order: number,
    private readonly ids: number,
  ) {
    this.layout = nextWordLayout(order);
    this.floor = estimator.chain && 1 / estimator.chain.vocabulary;
  }

  *after(history: Uint32Array, withStart: boolean): Generator<Promise<void>, MixtureNextWords, void> {
    const batch = layOutHistory(this.layout, history, withStart, this.order);
    const { words, clusterings } = this.scorer;
    const evidence = yield* this.scorer.evidenceOf(batch);
    const expansion = this.estimator.expand(evidence, batch, 0);
    const [unigrams, ...others] = expansion.words.terms;
    const voters = yield* votersOf(words.tables, others, batch);
    const nextClasses: NextClass[] = [];
    for (const [m, { terms, uniform, wordClasses }] of expansion.clusterings.entries()) {
      const ofClasses = yield* votersOf(clusterings[m].tables, terms, evidence.clusterings[m].batch);
      const probabilities = classProbabilities(ofClasses, uniform, wordClasses.count);
      nextClasses.push({ classes: wordClasses, voters: ofClasses, uniform, probabilities });
    }
    const { lists, search, spreading, chainSums, draws } = (this.words ??= yield* this.sortWords(
      batch,
      nextClasses.map(({ classes }) => classes),
    ));
    return new MixtureNextWords(
      { voters, unigrams, uniform: expansion.words.uniform, nextClasses, floor: this.floor },
      lists,
      search,
      spreading,
      chainSums,
      draws,
      expansion.shareOfModelM,
    );
  }

  private *sortWords(batch: Batch, clusterings: readonly WordClasses[]): Generator<Promise<void>, SortedWords, void> {
    const unigrams = yield* followersOf(this.scorer.words.tables[0], batch);
    const lists = wordLists(this.ids, unigrams, clusterings);
    const groups = countGroups(lists);
    return {
      lists,
      search: new TopWords(lists),
      spreading: new Spreading(lists, groups),
      chainSums: new ChainSums(lists, groups),
      draws: new Draws(lists),
    };
  }
}

/** The followers of the contexts of the only word of a batch, one context for each term. */
function* votersOf(
  tables: readonly CountTable[],
  terms: readonly Term[],
  batch: Batch,
): Generator<Promise<void>, Voter[], void> {
  const voters: Voter[] = [];
  for (const term of terms) voters.push({ term, followers: yield* followersOf(tables[term.table], batch) });
  return voters;
}

/** The followers of the context of the only word of a batch. The table's last look-up must have been this batch. */
export function* followersOf(table: CountTable, batch: Batch): Generator<Promise<void>, Followers, void> {
  for (;;) {
    const found = table.followers(batch);
    if (!(found instanceof Promise)) return found;
    yield found;
  }
}
