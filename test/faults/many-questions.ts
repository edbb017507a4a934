import type { LanguageModel } from '../../src/index.js';

/** The sentence that is scored. */
export const SENTENCE = 'word1 word2 word3 nothing word5 word1';

/** The answers of a model to all questions, as text. */
export async function askModel(model: LanguageModel): Promise<string> {
  const { log10Probs } = await model.score(SENTENCE);
  const predicted = await model.predict('word1 word2', { top: 3 });
  const { tokens, created, weights } = model.info;
  return JSON.stringify({ log10Probs: [...log10Probs], predicted, tokens, weights, created: created !== '' });
}
