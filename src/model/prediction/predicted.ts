import { BOS, NONE } from '../../text/tokens.js';

/** Whether a word id can be predicted: `<s>` never comes next. */
export function isPredicted(word: number): boolean {
  return word !== NONE && word !== BOS;
}

/** All ids that can be predicted, ascending. @param ids one more than the largest word id. */
export function predictedIds(ids: number): Uint32Array {
  return Uint32Array.from({ length: ids }, (_, id) => id).filter(isPredicted);
}
