import type { PagedModel as LanguageModel } from '../src/model/paged-model.js';
import type { ModelFiles } from '../src/store/store.js';
import { optionError } from '../src/base/check.js';
import { encodeWeights } from '../src/model/scoring/weights.js';

/** @throws KNESER_OPTION for a value that is no open model. */
export function checkModel(name: string, value: unknown): void {
  if (!(Object(value) as Partial<LanguageModel>).parts) throw optionError(name, value, 'an open model');
}

/** The facts about an open model that are not values of its store: size, time of creation, and encoded sets of weights. */
export function filesOf({ parts: { bytes, created, weightSets } }: LanguageModel): ModelFiles {
  return { bytes, created, weights: new Map([...weightSets].map(([name, set]) => [name, encodeWeights(set)])) };
}
