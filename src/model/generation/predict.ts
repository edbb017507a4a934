import type { Pause } from '../../base/turn.js';
import { log10 } from '../../base/elementary.js';
import { KneserError } from '../../base/errors.js';
import { OOV, type BatchLayout } from '../../smoothing/batch.js';
import { wordIds } from '../../tables/manifest.js';
import type { Sentence } from '../../text/sentences.js';
import { BOS_WORD, EOS_WORD, NONE, UNK } from '../../text/tokens.js';
import type { LoadedWords } from '../lookup/words.js';
import type { NextWords } from '../prediction/next-words.js';
import { sidesOf, type CheckedPredictOptions, type Prediction } from '../prediction/prediction.js';
import type { Predictor } from '../prediction/predictor.js';
import type { ModelParts } from '../scoring/parts.js';
import type { BatchScorer } from '../scoring/scorer.js';
import { completions } from './complete.js';
import { fillGap } from './gap.js';
import { lettersOf } from './letters.js';

/** The most probable next words, or with `prefix` the most probable completions, as tokens with their probabilities. */
export function predictions(
  next: NextWords,
  { top, unknown, explain, prefix }: CheckedPredictOptions,
  words: LoadedWords,
  parts: ModelParts,
): Prediction[] {
  const found =
    prefix === undefined
      ? next.top(top, unknown ? NONE : UNK)
      : completions(next, words, parts.tokenization.splitter, lettersOf(prefix, parts), top);
  return found.map(({ word, probability, log10Prob = log10(probability) }) => ({
    token: words.word(word),
    probability,
    log10Prob,
    matched: next.matched(word),
    ...(explain ? { explanation: next.explain(word) } : {}),
  }));
}

/** The parts of a model that filling a gap needs. */
export interface FillingModel {
  readonly parts: ModelParts;
  readonly words: LoadedWords;
  readonly scorer: BatchScorer;
  readonly predictor: Predictor;
  readonly layout: BatchLayout;
  /** Cuts a text into the model's tokens. */
  readonly tokensOf: (text: Sentence) => readonly string[];
  readonly pause?: Pause | undefined;
}

/** Finds the most probable fillers of the gap in a text. @throws KNESER_OPTION for a text without the gap, and a filler with `<s>` or `</s>` */
export function* fillersOf(
  { parts, words, scorer, predictor, layout, tokensOf, pause }: FillingModel,
  text: Sentence,
  { gap = '', gapLength = 1, options, start, top, unknown, startsWith = '', endsWith = '' }: CheckedPredictOptions,
): Generator<Promise<void>, Prediction[], void> {
  const { order, manifest, tokenization } = parts;
  const ids = wordIds(manifest);
  const idsOf = (tokens: readonly string[]): number[] => tokens.map(token => words.idOf(token));
  const [left, right] = sidesOf(text, gap).map(side => idsOf(tokensOf(side)));
  // Options of the same tokens are one filler.
  const distinct = options && [...new Map(options.map(tokensOf).map(tokens => [tokens.join('\n'), tokens])).values()];
  for (const tokens of distinct ?? []) {
    const mark = tokens.find(token => token === BOS_WORD || token === EOS_WORD);
    if (mark === undefined) continue;
    const filler = JSON.stringify(tokens.join(' '));
    throw new KneserError('KNESER_OPTION', `options: ${filler} has ${mark}, which never fills a gap; leave it out`);
  }
  const fillers = distinct
    ?.map(tokens => ({ tokens, ids: idsOf(tokens) }))
    .filter(({ ids }) => ids.length > 0 && (unknown || ids.every(id => id < OOV)));
  return yield* fillGap(
    { order, ids, words, splitter: tokenization.splitter, scorer, predictor, layout, pause },
    { left, right, start },
    {
      lengths: typeof gapLength === 'number' ? [gapLength, gapLength] : gapLength,
      top,
      unknown,
      options: fillers,
      startsWith: lettersOf(startsWith, parts),
      endsWith: lettersOf(endsWith, parts),
    },
  );
}
