import fc from 'fast-check';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FILE_KINDS, kindOf } from '#kneser/src/base/file-kinds.js';
import { kindOfFile } from '#kneser/src/base/node/file-head.js';
import type { DocumentOptions } from '#kneser/src/text/formats/corpus.js';
import { readText } from '#kneser/src/text/formats/index.js';
import { expandInputs } from '#kneser/src/text/formats/input.js';
import { LineReader } from '#kneser/src/text/formats/lines.js';
import { recognized } from '#kneser/src/text/formats/peek.js';
import { TextCheck } from '#kneser/src/text/formats/text-check.js';
import { anyCharacter } from '../support/characters.js';
import { CommandLine } from '../support/command-line.js';

const cli = new CommandLine('real-files');

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/real-files/', import.meta.url));

/** What kneser does with a file. A file of test/fixtures/real-files with an entry in cases.json is a case. */
interface Case {
  readonly file: string;
  readonly options?: DocumentOptions;
  /** The number of lines that are read, the beginning of the first line, and the numbers of replaced sequences and left-out lines. */
  readonly lines?: number;
  readonly first?: string;
  readonly replaced?: number;
  readonly skipped?: number;
  /** The message of a refusal without the sentence on `--any-bytes`, which it has unless `insists` is false; and its code. */
  readonly refused?: string;
  readonly insists?: false;
  readonly code?: string;
}

const INSISTING = '. To read its bytes as text all the same, pass --any-bytes (anyBytes: true)';

const CASES = JSON.parse(readFileSync(join(FIXTURES, 'cases.json'), 'utf8')) as Case[];

/** The lines that are read, or the error. */
async function read(path: string, options: DocumentOptions = {}): Promise<Record<string, unknown>> {
  const reader = new LineReader(path, options);
  const lines: string[] = [];
  try {
    for await (const line of reader.lines()) lines.push(line);
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    return { code, refused: message };
  }
  const { replaced, skipped } = reader;
  return { lines: lines.length, first: lines[0]?.slice(0, 30), replaced, skipped };
}

describe('a file of the fixtures', () => {
  test('has a case each', () => {
    const files = readdirSync(FIXTURES).filter(name => name !== 'make.py' && name !== 'cases.json');
    expect(new Set(CASES.map(({ file }) => file))).toEqual(new Set(files));
  });

  test.each(CASES)('$file $options', async ({ file, options, ...expected }) => {
    const { refused, insists, code = 'KNESER_INPUT_UNREADABLE' } = expected;
    const found = await read(join(FIXTURES, file), options);
    if (refused === undefined) {
      const { lines, first, replaced = 0, skipped = 0 } = expected;
      expect(found).toEqual({ lines, first, replaced, skipped });
      return;
    }
    const message = String(found.refused).replaceAll(FIXTURES, '');
    const whole = code === 'KNESER_INPUT_UNREADABLE' && insists !== false ? refused + INSISTING : refused;
    expect({ code: found.code, message }).toEqual({ code, message: whole });
  });

  test.each(CASES.filter(({ options, file }) => !options && !file.endsWith('l')))(
    '$file by a pipe in pieces of any length',
    async ({ file, refused, lines = 0 }) => {
      const bytes = readFileSync(join(FIXTURES, file));
      if (/\.(gz|zst|json)$/.test(file) || ['gzip', 'zstd', 'json'].includes(kindOf(bytes)?.name ?? '')) return;
      for (const length of [1, 7, 100]) {
        const textCheck = new TextCheck(file);
        const pieces = async function* (): AsyncGenerator<Uint8Array> {
          for (let at = 0; at < bytes.length; at += length)
            yield await Promise.resolve(bytes.subarray(at, at + length));
        };
        const drain = async (): Promise<number> => {
          let ends = 0;
          for await (const piece of recognized(file, pieces(), [])) {
            textCheck.add(piece);
            ends += piece.filter(byte => byte === 0x0a).length;
          }
          return ends;
        };
        // Where a kind is not told by pieces that are this short, its bytes are.
        if (refused === undefined) expect(await drain()).toBe(bytes.at(-1) === 0x0a ? lines : Math.max(0, lines - 1));
        else if (length > 1) await expect(drain()).rejects.toMatchObject({ code: 'KNESER_INPUT_UNREADABLE' });
      }
    },
  );
});

describe('kinds of files', () => {
  test('have different names, and a row in the table of docs/formats.md', async () => {
    expect(new Set(FILE_KINDS.map(({ name }) => name)).size).toBe(FILE_KINDS.length);
    const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('$FILE', 'FILE');
    const rows = FILE_KINDS.map(({ what, isRead, help }) => `| ${what} | ${isRead ? 'read' : cell(help)} |`);
    const page = fileURLToPath(new URL('../../docs/formats.md', import.meta.url));
    const text = readFileSync(page, 'utf8');
    const [before, , after] = text.split(/<!-- prettier-ignore-start -->|<!-- prettier-ignore-end -->/);
    const table = ['| what a file begins like | what kneser does, or says |', '| --- | --- |', ...rows].join('\n');
    await expect(
      `${before}<!-- prettier-ignore-start -->\n\n${table}\n\n<!-- prettier-ignore-end -->${after}`,
    ).toMatchFileSnapshot(page);
  });

  test('are recognised in compressed files by their content', async () => {
    const names = ['model.arpa', 'model.arpa.gz', 'text.tar.gz', 'text.txt.gz', 'plain.txt', 'nowhere'];
    const kinds = await Promise.all(names.map(name => kindOfFile(join(FIXTURES, name))));
    expect(kinds.map(kind => kind?.name)).toEqual(['arpa', 'arpa', 'tar', 'gzip', undefined, undefined]);
  });
});

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
    const found = await read(cli.file(Buffer.concat([Buffer.from(GOOD), bad])));
    expect(found).toMatchObject({ code: 'KNESER_INPUT_UNREADABLE', refused: expect.stringMatching(message) as string });
  });

  test('is read if a small share of it is bad', async () => {
    const path = cli.file(Buffer.concat([Buffer.from(GOOD), Buffer.from('caf\xe9 \0\0\n'.repeat(9), 'latin1')]));
    expect(await read(path)).toMatchObject({ lines: 40_009, replaced: 9 });
  });
});

describe('a folder of many kinds', () => {
  test('reports the files that it leaves out, and why', async () => {
    const folder = cli.fresh('folder');
    mkdirSync(join(folder, 'old', 'model'), { recursive: true });
    writeFileSync(join(folder, 'old', 'model', 'kneser.json'), '{}');
    for (const name of ['a.txt', 'b.jsonl', 'c.pdf', 'd.csv', 'e.docx', 'f.png', 'old/g.bz2', '.hidden', 'part-0001']) {
      writeFileSync(join(folder, name), 'a\n');
    }
    const warnings: string[] = [];
    const inputs = await expandInputs([folder], {}, warning => warnings.push(warning));
    expect(inputs.map(({ path }) => path.slice(folder.length + 1))).toEqual(['a.txt', 'b.jsonl', 'part-0001']);
    expect(warnings).toEqual([
      `${folder}: 6 entries were left out: c.pdf, d.csv, e.docx and 2 more (not named like text; name it to read it); ` +
        'old/model (a model)',
    ]);
    const [one] = await expandInputs([join(folder, 'd.csv')]);
    expect(one.path).toBe(join(folder, 'd.csv'));
  });

  test('is read in one format on request', async () => {
    const folder = cli.fresh('folder');
    mkdirSync(folder);
    for (const name of ['a.txt', 'b.jsonl', 'part-0001']) writeFileSync(join(folder, name), '{"text": "a"}\n');
    const warnings: string[] = [];
    const inputs = await expandInputs([folder], { format: 'jsonl' }, warning => warnings.push(warning));
    expect(inputs.map(({ path }) => path.slice(folder.length + 1))).toEqual(['b.jsonl', 'part-0001']);
    expect(warnings).toEqual([`${folder}: 1 entry was left out: a.txt (named like text, not jsonl)`]);
    let text = '';
    for (const { path } of inputs)
      for await (const bytes of readText(path, { format: 'jsonl' })) text += String(Buffer.from(bytes));
    expect(text).toBe('a\na\n');
  });

  test('without text is refused, with the kinds of its files', async () => {
    const folder = cli.fresh('folder');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.pdf'), '');
    await expect(expandInputs([folder])).rejects.toMatchObject({
      code: 'KNESER_INPUT_EMPTY',
      message: `${folder}: this folder holds no text files (.txt, .txt.gz, .tokens …), only a.pdf (not named like text; name it to read it)`,
    });
    writeFileSync(join(folder, 'kneser.json'), '');
    await expect(expandInputs([folder])).rejects.toThrow(`${folder}: is a model, not text; name the text, too`);
  });
});
