import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  exportArpa,
  importArpa,
  KneserError,
  LanguageModel,
  prune,
  train,
  tune,
  type ImportReport,
  type TrainOptions,
} from '#kneser/src/index.js';
import { parseNumber } from '#kneser/src/tools/arpa/number.js';
import { BLOCK_ENTRIES, blankBlock, decodeBlock, encodeBlock } from '#kneser/src/tables/block.js';
import { BlockDamage, seal, unseal } from '#kneser/src/base/sealed.js';
import { encodeMsgpack } from '#kneser/src/base/encode-msgpack.js';
import { decodeMsgpack } from '#kneser/src/base/decode-msgpack.js';
import { readDecimals, writeDecimals } from '#kneser/src/tables/decimals.js';
import { CommandLine } from '../support/command-line.js';
import { temporaryFolder, withOpen } from '../support/models.js';

const folder = temporaryFolder('arpa');
const cli = new CommandLine('arpa-cli');
const fixture = (name: string): string => new URL(`../fixtures/${name}`, import.meta.url).pathname;
const encoder = new TextEncoder();

/** An ARPA file as a map from n-grams to their numbers: the plain way to read and use one. */
class Arpa {
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

async function importText(text: string | Uint8Array, out = at('imported')): Promise<ImportReport> {
  writeFileSync(at('text.arpa'), text);
  return importArpa({ file: at('text.arpa'), out, force: true });
}

async function exported(model: string): Promise<string> {
  await exportArpa({ model, file: at('exported.arpa') });
  return readFileSync(at('exported.arpa'), 'utf8');
}

/** What an error says, and its code. */
async function refusal(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof KneserError)) throw new Error(`expected a KneserError, not ${String(error)}`);
  return { code: error.code, message: error.message };
}

/** Checks every word of a sentence, read both ways, against the map. */
async function expectScores(arpa: Arpa, order: number, sentences: readonly string[][], tolerance: number) {
  await withOpen(at('imported'), async (paged, loaded) => {
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

const texts = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'é', 'stranger'), { maxLength: 9 }), {
  minLength: 1,
  maxLength: 6,
});

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
          await expectScores(arpa, order, tests, 1e-12);
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
          await expectScores(again, order, tests, 1e-9);
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
    await expectScores(new Arpa(text), 2, [['w7', 'w4999', 'w7', 'w0', 'w1', 'w2500', 'other']], 1e-12);
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

describe('a file that is not right is refused', () => {
  const good = [
    '\\data\\',
    'ngram 1=5',
    'ngram 2=3',
    'ngram 3=1',
    '',
    '\\1-grams:',
    '-1\t<unk>',
    '-99\t<s>\t-0.5',
    '-1\t</s>',
    '-0.5\ta\t-0.25',
    '-0.75\tb\t0.5',
    '',
    '\\2-grams:',
    '-0.5\t<s> a\t-0.25',
    '-0.5\ta b\t-0.25',
    '-0.5\tb </s>',
    '',
    '\\3-grams:',
    '-0.25\t<s> a b',
    '',
    '\\end\\',
  ];
  /** The good file with a line replaced, or with others in its place. */
  const change = (line: number, ...lines: string[]): string =>
    [...good.slice(0, line - 1), ...lines, ...good.slice(line)].join('\n') + '\n';

  test.each<[string, string, number | undefined, string]>([
    ['a positive log10 probability', change(10, '0.5\ta\t-0.25'), 10, 'has the positive log10 probability 0.5'],
    ['NaN', change(10, 'nan\ta\t-0.25'), 10, 'begins with "nan", which is no number'],
    ['a NaN back-off', change(10, '-0.5\ta\tNaN'), 10, 'has "NaN" where its back-off is due, which is no number'],
    ['an infinite back-off', change(10, '-0.5\ta\tinf'), 10, 'has "inf" where its back-off is due'],
    ['a number that is none', change(10, '-0x1\ta\t-0.25'), 10, 'begins with "-0x1", which is no number'],
    ['a number with a comma', change(10, '-0,5\ta\t-0.25'), 10, 'begins with "-0,5", which is no number'],
    ['a number past all bounds', change(10, '-1e999\ta\t-0.25'), 10, 'begins with "-1e999", which is no number'],
    ['too few n-grams', change(15), 17, 'ends section 2 after 2 n-grams; \\data\\ says that it has 3'],
    [
      'too many n-grams',
      change(16, '-0.5\tb </s>', '-1\tb b'),
      17,
      'is one n-gram more in section 2 than \\data\\ says: 3',
    ],
    ['a missing section', change(18).replace('-0.25\t<s> a b\n', ''), 19, 'comes where \\3-grams: is missing'],
    [
      'a missing first section',
      '\\data\\\nngram 1=3\nngram 2=1\n\n\\2-grams:\n',
      5,
      'comes where \\1-grams: is missing',
    ],
    ['a missing middle section', change(13, '\\3-grams:'), 13, 'comes where \\2-grams: is missing'],
    ['a section twice', change(18, '\\2-grams:'), 18, 'begins section 2, which is out of order'],
    ['a section that is not counted', change(18, '\\4-grams:'), 18, 'begins section 4, which is not counted'],
    ['a section of another name', change(13, '\\bigrams:'), 13, 'is "\\\\bigrams:", which begins no section'],
    ['a duplicate', change(15, '-0.5\t<s> a\t-0.5'), 15, 'has "<s> a" a second time'],
    ['a duplicate word', change(11, '-0.5\ta'), 11, 'has "a" a second time'],
    ['a missing context', change(19, '-0.25\tb a b'), 19, 'has "b a b", whose context "b a" is no n-gram of the file'],
    [
      'a missing context behind blank lines',
      change(19, '', '', '-0.25\tb a b'),
      21,
      'whose context "b a" is no n-gram',
    ],
    ['an unknown word', change(15, '-0.5\ta c\t-0.25'), 15, 'has the word "c", which is not among the unigrams'],
    ['a word too few', change(15, '-0.5\ta'), 15, 'has 1 words; an n-gram of order 2 and its numbers were due'],
    ['a word too many', change(19, '-0.25\t<s> a b a'), 19, 'has "a" where its back-off is due'],
    [
      'a number too many',
      change(10, '-0.5\ta\t-0.25\t0'),
      10,
      'has more than an n-gram of order 1 and its two numbers',
    ],
    ['no word', change(10, '-0.5'), 10, 'has no word behind its first number'],
    ['a back-off in the highest order', change(19, '-0.25\t<s> a b\t-1'), 19, 'has a back-off, and is of the highest'],
    ['no <s>', change(8).replace('ngram 1=5', 'ngram 1=4'), 13, 'has the word "<s>", which is not among the unigrams'],
    ['no </s>', change(9).replace('ngram 1=5', 'ngram 1=4'), 15, 'has the word "</s>", which is not among the'],
    ['<unk> in two spellings', change(10, '-1\t<UNK>'), 10, 'has <UNK>, which is <unk> here, a second time'],
    ['counts that skip an order', change(3, 'ngram 3=1'), 3, 'counts order 3; order 2 is due'],
    [
      'an order that is too high',
      change(4, ...Array.from({ length: 11 }, (_, i) => `ngram ${i + 3}=0`)),
      14,
      'at most order 12',
    ],
    ['more n-grams than can be', change(2, 'ngram 1=5000000000'), 2, 'counts 5000000000 n-grams; at most'],
    ['a header of something else', change(3, 'bigrams 2=3'), 3, 'says neither how many n-grams there are'],
    ['no counts', '\\data\\\n\n\\1-grams:\n', 3, 'comes before any line such as ngram 1=10'],
    ['no end', good.slice(0, -1).join('\n'), 19, 'is the last one, and not \\end\\; the file was cut short'],
    ['more behind the end', good.join('\n') + '\nmore\n', 22, 'comes after \\end\\'],
    ["IRSTLM's own format", 'iARPA\n\n\\data\\\n', 1, "begins IRSTLM's own kind of file"],
    ["KenLM's binary", 'mmap lm http://kheafield.com/code format version 5\n\0', 1, 'begins a binary file of KenLM'],
    ['an endless line', 'a'.repeat(3 << 20), undefined, 'is longer than 1048576 bytes'],
    ['an endless number', change(10, 'a'.repeat(3 << 20)), 10, 'has no word behind its first number'],
    ['an empty word', change(11, '-0.75\t\t0.5'), 11, 'has an empty word between two tabs'],
    ['plain text', 'the cat sat\n', undefined, 'has no line \\data\\; this is no ARPA file'],
    ['nothing', '', undefined, 'has no line \\data\\; this is no ARPA file'],
  ])('%s', async (_, text, line, reason) => {
    const out = at('refused');
    writeFileSync(at('bad.arpa'), text);
    const { code, message } = await refusal(importArpa({ file: at('bad.arpa'), out }));
    expect(message).toContain(reason);
    if (line !== undefined) expect(message).toContain(`bad.arpa: line ${line} `);
    expect(code).toBe('KNESER_INPUT_ARPA');
    expect(readdirSync(folder)).not.toContain('refused');
  });

  test('words in Latin-1, of which two could become one', async () => {
    const latin = (text: string): Uint8Array => Uint8Array.from(text, letter => letter.charCodeAt(0));
    const lines = ['-1\tcaf\xe8\t0', '-1\tcaf\xe9\t0'];
    for (const line of [lines, lines.slice(1)]) {
      writeFileSync(at('latin.arpa'), latin(change(10, ...line).replace('ngram 1=5', `ngram 1=${4 + line.length}`)));
      const { code, message } = await refusal(importArpa({ file: at('latin.arpa'), out: at('refused') }));
      expect(code).toBe('KNESER_INPUT_ARPA');
      expect(message).toContain('latin.arpa: line 10 has the word');
      expect(message).toMatch(/63 61 66 e[89]\), which is not UTF-8.*iconv -f ISO-8859-1 -t UTF-8/);
    }
  });

  test('no word with VT, FF, NUL or CR inside: fields end at tabs and spaces alone', async () => {
    for (const word of ['\v', '\f', '\0', 'x\vy', 'x\ry']) {
      const warnings = await importText(
        change(11, '-0.75\tb\t0.5', `-0.6\t${word}\t-0.3`).replace('ngram 1=5', 'ngram 1=6'),
      );
      expect(JSON.stringify(warnings)).toContain('1 words have a NUL, VT, FF or CR inside');
      await withOpen(at('imported'), async model => {
        expect((await model.score([word], { start: false, end: false })).log10Probs[0]).toBe(-0.6);
        expect((await model.score(['-0.3'])).oov[0]).toBe(true);
      });
    }
  });

  test('no line of 4 MB: a token may be that long', async () => {
    const word = 'é'.repeat(2 << 20);
    await importText(change(11, '-0.75\tb\t0.5', `-0.6\t${word}\t-0.3`).replace('ngram 1=5', 'ngram 1=6'));
    await withOpen(at('imported'), async model => expect((await model.score([word])).oov[0]).toBe(false));
  });

  test('no sum above 0: log10 p is what the file gives, filled in or not', async () => {
    const lines = [
      '\\data\\',
      'ngram 1=5',
      'ngram 2=3',
      'ngram 3=1',
      '',
      '\\1-grams:',
      '-1.4\t<unk>',
      '-99\t<s>\t-0.4',
    ];
    lines.push('-0.2\t</s>', '-0.7\telk\t0.5', '-0.8\tmoor\t-0.3', '', '\\2-grams:', '-0.3\t<s> moor\t-0.1');
    lines.push(
      '-0.3\t<s> elk\t-0.1',
      '-0.6\tmoor elk\t-0.25',
      '',
      '\\3-grams:',
      '-0.1\t<s> elk </s>',
      '',
      '\\end\\',
      '',
    );
    const { warnings } = await importText(lines.join('\n'));
    // `elk </s>` is filled in for `<s> elk </s>`: 0.5 − 0.2. `moor elk </s>` backs off to it: −0.25 + 0.3.
    expect(warnings).toEqual([
      expect.stringMatching(/^1 n-grams/),
      expect.stringMatching(/^1 contexts have a back-off/),
    ]);
    await withOpen(at('imported'), async model => {
      const last = async (...tokens: string[]): Promise<number> =>
        (await model.score(tokens, { start: false })).log10Probs[tokens.length];
      expect(await last('elk')).toBeCloseTo(0.3, 12);
      expect(await last('moor', 'elk')).toBeCloseTo(0.05, 12);
    });
  });

  test('and legal files are not refused', async () => {
    await importText(good.join('\n') + '\n');
    await importText(good.join('\n'));
    await importText('\ufeff' + change(10, '+0\ta\t2.5e-1').replace('ngram 1=5', 'NGRAM 1 = 5'));
    await importText(change(10, '-inf\ta\t-Infinity'));
    expect(new Arpa(await exported(at('imported'))).ngrams.get('b')).toEqual([-0.75, 0.5]);
    await withOpen(at('imported'), async paged => expect((await paged.score('a')).log10Probs[0]).toBe(-0.5));
    await importText(change(7, '-1\t<UNK>').replace('ngram 3=1', 'ngram 3=1\nngram 4=0'));
    expect(await exported(at('imported'))).toMatch(/^-1\t<unk>\t0$/m);
    await importText(gzipSync(good.join('\n') + '\n'), at('imported')).catch((error: unknown) => {
      // Gzip is told by the name alone, as everywhere.
      expect(error).toMatchObject({ code: 'KNESER_INPUT_ARPA' });
    });
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

describe('the command line', () => {
  test('imports and exports, plain and gzipped, and prints a report', async () => {
    const out = cli.fresh();
    const imported = await cli.run(['import', fixture('kenlm.arpa'), '--out', out]);
    expect(imported).toMatchObject({ status: 0, stdout: '' });
    expect(imported.stderr).toContain(`${out}: order 3, `);
    expect(imported.stderr).toContain(`kneser perplexity ${out} FILE`);
    const [plain, packed] = [cli.fresh('plain') + '.arpa', cli.fresh('packed') + '.arpa.gz'];
    const run = await cli.run(['export', out, '--arpa', plain]);
    expect(run).toMatchObject({ status: 0, stdout: '' });
    expect(run.stderr).toContain(`${plain}: order 3, `);
    expect(await cli.run(['export', out, '--arpa', packed, '--quiet'])).toEqual({ status: 0, stdout: '', stderr: '' });
    const text = readFileSync(plain);
    expect(gunzipSync(readFileSync(packed)).equals(text)).toBe(true);
    for (const [file, input] of [[packed], ['-', text]] as const) {
      const other = cli.fresh();
      const quiet = await cli.run(['import', file, '--out', other, '--quiet'], input ? { input } : {});
      expect(quiet).toEqual({ status: 0, stdout: '', stderr: '' });
      await cli.print(['export', other, '--arpa', packed, '-q']);
      expect(gunzipSync(readFileSync(packed)).equals(text)).toBe(true);
    }
    const inspected = await cli.print(['inspect', out]);
    expect(inspected).toContain('order 3, a back-off model without counts, vocabulary 60');
    expect(inspected).not.toMatch(/D1|\d tokens/);
    expect(await cli.refuse(2, ['import', plain, '--out', out])).toContain('--force');
    await cli.print(['import', plain, '--out', out, '--force', '-q']);
    expect(await cli.refuse(2, ['tune', out, cli.file('a b\n')])).toContain('no counts to');
    expect(await cli.refuse(2, ['import', cli.fresh(), '--out', cli.fresh()])).toContain('there is no such file');
    expect(await cli.refuse(2, ['import', out, '--out', cli.fresh()])).toContain('is a folder');
  });

  test('never replaces anything but a file, and leaves no temporary file', async () => {
    const out = cli.fresh();
    await importArpa({ file: fixture('kenlm.arpa'), out });
    const inside = cli.fresh('folder');
    mkdirSync(inside);
    const socket = join(inside, 'socket');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    try {
      for (const path of [inside, socket]) {
        expect(await cli.refuse(2, ['export', out, '--arpa', path, '-q'])).toContain(
          `${path}: is a folder or a device`,
        );
      }
      expect(readdirSync(inside)).toEqual(['socket']);
    } finally {
      server.close();
    }
  });

  test('an import or an export that is stopped leaves nothing behind', async () => {
    const [out, file] = [at('stopped'), at('stopped.arpa')];
    await importArpa({ file: fixture('kenlm.arpa'), out: at('imported'), force: true });
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    expect((await refusal(importArpa({ file: fixture('kenlm.arpa'), out, ...options }))).code).toBe('KNESER_ABORTED');
    expect((await refusal(exportArpa({ model: at('imported'), file, ...options }))).code).toBe('KNESER_ABORTED');
    expect(readdirSync(folder).filter(name => name.startsWith('stopped'))).toEqual([]);
  });
});

describe('a block of a back-off model', () => {
  test('is decoded as it was encoded, and refused with too few or too many numbers', () => {
    const block = blankBlock(1, 2, 3);
    block.contexts[0].set([5, 9]);
    block.contextCount = 2;
    block.starts.set([0, 1, 3]);
    block.words.set([0, 4, 7]);
    block.counts.fill(1);
    block.numbers = { log10Probs: Float64Array.of(0, -1.25, -1 / 3), backoffs: Float64Array.of(0.5, -Infinity) };
    const value = encodeBlock(block);
    const blank = blankBlock(1, BLOCK_ENTRIES, BLOCK_ENTRIES);
    for (const decoded of [decodeBlock(value, 1), decodeBlock(value, 1, blank)]) {
      expect(decoded.numbers?.log10Probs.slice(0, 3)).toEqual(block.numbers.log10Probs);
      expect(decoded.numbers?.backoffs.slice(0, 2)).toEqual(block.numbers.backoffs);
      expect([...decoded.words.subarray(0, 3)]).toEqual([0, 4, 7]);
    }
    const header = decodeMsgpack(unseal(value)) as unknown[];
    const numbers = header[5] as Uint8Array;
    for (const wrong of [numbers.slice(1), numbers.slice(0, -1), Uint8Array.of(...numbers, 0), 'numbers', 7]) {
      expect(() => decodeBlock(seal(encodeMsgpack([...header.slice(0, 5), wrong])), 1)).toThrow(BlockDamage);
    }
    // Blocks of counts, read into the same memory, have no numbers.
    block.numbers = undefined;
    expect(decodeBlock(encodeBlock(block), 1, blank).numbers).toBeUndefined();
  });
});

describe('numbers', () => {
  const numbers = fc.oneof(
    fc.double({ noNaN: true }),
    fc.double({ min: -10, max: 1, noNaN: true }),
    fc.tuple(fc.integer(), fc.integer({ min: 0, max: 16 })).map(([digits, point]) => digits / 10 ** point),
  );

  test('are stored without rounding', () => {
    fc.assert(
      fc.property(fc.array(numbers), list => {
        const values = Float64Array.from(list, value => (value === 0 ? 0 : value));
        const bytes = new Uint8Array(9 * list.length + 9);
        const end = writeDecimals(bytes, 3, values, values.length);
        const read = new Float64Array(values.length);
        const cursor = { at: 3 };
        readDecimals(bytes, cursor, read, read.length);
        expect(cursor.at).toBe(end);
        expect(read).toEqual(values);
      }),
    );
  });

  test('are read as JavaScript reads them', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 0, max: 20 }), (value, digits) => {
        if (!Number.isFinite(value)) return;
        for (const text of [String(value), value.toExponential(digits), value.toPrecision(digits + 1)]) {
          const bytes = encoder.encode(`x${text} `);
          expect(parseNumber(bytes, 1, bytes.length - 1)).toEqual(Number.isFinite(Number(text)) ? Number(text) : NaN);
        }
      }),
    );
    for (const text of ['', '-', '.', '-.', '1-', '--1', '1.2.3', '1e', '1e+', 'e5', '0x10', 'Infinity', 'NaN', '1 ']) {
      expect([text, parseNumber(encoder.encode(text), 0, text.length)]).toEqual([text, NaN]);
    }
    expect(parseNumber(encoder.encode('-.5'), 0, 3)).toBe(-0.5);
    expect(parseNumber(encoder.encode('-5.'), 0, 3)).toBe(-5);
  });
});
