import type { LoadedWords } from '../lookup/words.js';
import type { Sentence, Sentences } from '../../text/sentences.js';
import type { SentenceEnds } from '../../smoothing/batch.js';
import { EOS, EOS_WORD } from '../../text/tokens.js';
import { inTextOrder, type Reading } from '../../text/word-order.js';
import type { Piece, TokenScores } from './pieces.js';
import { scoreOf, type Score } from './score.js';

/** Stands for the next sentence while the caller has not given it yet. */
const WAITING = Symbol('waiting');

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
export interface TaskScorer {
  /** How many pieces it scores at the same time. */
  readonly count: number;
  /** How many tokens a piece should have, if the caller's sentences come as fast as they are scored. */
  readonly taskTokens: number;
  /** How many pieces of that many tokens may wait for it or be scored at the same time. */
  readonly mostTasks: number;
  /** Scores a piece that begins with a sentence. */
  scoreTokens(piece: Piece): Promise<TokenScores>;
}

/** A group of sentences whose scoring has begun. */
interface Task {
  readonly scores: Promise<Score[]>;
  hasEnded: boolean;
}

/**
 * Scores sentences, many at a time.
 *
 * - Input: sentences.
 * - Output: their scores, in the order of the input, with the same bits as the scores of `LoadedModel.score`.
 *
 * If the next sentence of the input is not ready and a thread is idle, the sentences that were given so far are scored. So a slow input
 * makes small tasks, and a fast input makes large tasks.
 */
export async function* scoreSentences(
  sentences: AsyncIterable<NumberedSentence>,
  ends: SentenceEnds,
  scorer: TaskScorer,
): AsyncGenerator<Score, void, void> {
  const iterator = sentences[Symbol.asyncIterator]();
  const tasks: Task[] = [];
  let group: NumberedSentence[] = [];
  let tokens = 0;
  let next: Promise<IteratorResult<NumberedSentence, void>> | undefined = iterator.next();
  let soon: Promise<typeof WAITING> | undefined;
  try {
    while (next || group.length > 0 || tasks.length > 0) {
      if (tasks.length > 0 && tasks[0].hasEnded) {
        yield* await tasks[0].scores;
        tasks.shift();
        continue;
      }
      const isFull = tokens >= scorer.taskTokens;
      if (next && !isFull) {
        soon ??= new Promise(resolve => {
          setImmediate(() => {
            soon = undefined;
            resolve(WAITING);
          });
        });
        const arrived = await Promise.race([next, soon]);
        if (arrived !== WAITING) {
          if (arrived.done) {
            next = undefined;
          } else {
            group.push(arrived.value);
            tokens += arrived.value.ids.length + 1;
            next = iterator.next();
          }
          continue;
        }
      }
      const underWay = tasks.filter(({ hasEnded }) => !hasEnded);
      if (group.length > 0 && underWay.length < (isFull || !next ? scorer.mostTasks : scorer.count)) {
        tasks.push(beginTask(group, ends, scorer));
        group = [];
        tokens = 0;
        continue;
      }
      const events: Promise<unknown>[] = underWay.map(({ scores }) => scores.catch(() => undefined));
      if (next && !isFull) events.push(next);
      await Promise.race(events);
    }
  } finally {
    await iterator.return?.();
  }
}

/** Begins to score a group of sentences. */
function beginTask(group: readonly NumberedSentence[], ends: SentenceEnds, scorer: TaskScorer): Task {
  const task: Task = { scores: scoreGroup(group, ends, scorer), hasEnded: false };
  const end = (): void => void (task.hasEnded = true);
  // A failure is thrown where `scores` is awaited; without this handler it would count as unhandled before.
  task.scores.then(end, end);
  return task;
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
