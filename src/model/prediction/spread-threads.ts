import { AnsweringThreads } from '../../base/node/answering-thread.js';
import type { ScoringPlan } from '../scoring/pieces.js';
import type { TokenSpreads } from './token-spreads.js';

/** Makes threads that compute {@link TokenSpreads} of whole sentences, with tables in shared memory. */
export function startSpreadThreads(count: number, plan: ScoringPlan): AnsweringThreads<Uint32Array, TokenSpreads> {
  return new AnsweringThreads(count, new URL('./spread-worker.js', import.meta.url), plan, 'predicting');
}
