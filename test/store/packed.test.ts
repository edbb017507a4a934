import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { LanguageModel as PortableModel } from '#kneser/native-free/index.js';
import { KneserError, LanguageModel, pack, prune, train, tune, unpack, type Progress } from '#kneser/src/index.js';
import { decodeFront, decodePage, encodeFront, encodeHeader, encodePage } from '#kneser/src/store/packed/format.js';
import type { Entry, Front } from '#kneser/src/store/packed/format.js';
import { checksum } from '#kneser/src/base/checksum.js';
import { openModel } from '#kneser/src/model/open-model.js';
import { compareBytes } from '#kneser/src/base/bytes.js';
import { CommandLine } from '../support/command-line.js';
import { serve, type Behaviour } from '../support/range-server.js';
import { randomNumbers } from '../support/models.js';

const cli = new CommandLine('packed');

/** Sentences of random words whose frequencies fall like those of a language. */
function generate(sentences: number, seed: number): string[] {
  const random = randomNumbers(seed);
  const word = (): string => `w${Math.floor(2000 * random() ** 4)}`;
  return Array.from({ length: sentences }, () => Array.from({ length: 3 + Math.floor(12 * random()) }, word).join(' '));
}

/** A model with skip patterns, classes and weights; one large enough that it is read in parts; and one of a few words. */
const models = { mixture: cli.fresh('mixture'), large: cli.fresh('large'), tiny: cli.fresh('tiny') };
const files = { mixture: models.mixture + '.kneser', large: models.large + '.kneser', tiny: models.tiny + '.kneser' };
const SENTENCE = 'w1 w0 w3 w17 w0 w2 unheard w0 w1';
const TINY = 'a cat sat on a mat';

beforeAll(async () => {
  const skip = { patterns: { skip: true }, classes: 5, holdOut: 0.05 };
  await train({ sentences: generate(400, 1), out: models.mixture, order: 3, ...skip });
  await train({ sentences: generate(6000, 2), out: models.large, order: 4 });
  await train({ sentences: [TINY, 'a dog sat'], out: models.tiny, order: 2 });
  for (const name of ['mixture', 'large', 'tiny'] as const) await pack({ model: models[name], out: files[name] });
});

/** The keys, values, weights and date of a model. */
async function contents(path: string): Promise<unknown> {
  const { store, files } = await openModel(path);
  const values: [string, string][] = [];
  for await (const [key, value] of store.entries()) {
    values.push([Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex')]);
  }
  await store.close();
  return { values, created: files.created, weights: [...files.weights].map(([name, bytes]) => [name, [...bytes]]) };
}

/** Opens a packed model and scores with it. @returns the score, or the code of the error. */
async function outcome(file: Uint8Array<ArrayBuffer> | URL, sentence: string, signal?: AbortSignal): Promise<unknown> {
  try {
    await using model = await LanguageModel.fromFile(file, signal ? { signal } : {});
    return await model.score(sentence);
  } catch (error) {
    expect(error).toBeInstanceOf(KneserError);
    return (error as KneserError).code;
  }
}

async function expectError(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ code });
  expect((error as KneserError).message).toMatch(message);
}

describe('packing', () => {
  it('gives back every value, the weights and the time', async () => {
    for (const name of ['mixture', 'large', 'tiny'] as const) {
      const folder = cli.fresh('unpacked');
      const { bytes, keys } = await unpack({ file: files[name], out: folder });
      const original = await contents(models[name]);
      expect(await contents(folder)).toEqual(original);
      expect(await contents(files[name])).toEqual(original);
      expect(keys).toBe((original as { values: unknown[] }).values.length);
      expect(bytes).toBeGreaterThan(0);
    }
  });

  it('packs an unpacked model into the same file', async () => {
    const folder = cli.fresh('unpacked');
    await unpack({ file: files.mixture, out: folder });
    await pack({ model: folder, out: folder + '.kneser' });
    expect(readFileSync(folder + '.kneser').equals(readFileSync(files.mixture))).toBe(true);
  });

  it('copies values and weights of any content', () => {
    const bytes = fc.uint8Array({ maxLength: 12 });
    const keys = fc.uniqueArray(bytes, { minLength: 1, maxLength: 16, selector: key => key.join() });
    fc.assert(
      fc.property(keys, fc.nat(), fc.string(), bytes, (keys, number, name, weights) => {
        const entries: Entry[] = keys
          .sort(compareBytes)
          .map((key, i) => ({ key, length: (number * (i + 7)) >>> 4, checksum: (number * i) >>> 0 }));
        const page = encodePage(entries);
        const valueBytes = entries.reduce((sum, { length }) => sum + length, 0);
        const info = { firstKey: entries[0].key, bytes: page.length, valueBytes, checksum: checksum(page) };
        expect(decodePage(page, info, undefined)).toEqual(entries);
        const front: Front = { created: name, weights: new Map([[name, weights]]), pages: [info] };
        expect(decodeFront(encodeFront(front))).toEqual(front);
      }),
      { numRuns: 25 },
    );
  });
});

describe('reading', () => {
  it('scores the same from a path, a blob, bytes and an address, paged and loaded', async () => {
    for (const name of ['mixture', 'tiny'] as const) {
      await using folder = await LanguageModel.open(models[name]);
      const score = await folder.score(SENTENCE);
      const bytes = new Uint8Array(readFileSync(files[name]));
      await using server = await serve(bytes);
      for (const input of [new Blob([bytes]), bytes, bytes.buffer, server.url]) {
        await using model = await LanguageModel.fromFile(input);
        expect(await model.score(SENTENCE)).toEqual(score);
        expect((await model.load()).score(SENTENCE)).toEqual(score);
        // oxlint-disable-next-line typescript/no-deprecated -- read until 1.0.
        expect(await model.predict('w0', { top: 2 })).toEqual(await folder.predict('w0', { k: 2 }));
        const { bytes: size, ...info } = model.info;
        expect(info).toEqual({ ...folder.info, bytes: undefined });
        expect(size).toBe(bytes.length);
      }
      for (const path of [files[name], server.url.href]) {
        await using model = await LanguageModel.open(path);
        expect(await model.score(SENTENCE)).toEqual(score);
      }
    }
  });

  it('says that a buffer was transferred to another thread', async () => {
    const copy = (): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(files.large));
    for (const input of [copy(), copy().buffer]) {
      await using model = await LanguageModel.fromFile(input);
      const buffer = input instanceof ArrayBuffer ? input : input.buffer;
      structuredClone(buffer, { transfer: [buffer] });
      await expectError(model.score(SENTENCE), 'KNESER_OPTION', /^file: its buffer was transferred/);
      await expectError(LanguageModel.fromFile(input), 'KNESER_OPTION', /^file: its buffer was transferred/);
    }
    await expectError(LanguageModel.fromFile(new ArrayBuffer(0)), 'KNESER_NOT_A_MODEL', /not a packed model/);
  });

  it('fetches a small part of a file over HTTP', async () => {
    await using server = await serve(files.large);
    await using model = await LanguageModel.fromFile(server.url);
    const { bytes: size } = model.info;
    expect(server.requests).toBeLessThanOrEqual(2);
    const opening = server.bytes;
    expect(opening).toBeLessThan(150_000);
    await using folder = await LanguageModel.open(models.large);
    expect(await model.score('w3 w100 w7')).toEqual(await folder.score('w3 w100 w7'));
    expect(server.bytes - opening).toBeLessThan(size / 3);
    const { requests } = server;
    await model.score('w3 w100 w7');
    expect(server.requests).toBe(requests);
  });

  it('never mixes parts of a file with parts of the file that replaces it', async () => {
    const other = cli.fresh('other') + '.kneser';
    await train({ sentences: generate(6000, 3), out: models.tiny + '-other', order: 4 });
    await pack({ model: models.tiny + '-other', out: other });
    for (const behaviour of [{}, { silent: true }]) {
      await using server = await serve(files.large, behaviour);
      await using model = await LanguageModel.fromFile(server.url);
      server.content = other;
      const [code, message] = behaviour.silent
        ? ([
            'KNESER_DAMAGED',
            /index, page|another took its place|cut short|bytes at \d+ differ from the bytes that were written/,
          ] as const)
        : (['KNESER_IO', /replaced while it was being read; open it again/] as const);
      await expectError(model.score(SENTENCE), code, message);
      server.content = files.large;
      await model.score(SENTENCE);
    }
  });

  it('reports the fault of a server, with the address', async () => {
    const bytes = new Uint8Array(readFileSync(files.large));
    await using server = await serve(bytes);
    const { url } = server;
    const score = await outcome(url, SENTENCE);
    const cases: [Behaviour, string, RegExp][] = [
      [{ status: 404 }, 'KNESER_INPUT_MISSING', /answers 404/],
      [{ status: 403 }, 'KNESER_INPUT_UNREADABLE', /answers 403/],
      [{ status: 503 }, 'KNESER_IO', /answers 503 .*try again later/],
      [{ breaks: true }, 'KNESER_IO', /broke off/],
    ];
    for (const [behaviour, code, message] of cases) {
      server.behaviour = behaviour;
      await expectError(LanguageModel.fromFile(url), code, message);
      await expectError(LanguageModel.fromFile(url), code, new RegExp(url.href));
    }
    // From a server that ignores ranges, small files are accepted whole, and large ones refused before they are sent.
    server.behaviour = { whole: true };
    expect(await outcome(url, SENTENCE)).toEqual(score);
    server.content = new Uint8Array(65 << 20);
    await expectError(LanguageModel.fromFile(url), 'KNESER_IO', /only as a whole.*range requests/);
    server.behaviour = {};
    await expectError(LanguageModel.fromFile(url), 'KNESER_NOT_A_MODEL', /not a packed model/);
    server.content = new Uint8Array(0);
    await expectError(LanguageModel.fromFile(url), 'KNESER_NOT_A_MODEL', /not a packed model/);
    server.content = bytes;
    expect(await outcome(url, SENTENCE, AbortSignal.abort())).toBe('KNESER_ABORTED');
    await expectError(LanguageModel.fromFile(new URL('http://127.0.0.1:1/x')), 'KNESER_IO', /127\.0\.0\.1:1/);
    await expectError(
      LanguageModel.fromFile(new URL('file:///x')),
      'KNESER_OPTION',
      /is not a web address; open a file by its path/,
    );
    await expectError(LanguageModel.open('http://'), 'KNESER_OPTION', /is not an address/);
  });

  it('goes on when a server stops to answer ranges, and sends the same file', async () => {
    const bytes = new Uint8Array(readFileSync(files.large));
    await using folder = await LanguageModel.open(models.large);
    for (const silent of [false, true]) {
      await using server = await serve(bytes, { silent });
      await using model = await LanguageModel.fromFile(server.url);
      server.behaviour = { whole: true, silent };
      expect(await model.score('w3 w100 w7')).toEqual(await folder.score('w3 w100 w7'));
      expect((await model.load()).score(SENTENCE)).toEqual(await folder.score(SENTENCE));
    }
    await using server = await serve(bytes);
    await using model = await LanguageModel.fromFile(server.url);
    server.behaviour = { whole: true };
    server.content = new Uint8Array(readFileSync(files.tiny));
    await expectError(model.score('w3 w100 w7'), 'KNESER_IO', /replaced while it was being read; open it again/);
    server.content = new Uint8Array(65 << 20);
    await expectError(model.score('w3 w100 w7'), 'KNESER_IO', /replaced while it was being read; open it again/);
  });

  it('refuses an address with a password, and does not repeat the password', async () => {
    for (const address of ['https://me:secret@host.test/x', 'https://me@host.test/x', 'http://me:secret@host:x/y']) {
      for (const call of [
        () => LanguageModel.open(address),
        () => PortableModel.fromFile(new URL(address.replace(':x/', '/'))),
      ]) {
        const error: unknown = await call().catch((error: unknown) => error);
        expect(error).toMatchObject({ code: 'KNESER_OPTION' });
        expect(inspect(error)).not.toMatch(/secret|me:|me@/);
      }
    }
  });

  it('stops when it is aborted, also between sentences', async () => {
    await using server = await serve(files.large);
    const abort = new AbortController();
    await using model = await LanguageModel.fromFile(server.url, { signal: abort.signal });
    abort.abort();
    await expectError(model.score(SENTENCE), 'KNESER_ABORTED', /interrupted/);
  });
});

describe('damage', () => {
  it('is an error or changes nothing, wherever a byte of a file is flipped', async () => {
    const intact = new Uint8Array(readFileSync(files.tiny));
    const score = await outcome(intact, TINY);
    const codes = new Map<unknown, number>();
    for (let at = 0; at < intact.length; at++) {
      const damaged = intact.slice();
      damaged[at] ^= 1 << (at & 7);
      const found = await outcome(damaged, TINY);
      if (typeof found === 'string') codes.set(found, (codes.get(found) ?? 0) + 1);
      else expect(found).toEqual(score);
    }
    expect([...codes.keys()].sort()).toEqual(['KNESER_DAMAGED', 'KNESER_NOT_A_MODEL']);
    expect(codes.get('KNESER_NOT_A_MODEL')).toBe(8);
  });

  it('is found at any length of a file that is cut, and in bytes behind its end', async () => {
    const intact = new Uint8Array(readFileSync(files.tiny));
    for (let length = 0; length < intact.length; length++) {
      const expected = length < 8 ? 'KNESER_NOT_A_MODEL' : 'KNESER_DAMAGED';
      expect(await outcome(intact.slice(0, length), TINY)).toBe(expected);
    }
    expect(await outcome(Uint8Array.from([...intact, 0]), TINY)).toBe('KNESER_DAMAGED');
  });

  it('at any byte prevents unpacking', async () => {
    const intact = readFileSync(files.mixture);
    const random = randomNumbers(5);
    const path = cli.fresh('damaged');
    for (let times = 0; times < 20; times++) {
      const damaged = Uint8Array.from(intact);
      damaged[8 + Math.floor((intact.length - 8) * random())] ^= 1 << Math.floor(8 * random());
      writeFileSync(path, damaged);
      await expectError(unpack({ file: path, out: path + '-out' }), 'KNESER_DAMAGED', /damaged/);
    }
    expect(readdirSync(cli.folder).filter(name => name.endsWith('-out'))).toEqual([]);
  });

  it('made on purpose is refused without much memory or time', async () => {
    const key = Uint8Array.of(1);
    const file = (front: Partial<Front>, rest: Uint8Array, claimed = rest.length): Uint8Array<ArrayBuffer> => {
      const bytes = encodeFront({ created: '', weights: new Map(), pages: [], ...front });
      return Uint8Array.from([...encodeHeader(bytes, claimed), ...bytes, ...rest]);
    };
    const info = { firstKey: key, bytes: 7, valueBytes: 0, checksum: 0 };
    const page = (entry: Entry): Uint8Array => encodePage([entry]);
    const pageFile = (bytes: Uint8Array, valueBytes: number): Uint8Array<ArrayBuffer> =>
      file({ pages: [{ firstKey: key, bytes: bytes.length, valueBytes, checksum: checksum(bytes) }] }, bytes);
    const huge = page({ key, length: 0xffffffff, checksum: 0 });
    const made = [
      file({}, new Uint8Array(0)),
      file({}, new Uint8Array(0), 2 ** 50),
      file({ pages: [{ ...info, bytes: 0xffffffff }] }, new Uint8Array(7)),
      file({ pages: [{ ...info, valueBytes: 2 ** 60 }] }, new Uint8Array(7)),
      file({ pages: [info, info] }, new Uint8Array(14)),
      file({ pages: [info] }, new Uint8Array(7)),
      pageFile(huge, 0),
      pageFile(huge, 0xffffffff),
      pageFile(Uint8Array.of(0, 0x80), 0),
      pageFile(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff, 0x0f), 0),
      pageFile(Uint8Array.of(5, 1, 1, 0, 0, 0, 0, 0), 0),
    ];
    for (const bytes of made) expect(await outcome(bytes, TINY)).toBe('KNESER_DAMAGED');
  });

  it('is told from a file of a newer version', async () => {
    const bytes = new Uint8Array(readFileSync(files.tiny));
    const view = new DataView(bytes.buffer);
    view.setUint16(8, 2, true);
    view.setUint32(28, checksum(bytes, 0, 28), true);
    expect(await outcome(bytes, TINY)).toBe('KNESER_VERSION');
  });

  it('such as names of weights that lead out of the folder is refused when unpacking', async () => {
    const front = { created: '', weights: new Map([['../../x', new Uint8Array(0)]]) };
    const { store } = await openModel(models.tiny);
    const [entries, values]: [Entry[], number[]] = [[], []];
    for await (const [key, value] of store.entries()) {
      entries.push({ key, length: value.length, checksum: checksum(value) });
      values.push(...value);
    }
    await store.close();
    const page = encodePage(entries);
    const info = { firstKey: entries[0].key, bytes: page.length, valueBytes: values.length, checksum: checksum(page) };
    const bytes = encodeFront({ ...front, pages: [info] });
    const path = cli.fresh('strange');
    writeFileSync(
      path,
      Uint8Array.from([...encodeHeader(bytes, page.length + values.length), ...bytes, ...page, ...values]),
    );
    await expectError(unpack({ file: path, out: path + '-out' }), 'KNESER_DAMAGED', /cannot name a set of weights/);
  });
});

describe('the command line', () => {
  it('packs, scores, and unpacks', async () => {
    const [file, folder] = [cli.fresh('model') + '.kneser', cli.fresh('model')];
    const [report] = await cli.json<object>(['pack', models.tiny, '--out', file, '--quiet']);
    expect(report).toMatchObject({ out: file, keys: expect.any(Number) as number, bytes: readFileSync(file).length });
    const input = TINY + '\n';
    expect(await cli.print(['score', file], { input })).toBe(await cli.print(['score', models.tiny], { input }));
    expect(await cli.run(['unpack', file, '--out', folder, '--quiet'])).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await contents(folder)).toEqual(await contents(models.tiny));
  });

  it('refuses to replace an existing file or model without --force', async () => {
    const file = cli.file('not a model', '.kneser');
    expect(await cli.refuse(2, ['pack', models.tiny, '--out', file])).toMatch(
      /is there already; replace it with force \(--force\)/,
    );
    expect(readFileSync(file, 'utf8')).toBe('not a model');
    expect(await cli.refuse(2, ['score', file])).toMatch(
      /is a file; a model is a folder .*, or a file made by kneser pack/,
    );
    expect(await cli.refuse(2, ['unpack', files.tiny, '--out', models.tiny])).toMatch(/there is a model here already/);
    await cli.print(['pack', models.tiny, '--out', file, '--force']);
    expect(readFileSync(file).equals(readFileSync(files.tiny))).toBe(true);
    writeFileSync(file, readFileSync(file).subarray(0, -1));
    expect(await cli.refuse(1, ['score', file])).toMatch(/cut short; copy it again/);
  });
});

describe('a packed model', () => {
  it('is read-only', async () => {
    const text = cli.file(TINY);
    await expectError(
      tune({ model: files.tiny, files: [text] }),
      'KNESER_OUTPUT_DENIED',
      /cannot be changed or verified; unpack it first/,
    );
    const out = cli.fresh('pruned');
    await prune({ model: files.large, out, prune: [0, 0, 1] });
    await prune({ model: models.large, out: out + '-2', prune: [0, 0, 1] });
    const values = async (path: string): Promise<unknown> => await contents(path);
    expect(await values(out)).toMatchObject({ values: ((await values(out + '-2')) as { values: unknown }).values });
  });

  it('does not replace a file that appears while it is packed', async () => {
    const out = cli.fresh('raced') + '.kneser';
    const onProgress = (): void => writeFileSync(out, 'of another process');
    await expectError(pack({ model: models.tiny, out, onProgress }), 'KNESER_OUTPUT_EXISTS', /is there already/);
    expect(readFileSync(out, 'utf8')).toBe('of another process');
  });

  it('leaves no file if packing is aborted', async () => {
    const folder = cli.fresh('stopped');
    mkdirSync(folder);
    const options = { model: models.large, out: join(folder, 'model.kneser') };
    await expectError(pack({ ...options, signal: AbortSignal.abort() }), 'KNESER_ABORTED', /packing was interrupted/);
    const abort = new AbortController();
    const onProgress = ({ done, total }: Progress): void => {
      if (total !== undefined && done > 0.75 * total) abort.abort();
    };
    await expectError(pack({ ...options, onProgress, signal: abort.signal }), 'KNESER_ABORTED', /interrupted/);
    expect(readdirSync(folder)).toEqual([]);
    // At the end the file is there: it is too late to stop.
    const late = new AbortController();
    const atEnd = ({ done, total }: Progress): void => {
      if (done === total && readdirSync(folder).length > 0) late.abort();
    };
    await pack({ ...options, onProgress: atEnd, signal: late.signal });
    expect(readdirSync(folder)).toEqual(['model.kneser']);
  });
});
