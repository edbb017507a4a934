import type { PagedModel as LanguageModel } from '../src/model/paged-model.js';
import type { ModelFiles, ModelStore } from '../src/store/store.js';
import { checkText, optionError } from '../src/base/check.js';
import { KneserError } from '../src/base/errors.js';
import { itemsUnlessAborted } from '../src/base/unless-aborted.js';
import { encodeWeights } from '../src/model/scoring/weights.js';

/** The store of a model, with the facts and weights that are not values of the store. */
export interface StoredModel {
  readonly store: ModelStore;
  readonly files: ModelFiles;
}

/** @throws KNESER_OPTION for a value that cannot be the name of a kept model. */
export function checkName(option: string, value: unknown): void {
  if (checkText(option, value) === '')
    throw new KneserError('KNESER_OPTION', `${option}: the name of the model is empty`);
}

/** @throws KNESER_OPTION for a value that is no open model. */
export function checkModel(name: string, value: unknown): void {
  if (!(Object(value) as Partial<LanguageModel>).parts) throw optionError(name, value, 'an open model');
}

/** The facts about an open model that are not values of its store: size, time of creation, and encoded sets of weights. */
export function filesOf({ parts: { bytes, created, weightSets } }: LanguageModel): ModelFiles {
  return { bytes, created, weights: new Map([...weightSets].map(([name, set]) => [name, encodeWeights(set)])) };
}

/** A store whose `entries` end when the signal is aborted, also while the next entry is due. @param name of the work, for the message. */
export function abortable(store: ModelStore, signal: AbortSignal | undefined, name: string): ModelStore {
  const entries = (): ReturnType<ModelStore['entries']> =>
    itemsUnlessAborted(store.entries(), signal, name) as ReturnType<ModelStore['entries']>;
  return { ...store, entries };
}
