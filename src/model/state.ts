import { checkObject, optionError } from '../base/check.js';
import type { State } from './api.js';

/** The state after a history of ids. @param model the identity of the model that gave the ids. */
export function stateOf(history: Uint32Array, model: string): State {
  return { history, key: history.join(' '), model };
}

/**
 * @param model the identity of the model that takes the state; `undefined` for any.
 * @throws KNESER_OPTION for a value that neither `start` nor `extend` of a loaded model returned, or that those of another model did.
 */
export function checkState(name: string, value: unknown, model?: string): void {
  const state = checkObject(name, value) as Partial<State>;
  if (!(state.history instanceof Uint32Array)) throw optionError(name, value, 'a state of start or extend');
  // Another model gives other ids to the words.
  if (model !== undefined && state.model !== model) {
    throw optionError(name, value, 'a state of start or extend of this model');
  }
}
