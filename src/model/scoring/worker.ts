import { parentPort, workerData } from 'node:worker_threads';
import { createLoadedScorer, scorePiece, scoreTokens, type ScoringPlan, type ScoringTask } from './pieces.js';

// A thread that scores pieces of text, in the order they come.
if (parentPort) {
  const port = parentPort;
  const { scorer, layout } = createLoadedScorer(workerData as ScoringPlan);
  port.on('message', ({ piece, byToken }: ScoringTask) =>
    port.postMessage(byToken ? scoreTokens(scorer, layout, piece) : scorePiece(scorer, layout, piece)),
  );
}
