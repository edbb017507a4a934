import { parentPort, workerData } from 'node:worker_threads';
import { KneserError } from '../../base/errors.js';
import { openShared } from '../../store/open-shared.js';
import type { BlockAnswer } from './block-threads.js';
import { createBlockScoring, PieceScorer, type BlockScoringPlan } from './block-scoring.js';
import type { Piece } from './pieces.js';

// The entry of a thread of Node that scores pieces of texts from blocks, in the order in which it gets them.
if (parentPort) {
  const port = parentPort;
  const plan = workerData as BlockScoringPlan;
  const opening = openShared(plan.store).then(
    store => new PieceScorer(plan.order, createBlockScoring(store, plan, plan.blockMemory)),
  );
  const answer = async (piece: Piece): Promise<BlockAnswer> => {
    try {
      return { sums: await (await opening).score(piece) };
    } catch (error) {
      if (error instanceof KneserError) return { failed: { code: error.code, message: error.message } };
      throw error;
    }
  };
  let last: Promise<unknown> = opening;
  port.on('message', (piece: Piece) => {
    last = last.then(
      () => answer(piece),
      () => answer(piece),
    );
    void last.then(sums => port.postMessage(sums));
  });
}
