import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportArpa, LanguageModel, train, type TrainOptions } from '#kneser/src/index.js';
import { Arpa, arpaFiles, expectScores, texts } from '../../support/arpa.js';
import { temporaryFolder, withOpen } from '../../support/models.js';
import { refusal } from '../../support/refusal.js';

const folder = temporaryFolder('arpa-export');
const fixture = (name: string): string => new URL(`../../fixtures/${name}`, import.meta.url).pathname;
const at = (name: string): string => join(folder, name);

const { importText, exported } = arpaFiles(folder);

describe('a model of counts', () => {
  const corpus = fc
    .constantFrom(['a'], ['a', 'b'], ['a', 'b', 'é', '<unk>'], ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    .chain(from => fc.array(fc.array(fc.constantFrom(...from), { maxLength: 9 }), { minLength: 1, maxLength: 60 }))
    .filter(sentences => sentences.some(one => one.length > 0));
  const prunings = fc.option(fc.constantFrom([0, 1], [0, 0, 1], [0, 0, 2]), { nil: undefined });
  const vocabularies = fc.option(fc.constant({ kind: 'words', words: ['a', 'c', 'never'] } as const), {
    nil: undefined,
  });

  test('has the same probabilities and matches when it is exported and imported, and the same file when exported again', () =>
    fc.assert(
      fc.asyncProperty(
        corpus,
        fc.integer({ min: 1, max: 6 }),
        prunings,
        vocabularies,
        fc.boolean(),
        texts,
        async (sentences, order, thresholds, vocabulary, skip, tests) => {
          const options: TrainOptions = { sentences, out: at('counted'), order, force: true };
          const pruned = thresholds && thresholds.length <= order ? { prune: thresholds } : undefined;
          await train({
            ...options,
            ...(pruned ?? { patterns: { skip } }),
            ...(vocabulary ? { vocabulary } : {}),
          });
          const text = await exported(at('counted'));
          expect((await importText(text)).warnings).toEqual([]);
          expect(await exported(at('imported'))).toBe(text);
          const arpa = new Arpa(text);
          await expectScores(at('imported'), arpa, order, tests, 1e-12);
          const counted = await LanguageModel.open(at('counted'), { smoothing: 'mkn' });
          await withOpen(at('imported'), async imported => {
            for (const sentence of tests) {
              const [expected, score] = [await counted.score(sentence), await imported.score(sentence)];
              expect([...score.matched]).toEqual([...expected.matched]);
              expect(score.oov).toEqual(expected.oov);
              score.log10Probs.forEach((log10Prob, i) => {
                expect(Math.abs(log10Prob - expected.log10Probs[i])).toBeLessThan(1e-7);
              });
            }
          });
          await counted.close();
          // Every context's distribution adds up to one.
          const words = [...arpa.ngrams.keys()].filter(ngram => !ngram.includes(' ') && ngram !== '<s>');
          for (const context of [...arpa.ngrams.keys()].slice(0, 20)) {
            const history = context.split(' ');
            if (history.length >= order || history.includes('</s>')) continue;
            const sum = words.reduce((all, word) => all + 10 ** arpa.score(word, history).log10Prob, 0);
            expect(Math.abs(sum - 1)).toBeLessThan(1e-6);
          }
        },
      ),
      { numRuns: 15 },
    ));

  test('is written with what ARPA asks for: counts, <s> with -99 and a back-off, no back-off in the highest order', async () => {
    await train({ sentences: ['a b', 'a c', 'b'], out: at('counted'), order: 2, force: true });
    const lines = (await exported(at('counted'))).split('\n');
    expect(lines.slice(0, 5)).toEqual(['\\data\\', 'ngram 1=6', 'ngram 2=6', '', '\\1-grams:']);
    expect(lines[5]).toMatch(/^-\d(\.\d+)?\t<unk>\t0$/);
    expect(lines[6]).toMatch(/^-99\t<s>\t-\d(\.\d+)?$/);
    expect(lines[7]).toMatch(/^-\d(\.\d+)?\t<\/s>\t0$/);
    expect(lines.slice(11, 13)).toEqual(['', '\\2-grams:']);
    for (const line of lines.slice(13, 19)) expect(line).toMatch(/^-\d(\.\d+)?\t\S+ \S+$/);
    expect(lines.slice(19)).toEqual(['', '\\end\\', '']);
  });

  test('is written without a warning of Node if the followers of one context fill many chunks', async () => {
    const out = at('many-followers');
    const words = Array.from({ length: 30_000 }, (_, i) => `${i}`.padStart(120, 'long'));
    await train({ sentences: words.map(word => ['a', word]), out, order: 2 });
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    await exportArpa({ model: out, file: at('many.arpa') });
    await new Promise(setImmediate);
    process.off('warning', note);
    expect(warnings).toEqual([]);
    // <unk>, <s>, </s>, a and the words; <s> a; a and each word; each word and </s>.
    expect(new Arpa(readFileSync(at('many.arpa'), 'utf8')).ngrams.size).toBe(4 + 30_000 + 1 + 30_000 + 30_000);
  });

  test('is refused if a word has white space', async () => {
    await train({ sentences: [['New York', 'is'], ['big']], out: at('counted'), order: 2, force: true });
    const { code, message } = await refusal(exported(at('counted')));
    expect(code).toBe('KNESER_OPTION');
    expect(message).toContain('the word "New York" has white space in it');
    // Another export, after which one that went on would have begun its file.
    await train({ sentences: ['a'], out: at('counted'), order: 1, force: true });
    await exportArpa({ model: at('counted'), file: at('other.arpa') });
    expect(readdirSync(folder).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });

  test.skipIf(!process.env.KENLM_BIN)('is read by KenLM, which finds the same perplexity', async () => {
    const sentences = readFileSync(fixture('kenlm.train.txt'), 'utf8').trimEnd().split('\n');
    for (const order of [2, 3, 4, 5, 6]) {
      await train({ sentences, out: at('counted'), order, force: true });
      await exported(at('counted'));
      const text = ['the keeper watched the lamp', 'in the winter the boats were small', 'a gull'];
      const output = execFileSync(join(process.env.KENLM_BIN ?? '', 'query'), ['-v', 'summary', at('exported.arpa')], {
        input: text.join('\n') + '\n',
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      const kenlm = Number(/including OOVs:\s*(\S+)/.exec(output)?.[1]);
      await using model = await LanguageModel.open(at('counted'));
      const { perplexity } = await model.perplexity(text);
      expect(Math.abs((perplexity ?? NaN) / kenlm - 1)).toBeLessThan(1e-5);
    }
  });
});
