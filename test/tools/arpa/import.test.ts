import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importArpa, LanguageModel, prune, tune } from '#kneser/src/index.js';
import { Arpa, arpaFiles, expectScores, texts } from '../../support/arpa.js';
import { CommandLine } from '../../support/command-line.js';
import { temporaryFolder, withOpen } from '../../support/models.js';
import { refusal } from '../../support/refusal.js';

const folder = temporaryFolder('arpa-import');
const cli = new CommandLine('arpa-import-cli');
const fixture = (name: string): string => new URL(`../../fixtures/${name}`, import.meta.url).pathname;
const at = (name: string): string => join(folder, name);

/** The n-grams that longer ones end with, of order 2 and up. */
function suffixesOf({ ngrams }: Arpa): string[] {
  const suffixes = new Set<string>();
  for (const words of ngrams.keys()) {
    const tokens = words.split(' ');
    for (let from = 1; from + 1 < tokens.length; from++) suffixes.add(tokens.slice(from).join(' '));
  }
  return [...suffixes];
}

/** A bound of log10 p of every word after a context: the largest that is there, or that backing off can give. */
function largestAfter(arpa: Arpa, context: readonly string[]): number {
  const prefix = context.map(word => `${word} `).join('');
  let largest =
    context.length > 0
      ? (arpa.ngrams.get(context.join(' '))?.[1] ?? 0) + largestAfter(arpa, context.slice(1))
      : -Infinity;
  for (const [words, [log10Prob]] of arpa.ngrams) {
    if (words.startsWith(prefix) && !words.slice(prefix.length).includes(' ')) largest = Math.max(largest, log10Prob);
  }
  return largest;
}

/** Whether an n-gram that is filled in comes to more than 1, or its context does. */
function isOmitted(arpa: Arpa, tokens: readonly string[]): boolean {
  if (tokens.length < 2 || arpa.ngrams.has(tokens.join(' '))) return false;
  const context = tokens.slice(0, -1);
  return arpa.score(tokens[tokens.length - 1], context).log10Prob > 0 || isOmitted(arpa, context);
}

const { importText, exported } = arpaFiles(folder);

describe("KenLM's ARPA file", () => {
  interface KenLM {
    readonly perplexityIncludingOov: number;
    readonly perplexityExcludingOov: number;
    readonly oov: number;
    readonly tokens: number;
    readonly sentences: readonly { sentence: string; log10Probs: number[]; matched: number[]; oov: boolean[] }[];
  }
  const kenlm = JSON.parse(readFileSync(fixture('kenlm.json'), 'utf8')) as KenLM;

  test("gives KenLM's probabilities, matched lengths and perplexity", async () => {
    await importArpa({ file: fixture('kenlm.arpa'), out: at('imported'), force: true });
    await withOpen(at('imported'), async (paged, loaded) => {
      for (const { sentence, log10Probs, matched, oov } of kenlm.sentences) {
        const score = await paged.score(sentence);
        expect(loaded.score(sentence)).toEqual(score);
        expect([...score.matched]).toEqual(matched);
        expect(score.oov).toEqual(oov);
        score.log10Probs.forEach((log10Prob, i) => expect(Math.abs(log10Prob - log10Probs[i])).toBeLessThan(2e-6));
      }
      const { perplexity, perplexityExcludingOov, oov, tokens } = await paged.perplexity(
        kenlm.sentences.map(({ sentence }) => sentence),
      );
      expect({ oov, tokens }).toEqual({ oov: kenlm.oov, tokens: kenlm.tokens });
      expect(Math.abs((perplexity ?? NaN) / kenlm.perplexityIncludingOov - 1)).toBeLessThan(1e-6);
      expect(Math.abs((perplexityExcludingOov ?? NaN) / kenlm.perplexityExcludingOov - 1)).toBeLessThan(1e-6);
    });
  });

  test('is exported number for number', async () => {
    await importArpa({ file: fixture('kenlm.arpa'), out: at('imported'), force: true });
    const text = await exported(at('imported'));
    expect(new Arpa(text).ngrams).toEqual(new Arpa(readFileSync(fixture('kenlm.arpa'), 'utf8')).ngrams);
    expect(text.split('\n').slice(0, 4)).toEqual(['\\data\\', 'ngram 1=61', 'ngram 2=150', 'ngram 3=198']);
  });

  test('gives vectors, states, files and threads as other models do', async () => {
    await importArpa({ file: fixture('kenlm.arpa'), out: at('imported'), force: true });
    const lines = kenlm.sentences.map(({ sentence }) => sentence);
    writeFileSync(at('lines.txt'), Array.from({ length: 9000 }, () => lines.join('\n') + '\n').join(''));
    await withOpen(at('imported'), async (paged, loaded) => {
      const { log10Probs } = loaded.score(lines[0]);
      let state = loaded.start();
      for (const [i, token] of [...lines[0].split(' '), '</s>'].entries()) {
        const extension = loaded.extend(state, token);
        expect(extension.log10Prob).toBe(log10Probs[i]);
        ({ state } = extension);
      }
      const vector = await paged.ngramPerplexities(lines[0], { context: 'window' });
      expect(vector.length).toBe(log10Probs.length - 1);
      expect(loaded.ngramPerplexities(lines[0], { context: 'window' })).toEqual(vector);
      const expected = await paged.perplexityOfFile(at('lines.txt'));
      for (const threads of [1, 2]) {
        expect(await loaded.perplexityOfFile(at('lines.txt'), { threads })).toEqual(expected);
      }
      expect(paged.info).toMatchObject({ order: 3, smoothing: 'backoff', sentences: 0, tokens: 0, weights: [] });
    });
  });
});

describe('any back-off model', () => {
  interface Entry {
    readonly words: string[];
    readonly log10Prob: number;
    readonly backoff: number | undefined;
  }
  const number = fc.oneof(
    fc.integer({ min: -99_999_999, max: 0 }).map(digits => digits / 1e7),
    fc.double({ min: -30, max: 0, noNaN: true }),
    fc.constantFrom(0, -99, -1e-12, -0.5),
  );
  /** Positive ones are legal. */
  const backoffs = fc.option(fc.oneof(number, fc.double({ min: 0, max: 3, noNaN: true })), { nil: undefined });
  const words = ['<unk>', '<s>', '</s>', 'a', 'b', 'c', 'd', 'é'];
  const ngram = fc.record({
    words: fc.array(fc.constantFrom(...words), { minLength: 2, maxLength: 4 }),
    log10Prob: number,
    backoff: backoffs,
  });
  const unigrams = fc.array(fc.tuple(number, backoffs), { minLength: words.length, maxLength: words.length });

  /** All n-grams with their contexts, but not all with their suffixes; in any order within an order. */
  function entriesOf(
    order: number,
    numbers: readonly (readonly [number, number | undefined])[],
    ngrams: readonly Entry[],
  ) {
    const entries = new Map<string, Entry>();
    const withUnknown = numbers[0][0] < -1;
    words.forEach((word, i) => {
      if (i === 0 && !withUnknown) return;
      entries.set(word, { words: [word], log10Prob: numbers[i][0], backoff: order > 1 ? numbers[i][1] : undefined });
    });
    for (const { words: all, log10Prob, backoff } of ngrams) {
      if (!withUnknown && all.includes('<unk>')) continue;
      for (let n = 2; n <= Math.min(order, all.length); n++) {
        const part = all.slice(0, n);
        if (entries.has(part.join(' '))) continue;
        entries.set(part.join(' '), { words: part, log10Prob, backoff: n < order ? backoff : undefined });
      }
    }
    return [...entries.values()];
  }

  function write(order: number, entries: readonly Entry[], [newline, tab, space]: readonly string[]): string {
    const orders = Array.from({ length: order }, (_, i) => entries.filter(entry => entry.words.length === i + 1));
    const lines = [
      '',
      'a comment',
      '\\data\\',
      ...orders.map((list, i) => `ngram ${i + 1}=${tab === ' ' ? '  ' : ''}${list.length}`),
    ];
    for (const [i, list] of orders.entries()) {
      if (list.length === 0 && newline === '\r\n') continue;
      lines.push('', `\\${i + 1}-grams:`);
      for (const entry of list) {
        const backoff = entry.backoff === undefined ? [] : [entry.backoff];
        lines.push([entry.log10Prob, entry.words.join(space), ...backoff].join(tab));
        if (newline === '\n\n') lines.push('');
      }
    }
    return [...lines, '', '\\end\\', ''].join(newline);
  }

  test('scores as its definition says, is exported as it was, and gets the suffixes that it lacks', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        unigrams,
        fc.array(ngram, { maxLength: 25 }),
        fc.constantFrom(['\n', '\t', ' '], ['\r\n', ' ', '  '], ['\n\n', '\t\t', '\t']),
        texts,
        async (order, numbers, ngrams, separators, tests) => {
          const entries = entriesOf(order, numbers, ngrams);
          const { warnings } = await importText(write(order, entries, separators));
          const arpa = new Arpa(
            entries.map(e => [e.log10Prob, e.words.join(' '), e.backoff ?? 0].join('\t')).join('\n'),
          );
          const text = await exported(at('imported'));
          const again = new Arpa(text);
          const filled = [...again.ngrams].filter(([words]) => !arpa.ngrams.has(words));
          // N-grams that come to more than 1 are left out, as the file leaves them out: they are filled in again.
          for (const [log10Prob] of again.ngrams.values()) expect(log10Prob).toBeLessThanOrEqual(0);
          for (const [words, entry] of arpa.ngrams) expect([words, again.ngrams.get(words)]).toEqual([words, entry]);
          for (const [words, [log10Prob, backoff]] of filled) {
            const tokens = words.split(' ');
            // The sum that the file gives, even above 0.
            const expected = arpa.score(tokens[tokens.length - 1], tokens.slice(0, -1)).log10Prob;
            expect(Math.abs(log10Prob - expected)).toBeLessThan(1e-9);
            expect(backoff).toBe(0);
          }
          const lacking = suffixesOf(arpa).filter(words => !arpa.ngrams.has(words)).length;
          const missing: unknown[] =
            lacking > 0 ? [expect.stringMatching(`^${lacking} n-grams that longer ones end with`)] : [];
          const unknown: unknown[] = arpa.ngrams.has('<unk>') ? [] : [expect.stringContaining('no <unk>')];
          const above = [...again.ngrams].filter(([key, [, backoff]]) => {
            const shorter = key.split(' ').slice(1);
            return backoff > 0 && backoff + largestAfter(again, shorter) > 0;
          });
          const sums: unknown[] =
            above.length > 0 ? [expect.stringMatching(`^${above.length} contexts have a back-off with which`)] : [];
          expect(warnings).toEqual([...missing, ...unknown, ...sums]);
          for (const words of again.ngrams.keys()) {
            const tokens = words.split(' ');
            for (let i = 1; i < tokens.length; i++) {
              expect(again.ngrams.has(tokens.slice(i).join(' ')) || isOmitted(arpa, tokens.slice(i))).toBe(true);
            }
          }
          // The model has the n-grams that are left out of the file.
          for (const words of suffixesOf(arpa)) {
            const tokens = words.split(' ');
            if (!isOmitted(arpa, tokens)) continue;
            again.ngrams.set(words, [arpa.score(tokens[tokens.length - 1], tokens.slice(0, -1)).log10Prob, 0]);
          }
          await expectScores(at('imported'), again, order, tests, 1e-9);
          await importText(text);
          expect(await exported(at('imported'))).toBe(text);
        },
      ),
      { numRuns: 25 },
    ));

  test('may have contexts with more followers than a block holds', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => `w${i}`);
    const lines = many.map((word, i) => `-${(i % 7) + 1}.25\t${word}\t-0.${i % 10}`);
    const pairs = many.map((word, i) => `-${(i % 5) + 1}.5\tw7 ${word}`);
    const text = `\\data\\\nngram 1=5003\nngram 2=5000\n\n\\1-grams:\n-2\t<unk>\n-99\t<s>\n-1\t</s>\n${lines.join('\n')}\n\n\\2-grams:\n${pairs.reverse().join('\n')}\n\n\\end\\\n`;
    await importText(text);
    expect(new Arpa(await exported(at('imported'))).ngrams).toEqual(new Arpa(text).ngrams);
    await expectScores(at('imported'), new Arpa(text), 2, [['w7', 'w4999', 'w7', 'w0', 'w1', 'w2500', 'other']], 1e-12);
  });
});

describe('a model without <unk>', () => {
  const text =
    '\\data\\\nngram 1=3\nngram 2=1\n\n\\1-grams:\n-99\t<s>\t-0.5\n-1\t</s>\n-0.25\ta\t-0.125\n\n\\2-grams:\n-0.5\t<s> a\n\n\\end\\\n';

  test('gives words outside its vocabulary probability 0; the perplexity without OOVs leaves them out', async () => {
    const { warnings } = await importText(text);
    expect(warnings).toEqual([
      'the file has no <unk>: words outside the vocabulary have probability 0; unk (--unk) gives them another',
    ]);
    expect(new Arpa(await exported(at('imported'))).ngrams).toEqual(new Arpa(text).ngrams);
    await withOpen(at('imported'), async (paged, loaded) => {
      const score = await paged.score('a b');
      expect([...score.log10Probs]).toEqual([-0.5, -Infinity, -1]);
      expect(score).toMatchObject({ oov: [false, true, false], log10Prob: -Infinity, perplexity: null });
      expect(loaded.score('a b')).toEqual(score);
      for (const model of [paged, loaded]) {
        expect(await model.perplexity(['a b', 'a'])).toMatchObject({
          tokens: 5,
          oov: 1,
          log10Prob: null,
          perplexity: null,
          perplexityExcludingOov: 10 ** ((0.5 + 1 + 0.5 + 1.125) / 4),
          bitsPerToken: null,
        });
      }
      for (const relative of [false, true]) {
        const vector = await paged.ngramPerplexities('a a a b a a a', { window: 2, relative });
        expect([...vector].map(value => value === Infinity)).toEqual([false, false, true, true, true, false, false]);
        expect(vector).not.toContain(NaN);
        const finite = [...vector].filter(value => value < Infinity);
        const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
        if (relative) expect(mean).toBeCloseTo(1, 12);
        else expect(mean).toBeGreaterThan(1.5);
      }
    });
  });

  test('is shown with the hottest colour for words of probability 0', async () => {
    const out = cli.fresh();
    await importText(text, out);
    const page = cli.fresh('page');
    await cli.print(['vector', out, cli.file('a a b a\nb\n'), '--html', page]);
    expect(readFileSync(page, 'utf8')).not.toMatch(/NaN/);
    expect(await cli.print(['vector', out], { input: 'a b\nb\n' })).toBe('–\ta Infinity\tb Infinity\n–\tb Infinity\n');
    const [vector] = await cli.json<{ vector: unknown; perplexity: unknown }>(['vector', out], { input: 'a b\n' });
    expect(vector).toEqual({ tokens: ['a', 'b'], vector: [null, null], perplexity: null });
    const [score] = await cli.json<object>(['score', out], { input: 'a b\n' });
    expect(score).toMatchObject({ log10Probs: [-0.5, null, -1], log10Prob: null, perplexity: null });
  });
});

describe('work that needs counts refuses a model without counts', () => {
  test('with the code KNESER_NO_COUNTS, and a message that says so', async () => {
    await importArpa({ file: fixture('kenlm.arpa'), out: at('imported'), force: true });
    const files = [fixture('kenlm.train.txt')];
    const model = at('imported');
    const refused = [
      () => tune({ model, files }),
      () => prune({ model, out: at('pruned'), prune: [0, 0, 1] }),
      () => LanguageModel.open(model, { smoothing: 'glm' }),
      () => LanguageModel.open(model, { smoothing: 'mkn' }),
      () => LanguageModel.open(model, { weights: 'uniform' }),
      async () => {
        await using opened = await LanguageModel.open(model);
        return await opened.perplexity(['a'], { cache: true });
      },
    ];
    for (const attempt of refused) {
      const { code, message } = await refusal(attempt());
      expect(code).toBe('KNESER_NO_COUNTS');
      expect(message).toContain(`${model}: a back-off model has probabilities but no counts to `);
    }
    expect(readdirSync(folder)).not.toContain('pruned');
  });
});

test('a file without unigrams is refused', async () => {
  const file = join(folder, 'empty.arpa');
  writeFileSync(file, '\\data\\\nngram 1=0\n\n\\1-grams:\n\n\\end\\\n');
  await expect(importArpa({ file, out: join(folder, 'empty') })).rejects.toMatchObject({ code: 'KNESER_INPUT_EMPTY' });
});
