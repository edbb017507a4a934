import { checkObject, optionError } from '../base/check.js';
import type { State } from './api.js';

/** The state after a history of ids. */
export function stateOf(history: Uint32Array): State {
  return { history, key: history.join(' ') };
}

/** @throws KNESER_OPTION for a value that neither `start` nor `extend` of a loaded model returned. */
export function checkState(name: string, value: unknown): void {
  const { history } = checkObject(name, value) as Partial<State>;
  if (!(history instanceof Uint32Array)) throw optionError(name, value, 'a state of start or extend');
}
