import { parquetWriteBuffer, type ParquetWriteOptions } from 'hyparquet-writer';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel, train, tune, type Progress } from '#kneser/src/index.js';
import { readPieces, readRecords, readText } from '#kneser/src/text/formats/index.js';
import { expandInputs } from '#kneser/src/text/formats/input.js';
import { LineReader } from '#kneser/src/text/formats/lines.js';
import { CommandLine } from '../support/command-line.js';
import { expectSamePairs, readPairs, type Pairs } from '../support/pairs.js';
import { randomNumbers } from '../support/models.js';

const cli = new CommandLine('formats');

/** Lines of words, a few of them empty, with letters of two and more bytes. */
const LINES = ((): string[] => {
  const random = randomNumbers(5);
  const word = (): string => ['the', 'cat', 'sät', '猫', 'on', 'mat.', '"a\\b"', '𝒙'][Math.floor(8 * random() ** 2)];
  return Array.from({ length: 2000 }, () => Array.from({ length: Math.floor(random() * 12) }, word).join(' '));
})();
const TEXT = LINES.join('\n') + '\n';

const jsonLines = (lines: readonly string[], field = 'text'): string =>
  lines.map((text, id) => JSON.stringify({ id, [field]: text, note: null }) + '\n').join('');

type Column = ParquetWriteOptions['columnData'][number];

function parquet(columns: Column[], options: Omit<ParquetWriteOptions, 'writer' | 'columnData'> = {}): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData: columns, ...options }));
}

const textColumn = (data: readonly (string | undefined)[], name = 'text'): Column => ({
  name,
  data: [...data],
  type: 'STRING',
});

/** A zstd frame without compression: a window size and raw blocks, of which only the last may be empty. */
function zstdFrame(content: Uint8Array, block = 1000): Buffer {
  const blocks: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])];
  for (let at = 0; at <= content.length; at += block) {
    const part = content.subarray(at, at + block);
    const header = (part.length << 3) | (at + block > content.length ? 1 : 0);
    blocks.push(Buffer.from([header & 255, (header >> 8) & 255, header >> 16]), Buffer.from(part));
  }
  return Buffer.concat(blocks);
}

/** Made by the zstd program: 3,000 times this line, with a checksum. */
const ZSTD = Buffer.from('KLUv/aSIDQEA/QAAuHRoZSBjYXQgc2F0IG9uIHRoZSBtYXQKAQDdGjSfTd3aXmQ=', 'base64');

async function textOf(path: string, options: { field?: string; column?: string } = {}): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readText(path, options)) chunks.push(chunk.slice());
  return Buffer.concat(chunks).toString();
}

describe('the same model is trained', () => {
  let expected: Pairs;
  const pairsOf = async (files: string[], options: { field?: string; column?: string } = {}): Promise<Pairs> => {
    const out = cli.fresh();
    await train({ files, out, order: 3, ...options });
    return readPairs(out);
  };

  beforeAll(async () => {
    expected = await pairsOf([cli.file(TEXT)]);
  });

  test.each<[string, string, () => string | Uint8Array, { field?: string; column?: string }?]>([
    ['JSON lines', '.jsonl', () => jsonLines(LINES)],
    ['JSON lines by their other name', '.ndjson', () => jsonLines(LINES)],
    ['JSON lines that are called JSON', '.json', () => jsonLines(LINES)],
    ['JSON lines that are called JSON, in gzip', '.json.gz', () => gzipSync(jsonLines(LINES))],
    [
      'JSON lines that are called JSON, in zstd',
      '.JSON.zst',
      () => zstdFrame(Buffer.from(jsonLines(LINES, 'body'))),
      { field: 'body' },
    ],
    [
      'JSON lines with CRLF, blank lines and no last line end',
      '.jsonl',
      () => '\ufeff' + jsonLines(LINES).replaceAll('\n', '\r\n\r\n').trimEnd(),
    ],
    ['another field', '.jsonl', () => jsonLines(LINES, '__proto__x'), { field: '__proto__x' }],
    ['gzipped JSON lines', '.jsonl.gz', () => gzipSync(jsonLines(LINES))],
    ['JSON lines in zstd', '.jsonl.zst', () => zstdFrame(Buffer.from(jsonLines(LINES)))],
    ['one document of many lines', '.jsonl', () => jsonLines([TEXT])],
    [
      'documents of some lines each',
      '.jsonl',
      () => jsonLines([LINES.slice(0, 500).join('\n') + '\n', LINES.slice(500).join('\n') + '\n']),
    ],
    ['zstd', '.txt.zst', () => zstdFrame(Buffer.from(TEXT))],
    [
      'zstd in many frames and larger blocks',
      '.zst',
      () => {
        const half = TEXT.indexOf('\n', TEXT.length / 2) - 3;
        const frames = [TEXT.slice(0, half), TEXT.slice(half)].map(part => zstdFrame(Buffer.from(part), 100_000));
        return Buffer.concat([...frames, zstdFrame(Buffer.alloc(0))]);
      },
    ],
    [
      'Parquet',
      '.parquet',
      () => parquet([{ name: 'id', data: LINES.map((_, i) => i), type: 'INT32' }, textColumn(LINES)]),
    ],
    [
      'Parquet of many groups and pages',
      '.parquet',
      () => parquet([textColumn(LINES)], { rowGroupSize: 300, pageSize: 1000 }),
    ],
    [
      'Parquet in gzip',
      '.parquet',
      () => parquet([textColumn(LINES)], { codec: 'GZIP', compressors: { GZIP: gzipSync }, rowGroupSize: 700 }),
    ],
    [
      'Parquet that is not compressed, not a dictionary, and may have nulls',
      '.PARQUET',
      () => parquet([{ ...textColumn(LINES), nullable: true, encoding: 'PLAIN' }], { codec: 'UNCOMPRESSED' }),
    ],
    [
      'Parquet of bytes, in another column',
      '.parquet',
      () =>
        parquet([
          textColumn(LINES.map(() => 'x')),
          { name: 'body', data: LINES.map(line => Buffer.from(line)), type: 'BYTE_ARRAY' },
        ]),
      { column: 'body' },
    ],
    [
      'Parquet of two documents',
      '.parquet',
      () => parquet([textColumn([LINES.slice(0, 7).join('\n'), LINES.slice(7).join('\n')])]),
    ],
  ])('of %s', async (_, ending, content, options) => {
    expectSamePairs(await pairsOf([cli.file(content(), ending)], options), expected);
  });

  test('of all of them in a folder', async () => {
    const texts = cli.fresh('folder');
    mkdirSync(texts);
    const part = (n: number): string[] => LINES.slice(400 * n, 400 * (n + 1));
    writeFileSync(join(texts, '0.jsonl'), jsonLines(part(0)));
    writeFileSync(join(texts, '1.parquet'), parquet([textColumn(part(1))]));
    writeFileSync(join(texts, '2.txt'), part(2).join('\n'));
    writeFileSync(join(texts, '3.tokens.zst'), zstdFrame(Buffer.from(part(3).join('\n'))));
    writeFileSync(join(texts, '4.ndjson.gz'), gzipSync(jsonLines(part(4))));
    writeFileSync(join(texts, 'other.yaml'), 'no text');
    expectSamePairs(await pairsOf([texts], { field: 'text', column: 'text' }), expected);
  });
});

describe('every command reads', () => {
  /** Few, because each of the four files is tuned on twice. */
  const few = LINES.slice(0, 300);
  const text = few.join('\n') + '\n';
  const paths: string[] = [];
  let model: string;

  beforeAll(async () => {
    paths.push(
      cli.file(text),
      cli.file(jsonLines(few, 'body'), '.jsonl'),
      cli.file(parquet([textColumn(few, 'body')]), '.parquet'),
      cli.file(zstdFrame(Buffer.from(text)), '.zst'),
    );
    model = cli.fresh();
    await train({ files: [paths[0]], out: model, order: 2, patterns: { skip: true } });
    await tune({ model, files: [paths[0]] });
  });
  const options = (path: string): string[] =>
    path.endsWith('.jsonl') ? ['--field', 'body'] : path.endsWith('.parquet') ? ['--column', 'body'] : [];

  test('all of them alike', async () => {
    const seen = new Set<string>();
    for (const path of paths) {
      const [[measured], scored] = await Promise.all([
        cli.json<{ total: object }>(['perplexity', model, path, ...options(path)]),
        cli.print(['score', model, path, ...options(path)]),
      ]);
      const [tuned] = await cli.json<object>(['tune', model, path, ...options(path)]);
      const named = path.endsWith('.jsonl') ? { field: 'body' } : { column: 'body' };
      expect(await tune({ model, files: [path], ...(options(path).length > 0 ? named : {}) })).toMatchObject({
        sentences: 300,
      });
      seen.add(JSON.stringify([measured.total, scored, tuned]));
    }
    expect(seen.size).toBe(1);
    const opened = await LanguageModel.open(model);
    const reads = paths.map(path => {
      const read: number[] = [];
      const onProgress = ({ stage, done }: Progress): unknown => stage === 'score' && read.push(done);
      const done = opened.perplexityOfFile(path, { field: 'body', column: 'body', onProgress });
      return done.then(({ sentences }) => [sentences, read.at(-1), readFileSync(path).length]);
    });
    for (const [sentences, read, size] of await Promise.all(reads)) expect([sentences, read]).toEqual([300, size]);
    await opened.close();
  });

  test('lines to predict after, as those of a text', async () => {
    const histories = LINES.slice(0, 3);
    const plain = await cli.json(['predict', model, cli.file(histories.join('\n'))]);
    expect(plain).toHaveLength(3);
    for (const path of [
      cli.file(jsonLines(histories, 'body'), '.jsonl'),
      cli.file(parquet([textColumn(histories, 'body')]), '.parquet'),
    ]) {
      expect(await cli.json(['predict', model, path, ...options(path)])).toEqual(plain);
    }
    expect(await cli.refuse(2, ['predict', model, cli.file('a'), '--field', 'body'])).toContain('field');
  });

  test('the lines of documents', async () => {
    const lines: string[] = [];
    const path = cli.file(jsonLines(['a b\nc', '', 'd\n\n', '\ud800']), '.jsonl');
    for await (const line of new LineReader(path).lines()) lines.push(line);
    expect(lines).toEqual(['a b', 'c', '', 'd', '', '\ufffd']);
  });
});

describe('documents', () => {
  const texts = ['a b\nc', '', 'd\n\n', 'e'];
  const recordsOf = async (path: string): Promise<{ line: string; object: unknown; place: string }[]> => {
    const found = [];
    for await (const { lines, object, unit, numberOf } of readRecords(path)) {
      for (const [i, line] of lines.entries()) {
        found.push({ line: String(Buffer.from(line)), object: object(i), place: `${unit} ${numberOf(i)}` });
      }
    }
    return found;
  };

  test('are read as records from JSON lines, Parquet, and text by the line', async () => {
    const records = (texts: readonly string[], unit: string) =>
      texts.map((text, i) => ({ line: JSON.stringify({ text }), object: { text }, place: `${unit} ${i + 1}` }));
    const lines = texts.map(text => JSON.stringify({ text }) + '\n').join('');
    expect(await recordsOf(cli.file(lines, '.json'))).toEqual(records(texts, 'line'));
    expect(await recordsOf(cli.file(parquet([textColumn(texts)]), '.parquet'))).toEqual(records(texts, 'row'));
    expect(await recordsOf(cli.file('a b\n\nc'))).toEqual(records(['a b', '', 'c'], 'line'));
  });

  test('are read with all members, the lines unchanged', async () => {
    const objects = LINES.map((text, id) => ({ id, text, more: { note: null } }));
    const lines = objects.map(object => JSON.stringify(object).replace(',', ' , '));
    expect(await recordsOf(cli.file(lines.join('\n\n'), '.jsonl'))).toEqual(
      objects.map((object, i) => ({ line: lines[i], object, place: `line ${2 * i + 1}` })),
    );
    const ids = { name: 'id', data: objects.map(({ id }) => id), type: 'INT32' } as const;
    expect(await recordsOf(cli.file(parquet([ids, textColumn(LINES)]), '.parquet'))).toEqual(
      LINES.map((text, id) => ({ line: JSON.stringify({ id, text }), object: { id, text }, place: `row ${id + 1}` })),
    );
  });

  test('have their ends marked in the pieces of the text', async () => {
    for (const path of [cli.file(jsonLines(texts), '.jsonl'), cli.file(parquet([textColumn(texts)]), '.parquet')]) {
      const ends: number[][] = [];
      for await (const piece of readPieces(path)) ends.push([...(piece.ends ?? [])]);
      expect(ends).toEqual([[6, 7, 10, 12]]);
      const reader = new LineReader(path);
      const documents: number[] = [];
      for await (const line of reader.lines()) documents.push(line.length < 99 ? reader.document : 0);
      expect(documents).toEqual([1, 1, 2, 3, 3, 4]);
    }
  });
});

describe('is refused with the fault and its position:', () => {
  const refused = async (path: string, code: string, message: RegExp, args: string[] = []): Promise<void> => {
    const out = cli.fresh();
    const [field, column] = ['--field', '--column'].map(name =>
      args.includes(name) ? args[args.indexOf(name) + 1] : undefined,
    );
    const options = { ...(field ? { field } : {}), ...(column ? { column } : {}) };
    const error: unknown = await train({ files: [path], out, ...options }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect((error as Error).message).toMatch(message);
    if (args.length > 0 || code !== 'KNESER_OPTION')
      expect((error as Error).message).toContain(code === 'KNESER_OPTION' ? '' : path);
  };
  const valid = jsonLines(LINES.slice(0, 3));

  test.each<[string, string | Uint8Array, RegExp]>([
    ['a line that is no JSON', valid + '{"text": "a"\n', /, line 4: not JSON/],
    ['a line cut short at the end', valid + '{"te', /, line 4: not JSON/],
    [
      'a line that is not UTF-8',
      Buffer.concat([Buffer.from(valid), Buffer.from('{"text": "\xff"}\n', 'latin1')]),
      /, line 4: not UTF-8/,
    ],
    ['a line that is no object', valid + '\n["text"]\n', /, line 5: not a JSON object/],
    ['a line that is null', 'null\n', /, line 1: not a JSON object/],
    [
      'a line without the field',
      valid + '{"content": "a", "id": 1}\n',
      /, line 4: there is no field text; .*: content; or leave/,
    ],
    ['a field that is null', '{"text": null}\n', /, line 1: the field text is null, not a text; leave/],
    [
      'a field that is a number',
      '{"text": 7}\n',
      /, line 1: the field text is a number, not a text, and no other field is one$/,
    ],
  ])('%s', async (_, content, message) => {
    await refused(cli.file(content, '.jsonl'), 'KNESER_INPUT_JSON', message);
  });

  test.each<[string, string, RegExp]>([
    [
      'a pretty-printed object',
      JSON.stringify({ text: 'a' }, null, 2),
      /, line 1: a JSON object over several lines; .*jq -c \./,
    ],
    [
      'an object with fields in its first line',
      '{"text": "a",\n"id": 1}\n',
      /, line 1: a JSON object over several lines/,
    ],
    ['an array on one line', '[{"text": "a"}]\n', /, line 1: a JSON array; .*jq -c '\.\[\]'/],
    ['an array over several lines', '\n' + JSON.stringify([{ text: 'a' }], null, 2), /, line 2: a JSON array/],
    ['an array of more than 32 MB', `[${'"a",'.repeat(9 << 20)}"a"]`, /, line 1: a JSON array/],
    ['a first line that was cut short', '{"text": "a', /, line 1: not JSON; each line/],
    ['text', 'the cat sat\n', /, line 1: not JSON; each line/],
  ])('JSON that is no lines: %s', async (_, content, message) => {
    for (const ending of ['.json', '.jsonl']) await refused(cli.file(content, ending), 'KNESER_INPUT_JSON', message);
  });

  test('a field that only the prototype has', async () => {
    await refused(cli.file(valid, '.jsonl'), 'KNESER_INPUT_JSON', /no field __proto__/, ['--field', '__proto__']);
  });

  test('a document that is too large', async () => {
    const path = cli.file(`{"text": "${'a '.repeat(20 << 20)}"}\n`, '.jsonl');
    await refused(path, 'KNESER_LIMIT', /, line 1: this document has more than 32 MB; split it/);
    const littleMemory = train({ files: [path], out: cli.fresh(), memory: 64 << 20 });
    await expect(littleMemory).rejects.toThrow(
      /, line 1: this document has more than 4 MB; split it, or allow more memory/,
    );
  });

  test.each<[string, Uint8Array]>([
    ['cut short', ZSTD.subarray(0, -6)],
    ['cut short in its header', ZSTD.subarray(0, 3)],
    ['followed by something else', Buffer.concat([ZSTD, Buffer.from('the cat sat on the mat\n')])],
  ])('zstd data %s', async (_, content) => {
    await refused(cli.file(content, '.zst'), 'KNESER_INPUT_ZSTD', /damaged or cut short zstd data/);
  });

  test('text with the ending of zstd files', async () => {
    const path = cli.file('the cat sat on the mat, and then it slept\n', '.zst');
    await refused(path, 'KNESER_INPUT_ZSTD', /is not zstd data, whatever its name says; rename it if it is text/);
  });

  const table = parquet([
    textColumn(LINES),
    { name: 'id', data: LINES.map((_, i) => i), type: 'INT32' },
    textColumn(LINES, 'title'),
  ]);
  test.each<[string, Uint8Array, RegExp, string[]]>([
    ['a column that is not there', table, /there is no column body; .*: text, title/, ['--column', 'body']],
    ['a column that is no text', table, /the column id is not text; .*: text, title/, ['--column', 'id']],
    [
      'a file without text',
      parquet([{ name: 'text', data: [1, 2], type: 'INT32' }]),
      /no column of this file is text/,
      [],
    ],
    [
      'a row without text',
      parquet([textColumn(['a', 'b', undefined, 'c'])]),
      /, row 3: there is no text in the column text/,
      [],
    ],
    ['Parquet cut short', table.subarray(0, -100), /is damaged, or not Parquet/, []],
    ['Parquet without its beginning', table.subarray(5000), /is damaged, or not Parquet/, []],
    ['an empty file', new Uint8Array(0), /is damaged, or not Parquet/, []],
    ['text that is called Parquet', Buffer.from(TEXT), /is damaged, or not Parquet/, []],
  ])('%s', async (_, content, message, args) => {
    await refused(cli.file(content, '.parquet'), 'KNESER_INPUT_PARQUET', message, args);
  });

  test('a file that is missing or a folder', async () => {
    await expect(textOf(join(cli.folder, 'nowhere.parquet'))).rejects.toMatchObject({ code: 'KNESER_INPUT_MISSING' });
    const folder = cli.fresh('folder') + '.parquet';
    mkdirSync(folder);
    await expect(textOf(folder)).rejects.toMatchObject({ code: 'KNESER_INPUT_UNREADABLE' });
  });

  test('a field or column for files without fields', async () => {
    const text = cli.file(TEXT);
    await refused(text, 'KNESER_OPTION', /^field: none of the inputs is a \.jsonl file/, ['--field', 'text']);
    await refused(text, 'KNESER_OPTION', /^column: none of the inputs is a \.parquet file/, ['--column', 'text']);
    await expect(expandInputs([cli.file(valid, '.jsonl')], { field: 'x' })).resolves.toHaveLength(1);
  });

  test('on the command line, without a stack', async () => {
    const broken = cli.file('{"text": 1}\n', '.jsonl');
    const args = ['train', broken, '--out', cli.fresh()];
    expect(await cli.refuse(2, args)).toContain(`kneser: ${broken}, line 1: the field text is `);
    const other = await cli.refuse(2, ['train', cli.file(table, '.parquet'), '--column', 'body', '--out', cli.fresh()]);
    expect(other).toMatch(/there is no column body; name another with column \(--column\): text, title\n$/);
  });

  test('a literal sentence mark, by the number of the sentence if lines are not those of the file', async () => {
    const path = cli.file(jsonLines(['a\nb', 'c </s>']), '.jsonl');
    await refused(path, 'KNESER_INPUT_RESERVED', /, sentence 3: the text holds a literal <\/s>/);
  });
});

test('a text is read in pieces of limited size from a file of any size', async () => {
  const many = Array.from({ length: 60 }, () => LINES).flat();
  const files = [
    cli.file(jsonLines(many), '.jsonl'),
    cli.file(
      parquet([{ ...textColumn(many.map((line, i) => `${line} ${i}`)), encoding: 'PLAIN' }], {
        rowGroupSize: 1e6,
        pageSize: 1 << 16,
      }),
      '.parquet',
    ),
  ];
  for (const file of files) {
    let [length, most] = [0, 0];
    for await (const piece of readText(file)) {
      length += piece.length;
      most = Math.max(most, piece.length);
    }
    expect(length).toBeGreaterThan(2e6);
    expect(most).toBeLessThan(1.1e6);
  }
});
