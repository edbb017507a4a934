import type { LanguageModel } from '../model/language-model.js';
import { NOT_IN_VOCABULARY } from '../model/lookup/words.js';
import { readFrequencies } from '../tables/dictionary-reader.js';
import { EOS } from '../text/tokens.js';

/** The counts of words in the training text of a model. */
export interface TrainingCounts {
  /** The count of a token; 0 for a token outside the vocabulary. */
  readonly of: (token: string) => number;
  /** The count of `</s>`: the number of sentences. */
  readonly ends: number;
}

/** Reads the counts from the dictionary of a model. @throws KNESER_DAMAGED */
export async function trainingCounts(model: LanguageModel): Promise<TrainingCounts> {
  const { store, manifest } = model.parts;
  const words = await model.allWords();
  const frequencies = await readFrequencies(store, manifest);
  const of = (token: string): number => {
    const id = words.idOf(token);
    return id === NOT_IN_VOCABULARY ? 0 : frequencies[id];
  };
  return { of, ends: frequencies[EOS] };
}
