import { parentPort, workerData } from 'node:worker_threads';
import { createLoadedScorer, type ScoringPlan } from '../scoring/pieces.js';
import { runAtOnce } from '../scoring/steps.js';
import { createPredictor } from './create-predictor.js';
import { tokenSpreads } from './token-spreads.js';

// The entry of a thread of Node that computes `TokenSpreads` of whole sentences, in the order in which it gets them.
if (parentPort) {
  const port = parentPort;
  const plan = workerData as ScoringPlan;
  const predictor = createPredictor(createLoadedScorer(plan).byEvidence, plan);
  port.on('message', (ids: Uint32Array) => {
    const { ranks, entropies, secondMoments } = runAtOnce(tokenSpreads(predictor, ids, plan.order - 1));
    port.postMessage({ ranks, entropies, secondMoments });
  });
}
