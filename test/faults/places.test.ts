import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel, train, tune, type Score } from '#kneser/src/index.js';
import { judgeFailure, kneser } from '#kneser/test/faults/command.js';
import { writeText } from '#kneser/test/faults/folder.js';
import { fillDisks } from '#kneser/test/faults/full-disk.js';
import { PATHS } from '#kneser/test/faults/places.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('places');
const model = join(folder, 'model');
const text = writeText(join(folder, 'text.txt'), { sentences: 60, types: 800, seed: 1 });
let right: Score;

async function score(path: string): Promise<Score> {
  await using opened = await LanguageModel.open(path);
  return await opened.score('word1 word2 nothing');
}

beforeAll(async () => {
  await train({ files: [text], out: model, order: 2 });
  right = await score(model);
});

describe('a model is trained, tuned and opened', () => {
  test.each([...PATHS, `${'x'.repeat(200)}/`.repeat(10)])('at %j', async name => {
    const out = join(folder, 'names', name);
    await train({ files: [text], out, order: 2 });
    await tune({ model: out, files: [text], name: 'other' });
    expect(await score(out)).toStrictEqual(right);
  });

  test('through a symbolic link, which stays one', async () => {
    const link = join(folder, 'link');
    symlinkSync(model, link);
    await train({ files: [text], out: link, order: 2, force: true });
    expect(await score(`${link}/`)).toStrictEqual(right);
    expect(readdirSync(model)).toEqual(['generation-2', 'kneser.json']);
  });
});

test('a name that is too long is refused', async () => {
  const out = join(folder, 'x'.repeat(256));
  await expect(train({ files: [text], out })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
  await expect(LanguageModel.open(out)).rejects.toMatchObject({ code: 'KNESER_INPUT_UNREADABLE' });
});

test.runIf(existsSync('/proc/self'))(
  'a folder that the system refuses to make, as in /proc, is an error of permission',
  async () => {
    for (const out of ['/proc/kneser', '/proc/kneser/model']) {
      await expect(train({ files: [text], out })).rejects.toMatchObject({
        code: 'KNESER_OUTPUT_DENIED',
        message: expect.stringContaining(`${out}: the folder cannot be made`) as string,
      });
    }
  },
);

test('with too few file descriptors, the error says so', async () => {
  const results = await Promise.all([20, 24].map(descriptors => kneser(['score', model, text], { descriptors })));
  for (const result of results) {
    // Node itself may not start.
    if (result.code === 0 || /libuv|node::|node:internal/.test(result.stderr)) continue;
    expect(judgeFailure(result, 1, /too many|EMFILE/i)).toBeUndefined();
  }
});

test.skipIf(process.getuid?.() !== 0)('another user can read a model, and is refused to tune it', async () => {
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary);
  const { chmodSync } = await import('node:fs');
  chmodSync(folder, 0o755);
  chmodSync(temporary, 0o777);
  const options = { uid: 65_534, temporary };
  const [scored, tuned] = await Promise.all([
    kneser(['score', model, text], options),
    kneser(['tune', model, text], options),
  ]);
  expect(scored).toMatchObject({ code: 0, stderr: '' });
  expect(judgeFailure(tuned, 2, /no permission/)).toBeUndefined();
  expect(readdirSync(temporary)).toEqual([]);
});

test('a full disk is reported as such, and no file is left on it', async context => {
  const cases = await fillDisks(name => ['view', 'train', 'tune'].includes(name), 1);
  // Only some may mount a small disk.
  if (typeof cases === 'string') return context.skip(cases);
  expect(cases.flatMap(({ wrong }) => wrong)).toEqual([]);
});
