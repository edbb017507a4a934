import type { LoadedWords } from '../lookup/words.js';
import type { Sentence, Sentences } from '../../text/sentences.js';
import type { SentenceEnds } from '../../smoothing/batch.js';
import { EOS, EOS_WORD } from '../../text/tokens.js';
import { inTextOrder, type Reading } from '../../text/word-order.js';
import { inGroups, type GroupLimits } from './in-groups.js';
import type { Piece, TokenScores } from './pieces.js';
import { scoreOf, type Score } from './score.js';

/** A sentence as tokens and as ids, in the order in which the model reads them. */
export interface NumberedSentence {
  readonly tokens: string[];
  /** By token, its id; the id of a token outside the vocabulary has the bit `OOV`. */
  readonly ids: ArrayLike<number>;
  /** By token, its place in the text, as {@link Reading} has it. */
  readonly places: Uint32Array | undefined;
}

/** The tokens and ids of each sentence. @param readingOf cuts a sentence into tokens; throws to refuse it. */
export async function* numbered(
  sentences: Sentences,
  words: LoadedWords,
  readingOf: (sentence: Sentence) => Reading,
): AsyncGenerator<NumberedSentence, void, void> {
  for await (const sentence of sentences) {
    const { tokens, places } = readingOf(sentence);
    yield { tokens, places, ids: Uint32Array.from(tokens, token => words.idOf(token)) };
  }
}

/** Scores pieces of text token by token: threads, or this thread. */
export interface TaskScorer extends GroupLimits {
  /** Scores a piece that begins with a sentence. */
  scoreTokens(piece: Piece): Promise<TokenScores>;
}

/**
 * Scores sentences, many at a time.
 *
 * - Input: sentences.
 * - Output: their scores, in the order of the input, with the same bits as the scores of `LoadedModel.score`.
 */
export async function* scoreSentences(
  sentences: AsyncIterable<NumberedSentence>,
  ends: SentenceEnds,
  scorer: TaskScorer,
): AsyncGenerator<Score, void, void> {
  const groups = inGroups(
    sentences,
    ({ ids }) => ids.length + 1,
    group => scoreGroup(group, ends, scorer),
    scorer,
  );
  for await (const scores of groups) yield* scores;
}

/** Scores the sentences of a group on one thread. */
async function scoreGroup(
  sentences: readonly NumberedSentence[],
  ends: SentenceEnds,
  scorer: TaskScorer,
): Promise<Score[]> {
  const ids = new Uint32Array(sentences.reduce((sum, sentence) => sum + sentence.ids.length + 1, 0));
  let at = 0;
  for (const sentence of sentences) {
    ids.set(sentence.ids, at);
    at += sentence.ids.length;
    ids[at++] = EOS;
  }
  const scores = await scorer.scoreTokens({ ids, history: 0, ends });
  let from = 0;
  return sentences.map(({ tokens, places }) => {
    const score = scoreOfSentence(ends.end ? [...tokens, EOS_WORD] : tokens, places, scores, from);
    from += score.tokens.length;
    return score;
  });
}

/** The score of a sentence whose tokens are the entries of `scores` from `from` on. */
function scoreOfSentence(tokens: string[], places: Uint32Array | undefined, scores: TokenScores, from: number): Score {
  const to = from + tokens.length;
  const log10Probs = scores.log10Probs.slice(from, to);
  const oov = Array.from(scores.oov.subarray(from, to), is => is === 1);
  const log10Prob = log10Probs.reduce((sum, value) => sum + value, 0);
  return scoreOf({
    tokens: inTextOrder(tokens, places),
    log10Probs: inTextOrder(log10Probs, places),
    matched: inTextOrder(scores.matched.slice(from, to), places),
    oov: inTextOrder(oov, places),
    log10Prob,
  });
}
