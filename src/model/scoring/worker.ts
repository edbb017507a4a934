import { parentPort, workerData } from 'node:worker_threads';
import { createLoadedScorer, type ScoringPlan } from './scorer.js';
import { scorePiece, type Piece } from './pieces.js';

// A thread that scores pieces of text, in the order they come.
if (parentPort) {
  const port = parentPort;
  const { scorer, layout } = createLoadedScorer(workerData as ScoringPlan);
  port.on('message', (piece: Piece) => port.postMessage(scorePiece(scorer, layout, piece)));
}
