import { checkPath, type Check } from '../base/check.js';
import { LanguageModel } from '../model/language-model.js';

/** The check of an option that takes a model: its path, or an open model. */
export const checkModel: Check = (name, value) => {
  if (!(value instanceof LanguageModel)) checkPath(name, value);
};

/** Calls `work` with a model that is given as its path or open. A model that is given open stays open. @throws the errors of opening and of `work` */
export async function withModel<T>(
  model: string | LanguageModel,
  signal: AbortSignal | undefined,
  work: (model: LanguageModel) => Promise<T>,
): Promise<T> {
  if (typeof model !== 'string') return work(model);
  const opened = await LanguageModel.open(model, signal ? { signal } : {});
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}
