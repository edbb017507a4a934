import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { kindOf } from '#kneser/src/base/file-kinds.js';
import { recognized } from '#kneser/src/text/formats/peek.js';
import { TextCheck } from '#kneser/src/text/formats/text-check.js';
import { anyCharacter } from '../../support/characters.js';
import { CommandLine } from '../../support/command-line.js';
import { readLines } from '../../support/read-lines.js';

const cli = new CommandLine('text-check');

/** Whatever a person may write: letters of all scripts, and a control character now and then. */
const honest = fc
  .array(
    fc.oneof(
      { weight: 30, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
      { weight: 5, arbitrary: fc.constantFrom('猫が座った', 'кошка', 'قطة', '😀😀', 'naïve', '\ufffd', '\u2028') },
      { weight: 5, arbitrary: fc.base64String({ maxLength: 76 }) },
      { weight: 1, arbitrary: fc.constantFrom('\0', '\v', '\f', '\x1b[1m', '\x07', '\x7f', '\r') },
    ),
    { maxLength: 60 },
  )
  .map(parts => parts.join(' '));

describe('honest text', () => {
  test('is never refused, in chunks of any length', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(honest, { maxLength: 20 }), fc.integer({ min: 1, max: 300 }), async (lines, length) => {
        // A line of JSON is refused as JSON.
        const text = lines.map(line => (/^\s*[{[]/.test(line) ? `.${line}` : line)).join('\n');
        const bytes = new TextEncoder().encode(text);
        const pieces = async function* (): AsyncGenerator<Uint8Array> {
          for (let at = 0; at < bytes.length; at += length)
            yield await Promise.resolve(bytes.subarray(at, at + length));
        };
        const textCheck = new TextCheck('text');
        let read = 0;
        for await (const piece of recognized('text', pieces(), [])) {
          textCheck.add(piece);
          read += piece.length;
        }
        expect(read).toBe(bytes.length);
      }),
      { numRuns: 300 },
    );
  });

  test('may have any character except control characters', () => {
    const characters = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 3000 });
    fc.assert(
      fc.property(characters, text => {
        const bytes = new TextEncoder().encode(text.replace(/[\0-\x1f]/g, ' '));
        new TextCheck('text').add(bytes);
        expect(kindOf(bytes)?.name ?? 'json').toBe('json');
      }),
      { numRuns: 300 },
    );
  });
});

describe('text that turns bad late', () => {
  const GOOD = 'the cat sat on the mat, and so did the dog\n'.repeat(40_000);
  test.each<[string, Buffer, RegExp]>([
    [
      'into Latin-1',
      Buffer.from('le café est très chaud\n'.repeat(3000), 'latin1'),
      /is not UTF-8 \(\d[\d,]* invalid .* start at byte 1,[67]\d\d,\d\d\d\).*ISO-8859-1/,
    ],
    ['into NUL', Buffer.alloc(50_000), /is binary, not text \(.* control characters/],
    ['into UTF-16', Buffer.from('the cat sat\n'.repeat(9000), 'utf16le'), /is (binary|text in UTF-16LE)/],
    [
      'into an archive',
      gzipSync(Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * i) % 251))),
      /is (binary|not UTF-8)/,
    ],
  ])('%s is refused there', async (_, bad, message) => {
    const found = await readLines(cli.file(Buffer.concat([Buffer.from(GOOD), bad])));
    expect(found).toMatchObject({ code: 'KNESER_INPUT_UNREADABLE', refused: expect.stringMatching(message) as string });
  });

  test('is read if a small share of it is bad', async () => {
    const path = cli.file(Buffer.concat([Buffer.from(GOOD), Buffer.from('caf\xe9 \0\0\n'.repeat(9), 'latin1')]));
    expect(await readLines(path)).toMatchObject({ lines: 40_009, replaced: 9 });
  });
});
