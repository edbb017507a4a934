import type { PagedModel as LanguageModel } from '../src/model/paged-model.js';
import type { ModelFiles } from '../src/store/store.js';
import { encodeWeights } from '../src/smoothing/weights.js';

/** What belongs to an open model besides its store. */
export function filesOf({ parts: { bytes, created, weightSets } }: LanguageModel): ModelFiles {
  return { bytes, created, weights: new Map([...weightSets].map(([name, set]) => [name, encodeWeights(set)])) };
}
