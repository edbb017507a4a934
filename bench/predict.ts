import { LanguageModel } from 'kneser';
import type { Suite } from './suite.js';
import { ORDER, readSentences } from './text.js';

/** Step from one history to the next, modulo the number of histories: a prime, so that histories come from all over the text. */
const STRIDE = 1_000_003;

/** Predicts the ten most probable tokens after histories from all over the held-out text. */
export const predictSuite: Suite = {
  name: 'predict',
  async prepare(text) {
    const path = await text.model();
    const paged = await LanguageModel.open(path, { tables: 'page' });
    const loaded = await paged.load();
    const sentences = await readSentences(text.heldOut);
    const histories = sentences.flatMap(words => words.map((_, i) => words.slice(Math.max(0, i + 1 - ORDER), i)));
    let at = 0;
    const history = (): readonly string[] => histories[(at += STRIDE) % histories.length];
    const onePrediction = { work: 1, unit: 'predictions' };
    return {
      cases: [
        { name: 'predict, loaded', ...onePrediction, run: () => loaded.predict(history()) },
        { name: 'predict, paged', ...onePrediction, run: () => paged.predict(history()) },
      ],
      close: () => paged.close(),
    };
  },
};
