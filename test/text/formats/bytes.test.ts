import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { train } from '#kneser/src/index.js';
import { withStreams } from '#kneser/src/base/node/standard-streams.js';
import { readBytes } from '#kneser/src/text/formats/bytes.js';
import { Texts } from '../../support/texts.js';

const texts = new Texts('bytes');

describe('gzip', () => {
  const plain = 'the cat\nsat on the mat\n';

  test('a .gz file is the text in it, in one member or several', async () => {
    const expected = await texts.learn(plain, ['cat', 'mat']);
    const [first, second] = [plain.slice(0, 8), plain.slice(8)];
    const members = Buffer.concat([gzipSync(first), gzipSync(second)]);
    for (const content of [gzipSync(plain), members]) {
      expect(await texts.learn(content, ['cat', 'mat'], {}, 'text.txt.gz')).toEqual(expected);
    }
    expect(expected).toMatchObject({ sentences: 2, tokens: 8 });
  });

  test.each([
    ['cut short', gzipSync(plain).subarray(0, -9)],
    ['cut short in its header', gzipSync(plain).subarray(0, 5)],
    ['changed', Buffer.from(gzipSync(plain)).fill(0x55, 14, 20)],
    ['not gzip at all', Buffer.from(plain)],
  ])('%s is refused, by name', async (_, content) => {
    const file = texts.file(content, 'broken.gz');
    await expect(train({ files: [file], out: join(texts.folder, 'never') })).rejects.toMatchObject({
      code: 'KNESER_INPUT_GZIP',
      message: expect.stringContaining(file) as string,
    });
  });

  test('progress counts the bytes on disk', async () => {
    const content = gzipSync('a '.repeat(100_000));
    const file = texts.file(content, 'text.gz');
    let reported = 0;
    let length = 0;
    for await (const bytes of readBytes(file, { onRead: read => (reported += read) })) length += bytes.length;
    expect([reported, length]).toEqual([content.length, 200_000]);
  });
});

test('standard input is refused when it was read before: it would seem empty', async () => {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  streams.stdin.end('the cat\n');
  const read = async (): Promise<string> => {
    let text = '';
    for await (const bytes of readBytes('-')) text += new TextDecoder().decode(bytes);
    return text;
  };
  await withStreams(streams, async () => {
    expect(await read()).toBe('the cat\n');
    await expect(read()).rejects.toMatchObject({
      code: 'KNESER_INPUT_UNREADABLE',
      message: expect.stringContaining('was read before') as string,
    });
  });
});
