import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ALL_WORD_ORDERS,
  annotate,
  ctcBeamSearch,
  exportArpa,
  LanguageModel,
  merge,
  recitation,
  type WordOrderName,
} from '#kneser/src/index.js';
import { hashBytes } from '#kneser/src/text/word-list.js';
import { isWordOrder, ordered, REVERSE_MARK, WordOrder } from '#kneser/src/text/word-order.js';
import { randomNumbers, temporaryFolder, trainedFolder } from '../support/models.js';

const folder = temporaryFolder('word-order');
const OTHERS = ALL_WORD_ORDERS.filter(name => name !== 'forward');
let names = 0;
const fresh = (): string => join(folder, `model-${names++}`);

const orderOf = (name: WordOrderName, lowercase = false): WordOrder =>
  WordOrder.of(name, lowercase) ?? expect.fail(`${name} is forward`);

/** A text in which order matters a little: words of three kinds take turns. */
const random = randomNumbers(3);
const draw = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
const TEXT = Array.from({ length: 120 }, () =>
  Array.from({ length: draw(0, 9) }, (_, i) => `${'abc'[i % 3]}${draw(0, 4)}`),
);
const TEST = [[], ['a1'], ['a1', 'zzz', 'c2', 'a0', 'b3'], ['b1', 'b1', 'c2', 'A0', 'b3', 'c0', 'a4', 'b1']];

describe('word orders', () => {
  const tokens = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }), { maxLength: 40 });

  test.each(OTHERS)('%s reads every token once, and drawn texts are turned back', name => {
    fc.assert(
      fc.property(tokens, text => {
        const order = orderOf(name);
        const { tokens: read, places = new Uint32Array() } = order.read(text);
        const marks = order.hasMark && text.length > 0 ? 1 : 0;
        expect([...places].sort((a, b) => a - b)).toEqual([...Array(text.length + marks).keys()]);
        const back: string[] = [];
        places.forEach((place, i) => (back[place] = read[i]));
        expect(back.filter(token => token !== REVERSE_MARK)).toEqual(text);
        if (name !== 'shuffle') expect(order.undo(read)).toEqual(text);
      }),
      { numRuns: 50 },
    );
  });

  test.each(OTHERS)('%s reads the bytes of a text as its strings', name => {
    fc.assert(
      fc.property(tokens, fc.boolean(), (text, lowercase) => {
        const sink = { read: [] as string[], lines: 0 };
        const to = ordered(orderOf(name, lowercase), {
          token: (bytes, from, end, hash) => {
            expect(hash).toBe(hashBytes(bytes, from, end));
            sink.read.push(Buffer.from(bytes.subarray(from, end)).toString());
          },
          line: () => {
            sink.lines++;
          },
        });
        for (const token of text) {
          const bytes = Buffer.from(`-${token}`);
          to.token(bytes, 1, bytes.length, hashBytes(bytes, 1, bytes.length));
        }
        to.line();
        const lower = lowercase ? text.map(token => token.toLowerCase()) : text;
        const expected = orderOf(name, lowercase).read(lower).tokens;
        expect(lowercase ? sink.read.map(token => token.toLowerCase()) : sink.read).toEqual(expected);
        expect(sink.lines).toBe(1);
      }),
      { numRuns: 50 },
    );
  });

  test('have these sequences', () => {
    const text = ['0', '1', '2', '3', '4', '5', '6'];
    expect(orderOf('backward').read(text).tokens.join('')).toBe('6543210');
    expect(orderOf('even-odd').read(text).tokens.join('')).toBe('0246135');
    const windows = orderOf('shuffle-local:3').read(text).tokens;
    expect(windows.slice(3, 6).map(Number)).toEqual(windows.slice(0, 3).map(token => Number(token) + 3));
    expect(windows.join('')).not.toBe('0123456');
    const mark = orderOf('reverse-control').read(text).tokens.indexOf(REVERSE_MARK);
    const partial = [...text.slice(0, mark), REVERSE_MARK, ...text.slice(mark).reverse()];
    expect(orderOf('reverse-partial').read(text).tokens).toEqual(partial);
    expect(orderOf('reverse-full').read(text).tokens).toEqual(orderOf('reverse-control').read(text).tokens.reverse());
  });

  test('have these names', () => {
    expect(ALL_WORD_ORDERS.every(isWordOrder)).toBe(true);
    for (const name of [
      '',
      'Backward',
      'shuffle-local',
      'shuffle-local:1',
      'shuffle-local:03',
      'shuffle-fixed:-1',
      3,
    ]) {
      expect(isWordOrder(name)).toBe(false);
    }
  });
});

describe('models of another word order', () => {
  test.each(OTHERS)('%s: the same as a model of the reordered text', async wordOrder => {
    const order = orderOf(wordOrder);
    const path = await trainedFolder(fresh(), TEXT, { order: 3, wordOrder });
    const forward = await trainedFolder(
      fresh(),
      TEXT.map(tokens => order.read(tokens).tokens),
      { order: 3 },
    );
    const model = await LanguageModel.open(path);
    const plain = await LanguageModel.open(forward);
    expect(model.info.tables).toEqual(plain.info.tables);
    const loaded = await model.load();
    const file = fresh();
    writeFileSync(file, TEST.map(tokens => `${tokens.join(' ')}\n`).join(''));
    const scores = [];
    for (const tokens of TEST) {
      const { tokens: read, places = new Uint32Array() } = order.read(tokens);
      const expected = await plain.score(read);
      const score = await model.score(tokens);
      scores.push(score);
      expect(score.log10Prob).toBe(expected.log10Prob);
      expect(score.tokens.filter(token => token !== REVERSE_MARK)).toEqual([...tokens, '</s>']);
      read.forEach((token, i) => {
        const place = places[i];
        expect(score.tokens[place]).toBe(token);
        expect(score.log10Probs[place]).toBe(expected.log10Probs[i]);
        expect([score.matched[place], score.oov[place]]).toEqual([expected.matched[i], expected.oov[i]]);
      });
      expect(loaded.score(tokens)).toEqual(score);
      const vector = await plain.ngramPerplexities(read, { window: 2, context: 'window' });
      const own = await model.ngramPerplexities(tokens, { window: 2, context: 'window' });
      expect([...places].map(place => own[place])).toEqual([...vector]);
    }
    const each = [];
    for await (const score of loaded.scoreEach(TEST, { threads: 2 })) each.push(score);
    expect(each).toEqual(scores);
    const ofFile = await model.perplexityOfFile(file);
    expect(ofFile.log10Prob).toBeCloseTo(
      scores.reduce((sum, { log10Prob }) => sum + log10Prob, 0),
      9,
    );
    expect((await model.perplexity(TEST)).log10Prob).toBeCloseTo(ofFile.log10Prob ?? NaN, 9);
    const texts = [{ text: TEST.map(tokens => tokens.join(' ')).join('\n') }];
    for await (const { figures: found } of annotate({ model, documents: texts, tokens: true, features: 'full' })) {
      expect(found.tokenTexts).toEqual(scores.flatMap(({ tokens }) => tokens));
      expect([...(found.log10Probs ?? [])]).toEqual(scores.flatMap(({ log10Probs }) => [...log10Probs]));
      expect(found.ranks).toHaveLength(found.tokens);
    }
    await model.close();
    await plain.close();
  });

  test('make texts in the order of the text', async () => {
    const text = TEXT.slice(0, 20).filter(tokens => tokens.length > 0);
    for (const wordOrder of OTHERS) {
      // A model of a high order recites its text.
      const path = await trainedFolder(fresh(), text, { order: 12, wordOrder });
      const model = await LanguageModel.open(path);
      const draw = async (): Promise<string[]> => {
        const found: string[] = [];
        for await (const { text: drawn } of model.generate({ greedy: true })) found.push(drawn);
        return found;
      };
      if (wordOrder === 'shuffle') await expect(draw()).rejects.toMatchObject({ code: 'KNESER_WORD_ORDER' });
      else expect(text.map(tokens => tokens.join(' '))).toContain((await draw())[0]);
      const from = model.generate({ beginnings: ['a1'] });
      await expect(from.next()).rejects.toMatchObject({ code: 'KNESER_WORD_ORDER' });
      await model.close();
    }
  });

  test('are refused where words must come in the order of the text', async () => {
    const path = await trainedFolder(fresh(), TEXT, { order: 2, wordOrder: 'backward' });
    const other = await trainedFolder(fresh(), TEXT, { order: 2 });
    const model = await LanguageModel.open(path);
    const loaded = await model.load();
    const refused = { code: 'KNESER_WORD_ORDER' };
    await expect(model.predict('a1')).rejects.toMatchObject(refused);
    expect(() => loaded.predict('a1 ___', { gap: '___' })).toThrow(expect.objectContaining(refused) as Error);
    expect(() => ctcBeamSearch([[0, -1]], { labels: ['', 'a'], model: loaded })).toThrow('word order is backward');
    await expect(exportArpa({ model: path, file: join(folder, 'x.arpa') })).rejects.toMatchObject(refused);
    const bench = join(folder, 'bench.txt');
    writeFileSync(bench, `${TEXT.map(tokens => tokens.join(' ')).join(' ')}\n`);
    await expect(recitation({ model: path, test: [bench], n: 1 })).rejects.toMatchObject(refused);
    await expect(merge({ models: [path, other], out: fresh() })).rejects.toThrow('wordOrder is forward, unlike');
    await model.close();
  });

  test('merge to a model of the same word order', async () => {
    const half = (rest: number): string[][] => TEXT.filter((_, i) => i % 2 === rest);
    const [a, b, all] = [fresh(), fresh(), fresh()];
    for (const [path, text] of [
      [a, half(0)],
      [b, half(1)],
      [all, TEXT],
    ] as const) {
      await trainedFolder(path, text, { order: 3, wordOrder: 'even-odd' });
    }
    const out = fresh();
    await merge({ models: [a, b], out });
    const merged = await LanguageModel.open(out);
    const whole = await LanguageModel.open(all);
    expect(merged.info.options.wordOrder).toBe('even-odd');
    expect((await merged.score(TEST[3])).log10Prob).toBe((await whole.score(TEST[3])).log10Prob);
    await merged.close();
    await whole.close();
  });
});
