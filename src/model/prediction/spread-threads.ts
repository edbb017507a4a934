import { AnsweringThreads } from '../../base/node/answering-thread.js';
import type { ScoringPlan } from '../scoring/pieces.js';
import type { TokenSpreads } from './token-spreads.js';

/** Makes threads that compute the distributions before the tokens of whole sentences, with tables that they share. */
export function startSpreadThreads(count: number, plan: ScoringPlan): AnsweringThreads<Uint32Array, TokenSpreads> {
  return new AnsweringThreads(count, new URL('./spread-worker.js', import.meta.url), plan, 'predicting');
}
