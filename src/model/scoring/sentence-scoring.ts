import type { SentenceEnds } from '../../smoothing/batch.js';
import { EOS, EOS_WORD } from '../../text/tokens.js';
import type { TokenScores } from './pieces.js';
import { scoreOf, type Score } from './score.js';
import type { ScoringThreads } from './threads.js';

/** A thread gets sentences with at least this many tokens together; fewer tokens if the caller's next sentence is not ready yet. */
const TOKENS_A_TASK = 1 << 13;
/** How many tasks may wait, for each thread. */
const TASKS_A_THREAD = 3;

/** Stands for the next sentence while the caller has not given it yet. */
const WAITING = Symbol('waiting');

/** A sentence's tokens, and the id of each. */
export interface NumberedSentence {
  readonly tokens: string[];
  readonly ids: readonly number[];
}

/**
 * Input: sentences. Output: the scores of the sentences, in the order of the input, equal to those of `LoadedModel.score` to the last
 * bit. Sentences are scored on several threads, many sentences at a time. While the caller's next sentence is not ready, the sentences
 * that were given so far are scored.
 */
export async function* scoreSentences(
  sentences: AsyncIterable<NumberedSentence>,
  ends: SentenceEnds,
  threads: ScoringThreads,
): AsyncGenerator<Score, void, void> {
  const waiting: Promise<Score[]>[] = [];
  for await (const group of groups(sentences)) {
    const scored = scoreGroup(group, ends, threads);
    // The promise is awaited later; without this, an earlier failure would count as unhandled.
    scored.catch(() => undefined);
    waiting.push(scored);
    if (!group.isWhole || waiting.length > threads.count * TASKS_A_THREAD) {
      for (const due of group.isWhole ? waiting.splice(0, 1) : waiting.splice(0)) yield* await due;
    }
  }
  for (const due of waiting) yield* await due;
}

/** Sentences that are scored together. */
interface Group {
  readonly sentences: readonly NumberedSentence[];
  /** False if the group is smaller than {@link TOKENS_A_TASK} because the next sentence was not ready. */
  readonly isWhole: boolean;
}

/** Collects sentences into groups. */
async function* groups(from: AsyncIterable<NumberedSentence>): AsyncGenerator<Group, void, void> {
  const iterator = from[Symbol.asyncIterator]();
  let sentences: NumberedSentence[] = [];
  let tokens = 0;
  try {
    for (let next = iterator.next(); ;) {
      const soon = new Promise<typeof WAITING>(resolve => setImmediate(resolve, WAITING));
      const result = sentences.length === 0 ? await next : await Promise.race([next, soon]);
      if (result !== WAITING && !result.done) {
        sentences.push(result.value);
        tokens += result.value.ids.length + 1;
        next = iterator.next();
        if (tokens < TOKENS_A_TASK) continue;
      }
      if (sentences.length > 0) yield { sentences, isWhole: result !== WAITING };
      if (result !== WAITING && result.done) return;
      sentences = [];
      tokens = 0;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Scores the sentences of a group on one thread. */
async function scoreGroup({ sentences }: Group, ends: SentenceEnds, threads: ScoringThreads): Promise<Score[]> {
  const ids = new Uint32Array(sentences.reduce((sum, sentence) => sum + sentence.ids.length + 1, 0));
  let at = 0;
  for (const sentence of sentences) {
    ids.set(sentence.ids, at);
    at += sentence.ids.length;
    ids[at++] = EOS;
  }
  const scores = await threads.scoreTokens({ ids, history: 0, ends });
  let from = 0;
  return sentences.map(({ tokens }) => {
    const score = partOf(ends.end ? [...tokens, EOS_WORD] : tokens, scores, from);
    from += score.tokens.length;
    return score;
  });
}

/** The score of a sentence whose tokens are the entries of `scores` from `from` on. */
function partOf(tokens: string[], scores: TokenScores, from: number): Score {
  const to = from + tokens.length;
  const log10Probs = scores.log10Probs.slice(from, to);
  const oov = Array.from(scores.oov.subarray(from, to), is => is === 1);
  const log10Prob = log10Probs.reduce((sum, value) => sum + value, 0);
  return scoreOf({ tokens, log10Probs, matched: scores.matched.slice(from, to), oov, log10Prob });
}
