import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel as Portable } from '#kneser/native-free/index.js';
import { LanguageModel, pack, train, type LoadedModel } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';

/** Results and models in JSON and in a console; the paths and addresses that can be opened. */
const folder = temporaryFolder('language-model');
const path = join(folder, 'a model é');
const file = join(folder, 'packed');

let model: LanguageModel;
let loaded: LoadedModel;

beforeAll(async () => {
  await train({ sentences: ['the cat sat', 'the dog sat'], out: path, order: 2 });
  await pack({ model: path, out: file });
  model = await LanguageModel.open(path);
  loaded = await model.load();
});

afterAll(async () => {
  await model.close();
  await loaded.close();
});

test('a score and a vector are arrays in JSON', async () => {
  for (const of of [model, loaded]) {
    const score = await of.score('the cat zebra');
    expect(JSON.parse(JSON.stringify(score))).toEqual({
      ...score,
      log10Probs: [...score.log10Probs],
      matched: [...score.matched],
    });
    expect(Object.keys(score)).toEqual(['tokens', 'log10Probs', 'matched', 'oov', 'log10Prob', 'perplexity']);
    expect(structuredClone(score)).toEqual(score);
    const vector = await of.ngramPerplexities('the cat sat');
    expect(JSON.parse(JSON.stringify({ vector }))).toEqual({ vector: [...vector] });
  }
});

test('a text with unknown words has the same figures, however it is given', async () => {
  const sentences = ['the cat zebra', 'Zürich sat', 'the dog sat'];
  const text = join(folder, 'unknown.txt');
  writeFileSync(text, sentences.map(sentence => `${sentence}\n`).join(''));
  await using portable = await Portable.fromFile(new Uint8Array(readFileSync(file)));
  const figures = await model.perplexityOfFile(text);
  expect(figures.bitsPerByte).toBeLessThan(figures.bitsPerCharacter ?? 0);
  for (const of of [model, loaded, portable]) expect(await of.perplexity(sentences)).toEqual(figures);
  expect(await loaded.perplexityOfFile(text)).toEqual(figures);
});

test('a model is a line in a console', () => {
  const figures = `(${path}: order 2, mkn, 6 types, `;
  expect(inspect(model)).toMatch(`LanguageModel${figures}`);
  expect(inspect(loaded)).toMatch(`LoadedModel${figures}`);
  expect(inspect({ model }, { breakLength: Infinity })).not.toContain('\n');
});

test('a model has no public properties but its description', async () => {
  await using portable = await Portable.fromFile(new Uint8Array(readFileSync(file)));
  for (const of of [model, loaded, portable]) {
    expect(Object.keys(of)).toEqual(['info']);
    expect(JSON.parse(JSON.stringify(of))).toEqual({ info: of.info });
  }
});

describe('open takes', () => {
  const score = async (opened: LanguageModel): Promise<number> => {
    await using of = opened;
    return (await of.score('the cat')).log10Prob;
  };

  test('a file: address, as text and as URL, of a folder and of a packed file', async () => {
    const expected = loaded.score('the cat').log10Prob;
    for (const place of [path, file]) {
      const url = pathToFileURL(place);
      for (const given of [url, url.href, url.href.replace('file:', 'FILE:')]) {
        expect(await score(await LanguageModel.open(given))).toBe(expected);
      }
    }
  });

  test('no address but http, https and file', async () => {
    for (const place of ['file://elsewhere/model', new URL('file://elsewhere/model')]) {
      await expect(LanguageModel.open(place)).rejects.toThrow(/: this address names no file of this machine/);
    }
    await expect(LanguageModel.open(new URL('ftp://example.org/model'))).rejects.toMatchObject({ name: 'KneserError' });
  });
});

test('fromFile refuses a path, and names open', async () => {
  copyFileSync(file, join(folder, 'copy'));
  for (const [given, message] of [
    [file, /^file: ".*" is a path; fromFile takes a Blob, a URL or the bytes\. Open a path with open/],
    [undefined, /^file: undefined is not a packed model; fromFile takes/],
    [{}, /^file: an object is not a packed model; fromFile takes/],
  ] as const) {
    const opening = LanguageModel.fromFile(given as unknown as Blob);
    await expect(opening).rejects.toMatchObject({ code: 'KNESER_OPTION' });
    await expect(opening).rejects.toThrow(message);
  }
  await using opened = await LanguageModel.fromFile(new Uint8Array(readFileSync(file)));
  expect(opened.info.order).toBe(2);
});

test('calls that have begun end before a model is closed', async () => {
  const calls: ((opened: LanguageModel) => Promise<unknown>)[] = [
    opened => opened.score('the cat'),
    opened => opened.countOf(['the']),
    opened => opened.vocabulary(),
    opened => opened.predict('the'),
    opened => opened.predict('the ___ sat', { gap: '___', options: ['dog', 'dog', 'cat'] }),
    opened => opened.distribution('the'),
    opened => opened.load(),
  ];
  for (const call of calls) {
    const opened = await LanguageModel.open(path);
    const result = call(opened);
    const closing = opened.close();
    await expect(opened.score('the')).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
    await expect(opened.predict('the')).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
    await result;
    await closing;
    await expect(call(opened)).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
  }
});

test('a closed model, paged or loaded, refuses also what needs no table', async () => {
  const opened = await LanguageModel.open(path);
  const copy = await opened.load();
  await opened.close();
  await copy.close();
  for (const call of [
    () => opened.tokenize('the cat'),
    () => opened.sentences('the cat'),
    () => opened.createCache(),
    () => copy.tokenize('the cat'),
    () => copy.sentences('the cat'),
    () => copy.createCache(),
    () => copy.start(),
  ]) {
    expect(call).toThrow(expect.objectContaining({ code: 'KNESER_CLOSED' }) as Error);
  }
});

test('the lines that a model skips count for its bits of a byte, in a file and as sentences', async () => {
  const lines = ['a b', '', '', '', 'b a'];
  writeFileSync(join(folder, 'blank.txt'), lines.map(line => `${line}\n`).join(''));
  const out = join(folder, 'blank');
  await train({ files: [join(folder, 'blank.txt')], out, order: 2, skipBlank: true });
  await using blank = await LanguageModel.open(out);
  const ofFile = await blank.perplexityOfFile(join(folder, 'blank.txt'));
  expect(await blank.perplexity(lines)).toEqual(ofFile);
  expect((await blank.load()).perplexity(lines)).toEqual(ofFile);
});

test('an option of a gap that is given twice is one filler', async () => {
  const found = await model.predict('the ___ sat', { gap: '___', options: ['dog', 'dog', 'cat'] });
  expect(found.map(({ token }) => token).sort()).toEqual(['cat', 'dog']);
  expect(found.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
});

test('what is no token, no list of paths and no object of options is refused by name', async () => {
  // eslint-disable-next-line no-sparse-arrays -- A missing item, as a caller's mistake leaves it.
  const sparse = [, 'cat'] as string[];
  await expect(model.score(sparse)).rejects.toMatchObject({ code: 'KNESER_OPTION' });
  await expect(train({ files: [], out: join(folder, 'none') })).rejects.toThrow('files: the list is empty');
  await expect(LanguageModel.open(path, new Map() as object)).rejects.toThrow('an object of class Map');
});

test('a text that is being generated or scored is refused when its model closes', async () => {
  const opened = await LanguageModel.open(path);
  const texts = opened.generate({ count: 1_000_000, seed: 1 });
  await texts.next();
  async function* endless(): AsyncGenerator<string> {
    for (;;) yield await Promise.resolve('the cat sat');
  }
  const scoring = opened.perplexity(endless());
  scoring.catch(() => undefined);
  await opened.close();
  await expect(scoring).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
  await expect(texts.next()).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
});
