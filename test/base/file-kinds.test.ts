import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FILE_KINDS, kindOf } from '#kneser/src/base/file-kinds.js';
import { kindOfFile } from '#kneser/src/base/node/file-head.js';
import type { DocumentOptions } from '#kneser/src/text/formats/corpus.js';
import { readText } from '#kneser/src/text/formats/index.js';
import { expandInputs } from '#kneser/src/text/formats/input.js';
import { recognized } from '#kneser/src/text/formats/peek.js';
import { TextCheck } from '#kneser/src/text/formats/text-check.js';
import { CommandLine } from '../support/command-line.js';
import { readLines } from '../support/read-lines.js';

const cli = new CommandLine('file-kinds');

const FIXTURES = fileURLToPath(new URL('../fixtures/real-files/', import.meta.url));

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

describe('a file of the fixtures', () => {
  test('has a case each', () => {
    const files = readdirSync(FIXTURES).filter(name => name !== 'make.py' && name !== 'cases.json');
    expect(new Set(CASES.map(({ file }) => file))).toEqual(new Set(files));
  });

  test.each(CASES)('$file $options', async ({ file, options, ...expected }) => {
    const { refused, insists, code = 'KNESER_INPUT_UNREADABLE' } = expected;
    const found = await readLines(join(FIXTURES, file), options);
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
