import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { exportArpa, importArpa, type ImportReport } from '#kneser/src/index.js';
import { withOpen } from './models.js';

/** An ARPA file as a map from n-grams to their numbers: the plain way to read and use one. */
export class Arpa {
  readonly ngrams = new Map<string, readonly [number, number]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const fields = line.split('\t');
      if (fields.length > 1) this.ngrams.set(fields[1], [Number(fields[0]) + 0, Number(fields[2] ?? 0) + 0]);
    }
  }

  /** log10 p(word | history), and the length of the n-gram found. */
  score(word: string, history: readonly string[]): { log10Prob: number; matched: number } {
    const found = this.ngrams.get([...history, word].join(' '));
    if (found) return { log10Prob: found[0], matched: history.length + 1 };
    if (history.length === 0) return { log10Prob: -Infinity, matched: 1 };
    const [, backoff] = this.ngrams.get(history.join(' ')) ?? [0, 0];
    const { log10Prob, matched } = this.score(word, history.slice(1));
    return { log10Prob: backoff + log10Prob, matched };
  }
}

/** A few sentences of few words, one of which is in no model. */
export const texts = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'é', 'stranger'), { maxLength: 9 }), {
  minLength: 1,
  maxLength: 6,
});

/** Functions that import a text as an ARPA file, and give the ARPA file of a model. @param folder of their files. */
export function arpaFiles(folder: string): {
  readonly importText: (text: string | Uint8Array, out?: string) => Promise<ImportReport>;
  readonly exported: (model: string) => Promise<string>;
} {
  const at = (name: string): string => join(folder, name);
  return {
    importText(text, out = at('imported')) {
      writeFileSync(at('text.arpa'), text);
      return importArpa({ file: at('text.arpa'), out, force: true });
    },
    async exported(model) {
      await exportArpa({ model, file: at('exported.arpa') });
      return readFileSync(at('exported.arpa'), 'utf8');
    },
  };
}

/** Imports a model. @param orders by order from 1, its n-grams as `log10Prob word … [backoff]`. @returns its folder, `out`. */
export async function importedModel(out: string, orders: readonly (readonly string[])[]): Promise<string> {
  const section = (ngrams: readonly string[], i: number): string => {
    const lines = ngrams.map(ngram => {
      const [log10Prob, ...rest] = ngram.split(' ');
      return [log10Prob, rest.slice(0, i + 1).join(' '), ...rest.slice(i + 1)].join('\t');
    });
    return `\\${i + 1}-grams:\n${lines.join('\n')}\n`;
  };
  const counts = orders.map((ngrams, i) => `ngram ${i + 1}=${ngrams.length}`);
  writeFileSync(`${out}.arpa`, ['\\data\\', ...counts, '', ...orders.map(section), '\\end\\', ''].join('\n'));
  await importArpa({ file: `${out}.arpa`, out, force: true });
  return out;
}

/** Checks every word of sentences, by an imported model that is read both ways, against its file. */
export async function expectScores(
  model: string,
  arpa: Arpa,
  order: number,
  sentences: readonly string[][],
  tolerance: number,
): Promise<void> {
  await withOpen(model, async (paged, loaded) => {
    const vocabulary = [...loaded.vocabulary()];
    for (const history of sentences.slice(0, 2)) {
      // Dense: every word of the vocabulary is scored after the history.
      const dense = vocabulary.map(token => ({ token, log10Prob: loaded.log10Prob(token, ['<s>', ...history]) }));
      dense.sort((a, b) => b.log10Prob - a.log10Prob);
      const predicted = loaded.predict(history, { top: 4, unknown: true, explain: true });
      expect(await paged.predict(history, { top: 4, unknown: true, explain: true })).toEqual(predicted);
      const most = dense.filter(({ log10Prob }) => log10Prob > -Infinity).slice(0, 4);
      expect(predicted.slice(0, most.length).map(({ log10Prob }) => log10Prob)).toEqual(
        most.map(({ log10Prob }) => log10Prob),
      );
      for (const { token, log10Prob } of predicted) {
        expect(log10Prob).toBe(dense.find(one => one.token === token)?.log10Prob);
      }
    }
    for (const sentence of sentences) {
      const score = await paged.score(sentence);
      expect(loaded.score(sentence)).toEqual(score);
      const tokens = [...sentence, '</s>'].map(token => (arpa.ngrams.has(token) ? token : '<unk>'));
      for (const [i, token] of tokens.entries()) {
        const history = order > 1 ? ['<s>', ...tokens.slice(0, i)].slice(1 - order) : [];
        const { log10Prob, matched } = arpa.score(token, history);
        const length = score.oov[i] ? 1 : matched;
        expect({ i, sentence, matched: score.matched[i] }).toEqual({ i, sentence, matched: length });
        if (log10Prob === -Infinity) expect(score.log10Probs[i]).toBe(-Infinity);
        else expect(Math.abs(score.log10Probs[i] - log10Prob)).toBeLessThan(tolerance);
      }
    }
  });
}
