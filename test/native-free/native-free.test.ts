import { build, type Metafile } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel as PortableModel, type OpenOptions } from '#kneser/native-free/index.js';
import { copyToMemory } from '#kneser/native-free/memory.js';
import { train as trainInMemory } from '#kneser/native-free/train.js';
import { LanguageModel, train } from '#kneser/src/index.js';
import { encodeWeights } from '#kneser/src/model/scoring/weights.js';
import { expectSamePairs, readPairs, type Pairs } from '../support/pairs.js';
import { checkReadings, readAll, suiteSentences, SUITE_OPTIONS } from '../support/reading-suite.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('native-free');

const sentences = [...suiteSentences()];

describe('bundles for browsers', () => {
  /** The sizes of `docs/native-free.md`: kB of minified, gzipped code that is loaded at once. */
  const ENTRIES = { index: 55, indexeddb: 70, memory: 94, decoding: 8, train: 111, worker: 137, 'counting-worker': 23 };

  test.each(Object.entries(ENTRIES))('%s imports no module of Node, and has at most %d kB', async (entry, most) => {
    const { metafile, outputFiles } = await bundle(entry, true);
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter(isNative)).toEqual([]);
    const atOnce = staticOutputs(metafile, startOf(metafile, entry));
    const bytes = outputFiles
      .filter(({ path }) => [...atOnce].some(output => basename(output) === basename(path)))
      .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes / 1000).toBeLessThanOrEqual(most);
  });

  test('scoring loads no training, no database, and a tokenizer.json only for models that have one', async () => {
    const { metafile, outputFiles } = await bundle('index', true);
    const inputs = (name: string): boolean => Object.keys(metafile.inputs).some(path => path.includes(name));
    for (const name of [
      'src/build',
      'src/count/',
      'src/classes/exchange',
      'smooth/learn',
      '-level/',
      'src/arpa',
      'src/cli',
    ]) {
      expect([name, inputs(name)]).toEqual([name, false]);
    }
    const atOnce = [...staticOutputs(metafile, startOf(metafile, 'index'))];
    const inputsAtOnce = atOnce.flatMap(output => Object.keys(metafile.outputs[output].inputs));
    for (const name of ['tokenizer-json', 'sentencepiece', 'encode-msgpack', 'loaded-table', 'url-source']) {
      expect([name, inputsAtOnce.some(path => path.includes(name))]).toEqual([name, false]);
    }
    // `eval` and `Function`, which a page's policy may forbid.
    const code = outputFiles.filter(({ path }) => atOnce.some(output => basename(output) === basename(path)));
    expect(code.some(({ text }) => /\beval\(|new Function\(/.test(text))).toBe(false);
  });

  test('a bundler leaves out what a page does not use', async () => {
    const { outputFiles } = await bundle(
      'index',
      false,
      "import { KneserError } from './index.js'; console.log(KneserError)",
    );
    expect(outputFiles[0].contents.length).toBeLessThan(3000);
  });

  async function bundle(entry: string, splitting: boolean, code?: string) {
    const path = fileURLToPath(new URL(`../../dist/modules/native-free/`, import.meta.url));
    return build({
      ...(code === undefined
        ? { entryPoints: [join(path, `${entry}.js`)] }
        : { stdin: { contents: code, resolveDir: path } }),
      bundle: true,
      splitting,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      minify: true,
      metafile: true,
      write: false,
      outdir: join(folder, 'out'),
      logLevel: 'silent',
    });
  }

  function isNative(path: string): boolean {
    const name = path.replace(/^node:/, '');
    return builtinModules.includes(name) || /classic-level|msgpackr-extract|\.node$/.test(path);
  }

  function startOf({ outputs }: Metafile, entry: string): string {
    return Object.keys(outputs).find(path => outputs[path].entryPoint?.endsWith(`/${entry}.js`)) ?? '';
  }

  /** A file of a bundle, and the files that are loaded with it. */
  function staticOutputs({ outputs }: Metafile, start: string, found = new Set<string>()): Set<string> {
    if (found.has(start)) return found;
    found.add(start);
    for (const { kind, path } of outputs[start].imports) {
      if (kind === 'import-statement') staticOutputs({ outputs } as Metafile, path, found);
    }
    return found;
  }
});

describe('one suite for every way of reading', () => {
  let model: PortableModel;
  let pairs: Pairs;
  let expected: Record<string, unknown>;
  const path = join(folder, 'model');

  beforeAll(async () => {
    await train({ sentences, out: path, ...SUITE_OPTIONS });
    pairs = await readPairs(path);
    expected = await readAll(options => LanguageModel.open(path, options));
    ({ model } = await trainInMemory({ sentences, ...SUITE_OPTIONS }));
  });

  const same = (what: string, actual: unknown, wanted: unknown): void =>
    expect({ [what]: actual }).toEqual({ [what]: wanted });

  test('a folder, without the functions of Node', async () => {
    const open = async (options: OpenOptions = {}) => {
      const { openFolder } = await import('#kneser/src/store/folder/folder.js');
      const { store, files } = await openFolder(path);
      return PortableModel.fromStore(store, files, options);
    };
    await checkReadings(open, expected, same);
  });

  test('memory', () => checkReadings(options => copyToMemory(model, options), expected, same));

  test('a copy is opened as its model, unless it has a smoothing of its own', async () => {
    const smoothingOf = async (opening: OpenOptions, options?: OpenOptions): Promise<unknown[]> => {
      await using original = await copyToMemory(model, opening);
      await using copy = await copyToMemory(original, options);
      return [copy.info.smoothing, copy.parts.weights !== undefined, copy.parts.order];
    };
    expect(await smoothingOf({})).toEqual(['glm', true, 4]);
    expect(await smoothingOf({ smoothing: 'mkn', order: 2 })).toEqual(['mkn', false, 2]);
    expect(await smoothingOf({ weights: 'uniform' })).toEqual(['glm', false, 4]);
    expect(await smoothingOf({ smoothing: 'mkn' }, { smoothing: 'glm' })).toEqual(['glm', true, 4]);
    expect(await smoothingOf({ weights: 'uniform' }, { smoothing: 'mkn', order: 3 })).toEqual(['mkn', false, 3]);
  });

  test('training in memory makes the keys, values and weights that training on the disk makes', async () => {
    const own: Pairs = [];
    for await (const [key, value] of model.parts.store.entries()) own.push([key, value]);
    expectSamePairs(own, pairs);
    await using onDisk = await LanguageModel.open(path);
    for (const [name, set] of onDisk.parts.weightSets) {
      const ownSet = model.parts.weightSets.get(name);
      expect(ownSet && encodeWeights(ownSet)).toEqual(encodeWeights(set));
    }
  });

  test.each(['text', 'blob', 'gzip', 'pieces', 'token arrays'])('from %s', async kind => {
    const text = sentences.join('\n') + '\n';
    const marked = `\ufeff${text}`;
    const pieces = async function* () {
      for (let from = 0; from < marked.length; from += 1000)
        yield await Promise.resolve(marked.slice(from, from + 1000));
    };
    const source = {
      text: { text },
      blob: { text: new Blob([marked]) },
      gzip: { text: new File([gzipSync(marked)], 'text.txt.gz') },
      pieces: { text: pieces() },
      'token arrays': { sentences: sentences.map(sentence => sentence.split(' ')) },
    }[kind];
    if (!source) throw new Error(kind);
    const stages = new Set<string>();
    const trained = await trainInMemory({ ...source, ...SUITE_OPTIONS, onProgress: ({ stage }) => stages.add(stage) });
    const own: Pairs = [];
    for await (const [key, value] of trained.model.parts.store.entries()) own.push([key, value]);
    expectSamePairs(own, pairs);
    expect(stages).toEqual(
      new Set([...(kind === 'token arrays' ? [] : ['tokenize']), 'count', 'classes', 'index', 'tune']),
    );
    expect(trained.report).toMatchObject({ order: 4, bytes: trained.model.info.bytes, warnings: [] });
    await trained.model.close();
  });
});

describe('a text in pieces', () => {
  async function* piecesOf(pieces: readonly unknown[]): AsyncGenerator<string> {
    for (const piece of pieces) yield await Promise.resolve(piece as string);
  }
  const wordsOf = async (pieces: readonly unknown[]): Promise<string[]> => {
    const { model } = await trainInMemory({ text: piecesOf(pieces), order: 1 });
    const words = [...(await model.vocabulary())].filter(word => !word.startsWith('<'));
    await model.close();
    return words.sort();
  };

  test('may be cut within a character', async () => {
    expect(await wordsOf('a \u{1f600} b\n'.split(''))).toEqual(['a', 'b', '\u{1f600}']);
    expect(await wordsOf(['a \ud83d', '', '\ude00 b'])).toEqual(['a', 'b', '\u{1f600}']);
    expect(await wordsOf(['\ud83d', Uint8Array.of(0x20, 0x61)])).toEqual(['a', '\ufffd']);
    expect(await wordsOf(['a \ud83d'])).toEqual(['a', '\ufffd']);
    expect(await wordsOf([Uint8Array.of(0xf0, 0x9f), Buffer.of(0x98, 0x80)])).toEqual(['\u{1f600}']);
  });

  test.each([
    [new ArrayBuffer(2), 'an object of class ArrayBuffer'],
    [new DataView(new ArrayBuffer(2)), 'an object of class DataView'],
    [new Uint16Array(2), 'an object of class Uint16Array'],
    [new Blob(['a']), 'an object of class Blob'],
    [new String('a'), 'an object of class String'],
    [null, 'null'],
    [7, '7'],
  ])('has only strings and bytes: %o', async (piece, what) => {
    await expect(wordsOf(['a b\n', piece])).rejects.toMatchObject({
      code: 'KNESER_OPTION',
      message: `text: ${what} is not a piece of a text, which is a string or a Uint8Array`,
    });
  });
});

describe('bytes that are no text are refused with what a page can do', () => {
  const json = new TextEncoder().encode('{"text": "a b"}\n');
  const gzip = Uint8Array.from(gzipSync('a b\n'));
  const plain = 'pass plain text in UTF-8, or anyBytes: true to read its bytes as text all the same';

  test.each([
    ['x.jsonl: is JSON', json, 'x.jsonl', plain],
    ['the text given: is JSON', json, undefined, plain],
    ['the text given: is text in UTF-16, not UTF-8', Uint8Array.of(0xff, 0xfe, 97, 0), undefined, plain],
    [
      'a.txt: is not UTF-8 (100 invalid sequences in the 300 bytes that start at byte 1)',
      Uint8Array.from({ length: 300 }, (_, i) => (i % 3 ? 97 : 0xe9)),
      'a.txt',
      plain,
    ],
    ['the text given: is a gzip file', gzip, undefined, 'pass it as a Blob or File, which is unpacked'],
  ])('%s', async (begin, bytes, file, end) => {
    const text = file === undefined ? new Blob([bytes]).stream() : new File([bytes], file);
    await expect(trainInMemory({ text, order: 1 })).rejects.toMatchObject({
      code: 'KNESER_INPUT_UNREADABLE',
      message: `${begin}; ${end}`,
    });
  });

  test('a Blob that is gzip is unpacked', async () => {
    const { model } = await trainInMemory({ text: new Blob([gzip]), order: 1 });
    expect((await model.vocabulary()).has('b')).toBe(true);
    await model.close();
  });
});

describe('training in memory refuses', () => {
  const codeOf = (options: Parameters<typeof trainInMemory>[0]) =>
    trainInMemory(options).then(
      () => 'no error',
      (error: unknown) => (error as { code?: unknown }).code ?? error,
    );

  test('options that make no sense, and text that cannot be read', async () => {
    expect(await codeOf({ text: 'a', order: 0 })).toBe('KNESER_OPTION');
    expect(await codeOf({} as never)).toBe('KNESER_OPTION');
    expect(await codeOf({ sentences: 'a b' })).toBe('KNESER_OPTION');
    expect(await codeOf({ text: '' })).toBe('KNESER_INPUT_EMPTY');
    expect(await codeOf({ text: new File(['not gzip'], 'a.gz') })).toBe('KNESER_INPUT_GZIP');
    expect(await codeOf({ text: 'a </s> b' })).toBe('KNESER_INPUT_RESERVED');
  });

  test('a worker where there is none, and to keep a model where no database is', async () => {
    expect(await codeOf({ text: 'a b', worker: true })).toBe('KNESER_OPTION');
    expect(await codeOf({ text: 'a b', into: 'name' })).toBe('KNESER_IO');
    await expect(trainInMemory({ text: 'a b', into: '' })).rejects.toThrow(/^into: the name of the model is empty$/);
    const { deleteModel, listModels, openModel, saveModel } = await import('#kneser/native-free/indexeddb.js');
    const { model } = await trainInMemory({ text: 'a b', order: 1 });
    for (const call of [listModels(), saveModel(model, 'name'), openModel('name'), deleteModel('name')])
      await expect(call).rejects.toMatchObject({ code: 'KNESER_IO' });
    for (const call of [openModel(''), deleteModel(''), saveModel(model, ''), saveModel(null as never, 'name')])
      await expect(call).rejects.toMatchObject({ code: 'KNESER_OPTION' });
    await model.close();
  });

  test('a text that does not fit in the given memory, before memory runs out', async () => {
    expect(await codeOf({ text: 'a b c d e f g\n'.repeat(300_000), order: 2, memory: 64 << 20 })).toBe('KNESER_LIMIT');
  });

  test('to continue after its signal is aborted', async () => {
    expect(await codeOf({ text: 'a b', signal: AbortSignal.abort() })).toBe('KNESER_ABORTED');
    const stop = new AbortController();
    const onProgress = ({ stage }: { stage: string }): void => (stage === 'count' ? stop.abort() : undefined);
    expect(await codeOf({ text: sentences.join('\n'), order: 3, onProgress, signal: stop.signal })).toBe(
      'KNESER_ABORTED',
    );
  });

  test('to hide an error that the caller’s sentences threw', async () => {
    const failing = (function* () {
      yield 'a b';
      throw new TypeError('mine');
    })();
    expect(await codeOf({ sentences: failing })).toBeInstanceOf(TypeError);
  });
});

test('without add-ons: trains, scores and predicts', async () => {
  const smoke = fileURLToPath(new URL('../../dist/native-free/smoke.js', import.meta.url));
  const run = async (...options: string[]) => (await promisify(execFile)(process.execPath, [...options, smoke])).stdout;
  const outputs = await Promise.all([run('--no-addons'), run()]);
  expect(JSON.parse(outputs[0])).toMatchObject({
    'on this thread': { tokens: 3788 },
    'an error': 'KNESER_INPUT_EMPTY',
  });
  expect(outputs[0]).toBe(outputs[1]);
  mkdirSync(folder, { recursive: true });
  expect(readFileSync(smoke, 'utf8')).not.toContain('node:');
});
