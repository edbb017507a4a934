import { log10 } from '../../base/elementary.js';
import { EOS, NONE, UNK } from '../../text/tokens.js';
import { noWord } from '../prediction/no-word.js';
import { historyOf, type TextSource } from './source.js';

/** A text of a beam, as a linked list: a shorter text, and one word after it. */
interface Beam {
  /** The text without its last word; `undefined` for the beginning, to which no word was added. */
  readonly before: Beam | undefined;
  /** The id of the last word. */
  readonly word: number;
  /** log10 p of the last word. */
  readonly own: number;
  /** Σ log10 p of all added words. */
  readonly log10Prob: number;
  /** The ids of the words that the next word depends on, oldest first: at most order − 1. */
  readonly history: Uint32Array;
}

/** The words that a beam search added to a beginning. */
export interface FoundWords {
  /** The ids of the words, oldest first. */
  readonly words: readonly number[];
  /** By word, log10 p after the words before it. */
  readonly log10Probs: Float64Array;
}

/**
 * Finds the most probable continuations of a beginning by beam search: the highest Σ log10 p, without a bonus for length. A text ends with
 * `</s>`, or after `most` words. The search ends when no unfinished text can become one of the results, because no word raises the
 * probability of a text; with a back-off model it goes on, because an ARPA file can have back-offs above 1. Yields after each extended text,
 * so that the caller can pause or stop.
 *
 * @param ids the ids of the beginning's words.
 * @param width how many unfinished texts are kept after each word, and how many texts are returned at most.
 * @returns the texts by falling probability, at least one.
 * @throws KNESER_OPTION if p = 0 for all texts.
 */
export async function* beamSearch(
  source: TextSource,
  ids: readonly number[],
  { width, most, unknown }: { readonly width: number; readonly most: number; readonly unknown: boolean },
): AsyncGenerator<undefined, FoundWords[], void> {
  const { order, manifest } = source.parts;
  const except = unknown ? NONE : UNK;
  const start = { before: undefined, word: NONE, own: 0, log10Prob: 0, history: historyOf(ids, order) };
  let open: readonly Beam[] = [start];
  let ended: Beam[] = [];
  for (let length = 0; length < most && open.length > 0; length++) {
    const longer: Beam[] = [];
    for (const beam of open) {
      const found = source.nextWords(beam.history, ids.length + length < order - 1);
      const next = found instanceof Promise ? await found : found;
      // One word more than the width, because `</s>`, which ends the text, may be among them.
      for (const { word, probability, log10Prob: own = log10(probability) } of next.top(width + 1, except)) {
        if (own === -Infinity) continue;
        const history = historyOf([...beam.history, word], order);
        const added: Beam = { before: beam, word, own, log10Prob: beam.log10Prob + own, history };
        (word === EOS ? ended : longer).push(added);
      }
      if (beam === open.at(-1) && longer.length === 0 && ended.length === 0) throw noWord(next, except);
      yield;
    }
    ended = ended.sort(byProbability).slice(0, width);
    const canRise = manifest.kind === 'backoff' || ended.length < width;
    const least = canRise ? -Infinity : ended[width - 1].log10Prob;
    open = longer
      .sort(byProbability)
      .slice(0, width)
      .filter(({ log10Prob }) => log10Prob > least);
  }
  return [...ended, ...open].sort(byProbability).slice(0, width).map(wordsOf);
}

function byProbability(a: Beam, b: Beam): number {
  return b.log10Prob - a.log10Prob;
}

/** The words of a beam, from the first to the last. */
function wordsOf(last: Beam): FoundWords {
  const words: number[] = [];
  const log10Probs: number[] = [];
  for (let beam = last; beam.before; beam = beam.before) {
    words.unshift(beam.word);
    log10Probs.unshift(beam.own);
  }
  return { words, log10Probs: Float64Array.from(log10Probs) };
}
