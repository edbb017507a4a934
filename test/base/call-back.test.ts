import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  exportArpa,
  importArpa,
  LanguageModel,
  mix,
  pack,
  profile,
  prune,
  train,
  tune,
  unpack,
  verify,
  type Progress,
} from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('call-back');
const path = (name: string): string => join(folder, name);
const text = path('text.txt');
const model = path('model');
const failure = new RangeError('of the caller');
const onProgress = (_progress: Progress): void => {
  throw failure;
};

beforeAll(async () => {
  writeFileSync(text, Array.from({ length: 300 }, (_, i) => `the cat ${i % 7} sat on the mat ${i % 11}\n`).join(''));
  await train({ files: [text], out: model, order: 2, patterns: { skip: true } });
  await train({ files: [text], out: path('plain'), order: 2 });
  await pack({ model, out: path('model.kneser') });
  await exportArpa({ model: path('plain'), file: path('model.arpa') });
});

describe('an error of a callback reaches its caller as it is', () => {
  test.for<[string, () => Promise<unknown>]>([
    ['train', () => train({ files: [text], out: path('out'), order: 2, onProgress })],
    ['tune', () => tune({ model, files: [text], onProgress })],
    ['verify', () => verify(model, { onProgress })],
    ['prune', () => prune({ model: path('plain'), out: path('out'), prune: [0, 1], onProgress })],
    ['pack', () => pack({ model, out: path('out.kneser'), onProgress })],
    ['unpack', () => unpack({ file: path('model.kneser'), out: path('out'), onProgress })],
    ['exportArpa', () => exportArpa({ model: path('plain'), file: path('out.arpa'), onProgress })],
    ['importArpa', () => importArpa({ file: path('model.arpa'), out: path('out'), onProgress })],
    ['mix', () => mix({ models: [path('plain'), path('plain')], out: path('out'), onProgress })],
    ['profile', () => profile({ files: [text], onProgress })],
  ])('of %s', async ([, work]) => {
    await expect(work()).rejects.toBe(failure);
  });

  test('of a file that is scored, and not the callers of other calls that wait for the same tables', async () => {
    await using opened = await LanguageModel.open(model, { tables: 'load' });
    const failing = opened.perplexityOfFile(text, { onProgress });
    const other = opened.perplexityOfFile(text);
    await expect(failing).rejects.toBe(failure);
    expect((await other).tokens).toBe(2700);
    const aborted = opened.perplexityOfFile(text, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'KNESER_ABORTED' });
    const loaded = await opened.load();
    await expect(loaded.perplexityOfFile(text, { onProgress })).rejects.toBe(failure);
  });
});
