import { parentPort, workerData } from 'node:worker_threads';
import { KneserError } from '../../base/errors.js';
import { openShared } from './open-shared.js';
import type { BlockAnswer } from './block-threads.js';
import { createBlockScoring, type BlockScoringPlan } from './block-scoring.js';
import { PieceScorer } from './piece-scorer.js';
import { buffersOf, type ScoringTask } from './pieces.js';

// The entry of a thread of Node that scores pieces of texts from blocks, in the order in which it gets them.
if (parentPort) {
  const port = parentPort;
  const plan = workerData as BlockScoringPlan;
  const opening = openShared(plan.store).then(
    store => new PieceScorer(plan.order, createBlockScoring(store, plan, plan.blockMemory)),
  );
  // A failure is told with the answer to each task; without this handler it would end the thread before.
  opening.catch(() => undefined);
  const answer = async ({ piece, byToken }: ScoringTask): Promise<BlockAnswer> => {
    try {
      const scorer = await opening;
      return { result: await (byToken ? scorer.scoreTokens(piece) : scorer.score(piece)) };
    } catch (error) {
      if (error instanceof KneserError) return { failed: { code: error.code, message: error.message } };
      throw error;
    }
  };
  let last: Promise<void> = Promise.resolve();
  port.on('message', (task: ScoringTask) => {
    last = last.then(async () => {
      const answered = await answer(task);
      const { result = [] } = answered;
      port.postMessage(answered, Array.isArray(result) ? [] : buffersOf(result));
    });
  });
}
