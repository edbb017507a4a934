import { parentPort, workerData } from 'node:worker_threads';
import { KneserError } from '../../base/errors.js';
import type { Batch } from '../../smoothing/batch.js';
import { openShared } from '../../store/folder/open-shared.js';
import type { BlockAnswer, BlockQuestion } from './block-threads.js';
import { createBlockScoring, type BlockScoringPlan } from './block-scoring.js';
import { PartOfBatch } from './divide-batch.js';
import type { BatchScorer, BatchScores } from './scorer.js';
import { runAwaiting } from './steps.js';

// The entry of a thread of Node that scores batches from blocks, in the order in which it gets them.
if (parentPort) {
  const port = parentPort;
  const plan = workerData as BlockScoringPlan;
  const opening = openShared(plan.store).then(store => createBlockScoring(store, plan, plan.blockMemory));
  // A failure is told with the answer to each batch; without this handler it would end the thread before.
  opening.catch(() => undefined);
  const score = async (scorer: BatchScorer, batch: Batch, times: number): Promise<BatchScores> => {
    for (let time = 1; time < times; time++) await runAwaiting(scorer.score(batch));
    const { log10Probs, matched } = await runAwaiting(scorer.score(batch));
    return { log10Probs: log10Probs.slice(0, batch.length), matched: matched.slice(0, batch.length) };
  };
  const answer = async (batch: Batch, times: number): Promise<BlockAnswer> => {
    try {
      return { scores: await score((await opening).scorer, batch, times) };
    } catch (error) {
      if (error instanceof KneserError) return { failed: { code: error.code, message: error.message } };
      throw error;
    }
  };
  let last: Promise<void> = Promise.resolve();
  port.on('message', ({ batch: { ids, targets, available, oov, length }, times }: BlockQuestion) => {
    const batch = new PartOfBatch(ids, targets, available, oov, length);
    last = last.then(async () => {
      port.postMessage(await answer(batch, times));
    });
  });
}
