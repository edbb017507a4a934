import { parentPort, workerData } from 'node:worker_threads';
import {
  createLoadedScorer,
  scorePiece,
  scoreTokens,
  sumStretches,
  type ScoringPlan,
  type ScoringTask,
} from './pieces.js';

// The entry of a thread of Node that scores pieces of texts from tables in shared memory, in the order in which it gets them.
if (parentPort) {
  const port = parentPort;
  const { scorer, layout } = createLoadedScorer(workerData as ScoringPlan);
  port.on('message', ({ piece, byToken, ends }: ScoringTask) => {
    if (!byToken) {
      port.postMessage(scorePiece(scorer, layout, piece));
      return;
    }
    const scores = scoreTokens(scorer, layout, piece);
    port.postMessage(ends ? sumStretches(scores, ends) : scores);
  });
}
