import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, expect, test } from 'vitest';
import {
  annotate,
  pack,
  LanguageModel,
  select,
  train,
  type AnnotatedDocument,
  type AnnotateFiles,
  type AnnotateOptions,
  type DocumentFigures,
  type SelectedDocument,
} from '#kneser/src/index.js';
import { zstdCompressor } from '#kneser/src/documents/zstd.js';
import { unpackZstd } from '#kneser/src/text/formats/zstd-frames.js';
import { CommandLine, parseLines } from '../support/command-line.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('annotate');
const cli = new CommandLine('annotate-cli');
const model = join(folder, 'model');
const other = join(folder, 'other');

const random = randomNumbers(3);
const WORDS = 'the cat sat on a mat dog ran under bird blue über naïve 💡 unknown'.split(' ');
const sentence = (length: number): string =>
  Array.from({ length }, () => WORDS[Math.floor(random() ** 2 * (WORDS.length - 1))]).join(' ');
const text = (lines: number): string => Array.from({ length: lines }, (_, i) => sentence(i % 9)).join('\n');

const TEXTS = [...Array.from({ length: 40 }, (_, i) => text(1 + (i % 5))), 'the unknown cat', '', '\n\n', 'a\r\nb'];
const documents = join(folder, 'documents.jsonl');

const collect = async <T>(rows: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
};
const annotated = (options: Partial<AnnotateFiles> = {}): Promise<AnnotatedDocument[]> =>
  collect(annotate({ model, files: [documents], ...options }));
const lineOf = ({ line }: AnnotatedDocument<unknown>): string => new TextDecoder().decode(line);

beforeAll(async () => {
  writeFileSync(
    documents,
    TEXTS.map((document, id) => `{"id": ${id}.0,"text":${JSON.stringify(document)}}\n`).join(''),
  );
  const vocabulary = { kind: 'words', words: WORDS.slice(0, -1) } as const;
  await train({ sentences: text(300).split('\n'), out: model, order: 3, vocabulary });
  await train({ sentences: text(100).split('\n'), out: other, order: 5, vocabulary });
});

test('a value of the type AnnotateOptions can be passed, whichever of both kinds of documents it has', async () => {
  const given: readonly AnnotateOptions[] = [
    { model, files: [documents] },
    { model, documents: TEXTS.map(text => ({ text })) },
  ];
  for (const options of given) expect(await collect(annotate(options))).toHaveLength(TEXTS.length);
  // @ts-expect-error -- neither of both
  const neither: AnnotateOptions = { model };
  expect(() => annotate(neither)).toThrow('annotate: it takes either files or documents');
});

test('sums over documents are the figures of perplexity, for any unit of work', async () => {
  await using opened = await LanguageModel.open(model, { tables: 'load' });
  for (const file of [documents, cli.file(TEXTS.join('\n'))]) {
    const { sentences, tokens, oov, log10Prob } = await opened.perplexityOfFile(file);
    for (const shards of [1, 3]) {
      const rows: AnnotatedDocument[] = [];
      for (let part = 1; part <= shards; part++) {
        const options = { model: opened, threads: part, shard: { part, parts: shards } };
        rows.push(...(await collect(annotate({ ...options, files: [file] }))));
      }
      const sum = (of: (figures: DocumentFigures) => number | null): number =>
        rows.reduce((all, { figures }) => all + (of(figures) ?? NaN), 0);
      expect(sum(figures => figures.sentences)).toBe(sentences);
      expect(sum(figures => figures.tokens)).toBe(tokens);
      expect(sum(figures => figures.oov)).toBe(oov);
      expect(sum(figures => figures.log10Prob) / (log10Prob ?? NaN)).toBeCloseTo(1, 12);
    }
  }
});

test('a document of one line has the figures of score; against its own model the ratio is 0', async () => {
  await using opened = await LanguageModel.open(model);
  const lines = TEXTS.flatMap(document => document.split('\n'));
  const rows = await collect(
    annotate({ model: opened, against: opened, documents: lines.map(line => ({ text: line })), tokens: true }),
  );
  for (const [i, { figures }] of rows.entries()) {
    const score = await opened.score(lines[i]);
    expect(figures.tokenTexts).toEqual(score.tokens);
    expect(figures.log10Probs).toEqual([...score.log10Probs]);
    expect(figures.log10Prob).toBeCloseTo(score.log10Prob, 10);
    const isEmpty = score.tokens.length === 1;
    expect(figures.perplexity).toEqual(isEmpty ? null : expect.closeTo(score.perplexity ?? NaN, 8));
    expect(figures.commonness).toEqual(isEmpty ? null : expect.closeTo(1 / (score.perplexity ?? NaN), 10));
    expect(figures.against).toMatchObject(isEmpty ? { log10Ratio: null } : { log10Ratio: 0, log10RatioPerToken: 0 });
  }
});

test('a second model gives the ratio of probabilities, and warns where it has seen the documents', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: string): void => void warnings.push(warning);
  const rows = await annotated({ against: other, onWarning });
  const alone = await annotated({ model: other });
  for (const [i, { figures }] of rows.entries()) {
    expect(figures.against?.log10Prob).toBe(alone[i].figures.log10Prob);
    const ratio = (figures.log10Prob ?? NaN) - (alone[i].figures.log10Prob ?? NaN);
    if (figures.perplexity !== null) expect(figures.against?.log10Ratio).toBeCloseTo(ratio, 10);
  }
  expect(warnings).toEqual([]);
  const seen = join(folder, 'seen');
  const long = Array.from({ length: 30 }, () => sentence(30));
  await train({ sentences: [...long, 'zebra'], out: seen, order: 2 });
  await collect(annotate({ model, against: seen, documents: long.map(line => ({ text: line })), onWarning }));
  expect(warnings).toEqual([
    expect.stringContaining('the vocabularies differ'),
    expect.stringContaining('looks as if it was trained on these documents'),
  ]);
  await train({ sentences: long, out: seen, order: 2, lowercase: true, force: true });
  await expect(annotated({ against: seen })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
});

test('a target gives documents of its kind the higher ratios, by models that have not seen them', async () => {
  const kinds = ['goal team ball match coach', 'salt oven bread soup spoon', 'law vote city mayor tax'];
  const document = (kind: string): string =>
    Array.from({ length: 12 }, () => kind.split(' ')[Math.floor(5 * random())]).join(' ');
  const file = cli.file(
    Array.from({ length: 90 }, (_, i) => `${JSON.stringify({ kind: i % 3, text: document(kinds[i % 3]) })}\n`).join(''),
    '.jsonl',
  );
  const target = cli.file(Array.from({ length: 20 }, () => `${document(kinds[0])}\n`).join(''));
  const rows = await collect(annotate({ target: [target], files: [file] }));
  const ratio = (of: boolean): number[] =>
    rows.flatMap(({ document, figures }) =>
      (document.kind === 0) === of ? [figures.against?.log10RatioPerToken ?? NaN] : [],
    );
  expect(Math.min(...ratio(true))).toBeGreaterThan(Math.max(...ratio(false)));
  expect(Math.min(...ratio(true))).toBeGreaterThan(0);
  // The models of both halves are one convention, so that select compares all documents.
  expect(new Set(rows.map(({ figures }) => figures.against?.model)).size).toBe(1);
  const lines = await cli.print(['annotate', '--target', target, file, '--shard', '2/3', '-q']);
  const shard = parseLines<{ kneser: DocumentFigures }>(lines);
  expect(shard.map(({ kneser }) => kneser)).toEqual(rows.filter((_, i) => i % 3 === 1).map(({ figures }) => figures));
  expect(await cli.refuse(2, ['annotate', '--target', file, file])).toMatch(
    /--target: .* is also one of the documents' files/,
  );
  expect(await cli.refuse(2, ['annotate', '--target', target])).toMatch(/name files of documents/);
  expect(await cli.refuse(2, ['annotate', '--target', target, file, '--weights', 'x'])).toMatch(
    /--weights: excludes --target/,
  );
  expect(await cli.refuse(2, ['annotate', '--target', '-', file])).toMatch(/can be read only once/);
  expect(() => annotate({ files: [file] })).toThrow('model: is missing');
});

test('the unit document reads line ends as spaces', async () => {
  const rows = await annotated({ unit: 'document' });
  await using opened = await LanguageModel.open(model);
  for (const [i, { figures }] of rows.entries()) {
    const { log10Prob } = await opened.score(TEXTS[i].replaceAll('\n', ' '));
    expect(figures).toMatchObject({
      unit: 'document',
      sentences: 1,
      log10Prob: expect.closeTo(log10Prob, 10) as number,
    });
  }
});

test('a mask marks the share of tokens with the highest surprisal, or those above a number of bits', async () => {
  const rows = await annotated({ tokens: true, mask: { above: 0.8 } });
  const surprisals = rows.flatMap(({ figures }) => figures.log10Probs ?? []).map(p => -p * Math.log2(10));
  const masks = rows.flatMap(({ figures }) => figures.mask ?? []);
  const marked = surprisals.filter((_, i) => masks[i]);
  const kept = surprisals.filter((_, i) => !masks[i]);
  expect(Math.min(...marked)).toBeGreaterThan(Math.max(...kept));
  expect(marked.length / masks.length).toBeGreaterThan(0.1);
  expect(marked.length / masks.length).toBeLessThanOrEqual(0.2);
  const byBits = await annotated({ tokens: true, mask: { surprisal: 3 } });
  expect(byBits.flatMap(({ figures }) => figures.mask ?? [])).toEqual(surprisals.map(bits => bits > 3));
});

test('features are the same on any number of threads, tables loaded or read from the disk', async () => {
  const options = { features: 'full', tokens: true } as const;
  const figures = async (tables: 'load' | 'page', threads: number): Promise<DocumentFigures[]> => {
    await using opened = await LanguageModel.open(model, { tables });
    return (await annotated({ ...options, model: opened, threads })).map(row => row.figures);
  };
  const alone = await figures('load', 1);
  expect(alone.at(-1)?.ranks).toHaveLength(alone.at(-1)?.tokens ?? -1);
  expect(await figures('load', 2)).toEqual(alone);
  expect(await figures('page', 2)).toEqual(alone);
});

test('a context that repeats the document helps, one of other words does not', async () => {
  const tuned = join(folder, 'tuned');
  await train({ sentences: text(600).split('\n'), out: tuned, order: 2, patterns: { skip: true }, holdOut: 0.1 });
  const repeated = 'dog ran under bird dog ran under bird';
  const given = [
    { text: repeated, before: repeated },
    { text: repeated, before: '' },
    { text: repeated, before: 7 },
  ];
  const warnings: string[] = [];
  const onWarning = (warning: string): number => warnings.push(warning);
  const [same, none, wrong] = await collect(annotate({ model: tuned, documents: given, context: 'before', onWarning }));
  expect(warnings).toEqual([
    'context: 1 of the documents have no text in their member before; their figures of the context are null',
  ]);
  expect(none.figures.context).toMatchObject({ consens: 0 });
  expect(wrong.figures.context).toMatchObject({ consens: null });
  const { coldPerplexity, perplexity, consens } = same.figures.context ?? {};
  const [cold, after] = [coldPerplexity ?? NaN, perplexity ?? NaN];
  expect(consens).toBeCloseTo(2 / (1 + after / cold) - 1, 12);
  await using opened = await LanguageModel.open(tuned);
  const cache = opened.createCache();
  expect(cold).toBeCloseTo((await opened.score(repeated, { cache })).perplexity ?? NaN, 8);
  expect(after).toBeCloseTo((await opened.score(repeated, { cache })).perplexity ?? NaN, 8);
  await expect(annotated({ context: 'before' })).rejects.toThrow('kneser tune');
});

test('documents keep every byte, and figures alone keep the id', async () => {
  const lines = [
    '{"text":"the cat","id":12345678901234567890, "x":1.0}',
    ' {"id":1e400,"text":"a\\ud800 dog","text":"the mat"}\r',
    '{"text":null,"id":"same"}',
    '{"id":"same" }',
  ];
  const file = cli.file(`${lines[0]}\n\n${lines.slice(1).join('\n')}`, '.jsonl');
  const out = cli.fresh('out') + '.jsonl.gz';
  const run = await cli.run(['annotate', model, file, '--missing', 'skip', '--as', 'm', '--out', out]);
  expect(run).toEqual({
    status: 0,
    stdout: '',
    stderr: 'kneser: warning: 2 documents without text have no figures (null)\n',
  });
  const written = gunzipSync(readFileSync(out)).toString().split('\n');
  expect(written.pop()).toBe('');
  expect(written.map(line => line.replace(/,"m":\{.*\}\}/, '}').replace(/\{"m":\{.*\}\}/, '{}'))).toEqual([
    lines[0],
    lines[1],
    lines[2],
    lines[3],
  ]);
  expect(JSON.parse(written[3])).toMatchObject({ m: { tokens: 0, perplexity: null, log10Prob: 0 } });
  expect(() => annotate({ model, files: [file], id: 'id' })).toThrow(/id: belongs to figuresOnly/);
  const alone = await collect(annotate({ model, files: [file], missing: 'skip', figuresOnly: true, id: 'id' }));
  expect(alone.map(row => lineOf(row).slice(0, 27))).toEqual([
    '{"id":12345678901234567890,',
    '{"id":1e400,"unit":"lines",',
    '{"id":"same","unit":"lines"',
    '{"id":"same","unit":"lines"',
  ]);
  for (const id of ['unit', 'tokens']) {
    const rows = collect(annotate({ model, files: [file], missing: 'skip', figuresOnly: true, id }));
    await expect(rows).rejects.toThrow(`id: ${id} is the name of a figure, too`);
  }
});

test('a document whose JSON is no object is refused when its line is asked for', async () => {
  const circular: { text: string; self?: unknown } = { text: 'the cat' };
  circular.self = circular;
  const documents = [
    { text: 'the cat', toJSON: () => 'd1' },
    { text: 'the cat', toJSON: () => undefined },
    Object.assign(['a'], { text: 'the cat' }),
    circular,
    { text: 'the cat', number: 1n },
  ];
  const rows = await collect(annotate({ model, documents }));
  for (const [i, row] of rows.entries()) {
    expect(row.figures.tokens).toBe(3);
    expect(() => row.line).toThrow(
      expect.objectContaining({
        code: 'KNESER_OPTION',
        message: expect.stringContaining(`document ${i}`) as string,
      }) as Error,
    );
  }
});

test('a document that is null is refused by its number', async () => {
  const documents = [{ text: 'a' }, null] as unknown as { text: string }[];
  await expect(collect(annotate({ model, documents }))).rejects.toThrow('document 1 has no member text');
});

test('a Parquet column of doubles stays one if a decimal lies midway between two shorter ones', async () => {
  const lines = cli.file('{"text":"a","x":0.5419387817382812}\n{"text":"b","x":1.5}\n', '.jsonl');
  const out = cli.fresh('tie') + '.parquet';
  await cli.print(['annotate', model, lines, '--out', out]);
  const rows: Record<string, unknown>[] = await parquetReadObjects({ file: await asyncBufferFromFile(out) });
  expect(rows.map(({ x }) => x)).toEqual([0.5419387817382812, 1.5]);
});

test('Parquet output keeps every number that a type holds, and the text of all others', async () => {
  const columns: [values: string[], expected: unknown[]][] = [
    [
      ['9007199254740993', '0.5'],
      ['9007199254740993', '0.5'],
    ],
    [
      ['9007199254740993', '[1]'],
      ['9007199254740993', '[1]'],
    ],
    [
      ['9007199254740993', '1'],
      [9007199254740993n, 1n],
    ],
    [
      ['1e-400', '1'],
      ['1e-400', '1'],
    ],
    [
      ['9007199254740993.0', '1'],
      ['9007199254740993.0', '1'],
    ],
    [
      ['0.10000000000000001', '2.5e3'],
      [0.1, 2500],
    ],
    [
      ['[1e-400]', '[-0]'],
      ['[1e-400]', '[-0]'],
    ],
    [
      ['{"__proto__":1}', '1'],
      ['{"__proto__":1}', '1'],
    ],
    [
      ['[1.50,100000]', '[2]'],
      [[1.5, 100000], [2]],
    ],
  ];
  const members = (at: number): string => columns.map(([values], c) => `"c${c}":${values[at]}`).join();
  const file = cli.file(`{"text":"a",${members(0)}}\n{"text":"b",${members(1)}}\n`, '.jsonl');
  const out = cli.fresh('exact') + '.parquet';
  await cli.print(['annotate', model, file, '--out', out, '-q']);
  const rows: Record<string, unknown>[] = await parquetReadObjects({ file: await asyncBufferFromFile(out) });
  columns.forEach(([, expected], c) => expect(rows.map(row => row[`c${c}`])).toEqual(expected));
});

test('Parquet rows come out as JSON lines with all columns', async () => {
  const file = cli.file(
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'id', data: [9007199254740993n, 2n], type: 'INT64' },
          { name: 'body', data: ['the cat', 'a dog'], type: 'STRING' },
          { name: 'when', data: [new Date(0), new Date(1e12)], type: 'TIMESTAMP' },
        ],
      }),
    ),
    '.parquet',
  );
  const rows = await collect(annotate({ model, files: [file], column: 'body' }));
  expect(rows.map(row => lineOf(row).replace(/,"kneser".*/, ''))).toEqual([
    '{"id":9007199254740993,"body":"the cat","when":"1970-01-01T00:00:00.000Z"',
    '{"id":2,"body":"a dog","when":"2001-09-09T01:46:40.000Z"',
  ]);
});

test('Parquet output has all members and figures as columns, and is read again', async () => {
  const lines = [
    '{"id":9007199254740993,"text":"the cat","score":1,"tags":["a",1],"odd":12345678901234567890}',
    '{"id":2,"text":"a dog sat","score":0.5,"tags":{"b":"}"},"odd":null}',
    '{"id":3,"text":"","late":true}',
  ];
  const file = cli.file(`${lines.join('\n')}\n`, '.jsonl');
  const out = cli.fresh('out') + '.parquet';
  await cli.print(['annotate', model, file, '--out', out, '-q']);
  const expected = await collect(annotate({ model, files: [file] }));
  const rows: SelectedDocument[] = [];
  for await (const row of select({ files: [out], by: 'kneser.perplexity', min: 0 })) rows.push(row);
  expect(rows.map(({ figure }) => figure)).toEqual(expected.slice(0, 2).map(({ figures }) => figures.perplexity));
  expect(lineOf(rows[0] as never)).toContain(
    '"id":9007199254740993,"text":"the cat","score":1,"tags":["a",1],"odd":"12345678901234567890"',
  );
  expect(rows[1].document).toMatchObject({ tags: { b: '}' }, odd: null, late: null, 'kneser.tokens': 4, score: 0.5 });
  expect(await cli.refuse(2, ['annotate', model, out, '--out', cli.fresh('x') + '.parquet'])).toMatch(
    /--as: there is already a column kneser.unit/,
  );
  expect(await cli.refuse(2, ['annotate', model, '-', '--format', 'jsonl', '--out', out])).toMatch(
    /can be read only once/,
  );
});

test('Parquet output loses nothing without a word: repeated members, half pairs, integers of 64 bits', async () => {
  const twice = cli.file('{"text":"a"}\n{"text":"b","x":1,"x":2}\n', '.jsonl');
  const never = join(folder, 'never.parquet');
  expect(await cli.refuse(2, ['annotate', model, twice, '--out', never])).toMatch(
    /line 2: the member "x" is there twice, which a row of Parquet cannot hold; write .jsonl/,
  );
  expect(existsSync(never)).toBe(false);
  const odd =
    '{"text":"the \\ud800 cat","most":9223372036854775807,"more":9223372036854775808,"in":{"a":1,"a":2},"zero":-0}\n';
  const file = cli.file(odd, '.jsonl');
  const out = cli.fresh('out') + '.parquet';
  const { stderr } = await cli.run(['annotate', model, file, '--out', out, '-q']);
  expect(stderr).toMatch(/1 strings hold half a surrogate pair/);
  const [row] = await collect(select({ files: [out], by: 'kneser.tokens', min: 0 }));
  expect(lineOf(row as never)).toContain(
    '"most":9223372036854775807,"more":"9223372036854775808","in":"{\\"a\\":1,\\"a\\":2}","zero":0,',
  );
  const nan = cli.file('{"text":"NaN: NaN"}\n{"text":"b","x": NaN}\n', '.jsonl');
  expect(await cli.refuse(2, ['annotate', model, nan])).toMatch(/line 2: NaN and Infinity are not JSON, .* write null/);
});

test('zstd is one frame, whatever Node can write, and is read again', async () => {
  const noise = Buffer.from(Array.from({ length: 700_000 }, () => Math.floor(256 * random())));
  for (const content of [Buffer.alloc(0), Buffer.from('the cat'), noise, Buffer.alloc(3_000_000, 'cat ')]) {
    const pieces = [content.subarray(0, 10), content.subarray(10, 300_000), content.subarray(300_000)];
    const packed = Buffer.concat(await collect<Uint8Array>(Readable.from(pieces).pipe(zstdCompressor(null))));
    const unpacked: Uint8Array[] = [];
    for await (const piece of unpackZstd(Readable.from([packed]))) unpacked.push(piece.slice());
    expect(Buffer.concat(unpacked).equals(content)).toBe(true);
    expect(packed.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 4)).toBe(-1);
  }
  const out = cli.fresh('out') + '.jsonl.zst';
  await cli.print(['annotate', model, documents, '--out', out, '-q']);
  const again = await collect(annotate({ model, files: [out], as: 'again' }));
  expect(again.map(({ figures }) => figures)).toEqual((await annotated()).map(({ figures }) => figures));
});

test('what cannot be done is refused by name, and leaves no file', async () => {
  const odd = cli.file('{"text":"a"}\n{"text":7}\n', '.jsonl');
  const twin = `${cli.fresh('twin')}.jsonl`;
  await pack({ model, out: twin });
  const there = cli.file('{"text":"a","kneser":{}}\n', '.jsonl');
  const cut = cli.file('{"text":"a"}\n{"text":"b', '.jsonl');
  const cases: [readonly string[], RegExp][] = [
    [[documents, '--out', documents], /is an input, too/],
    [[documents, '--against', twin, '--out', twin], /is an input, too/],
    [[documents, '--out', 'out.txt'], /--out: out.txt: the name must say/],
    [[odd, '--out', join(folder, 'never.jsonl')], /line 2: the field text is .*, not a text/],
    [[cut, '--out', join(folder, 'never.jsonl')], /line 2: not JSON/],
    [[there, '--out', join(folder, 'never.jsonl')], /line 1: there is already a member "kneser".* with as \(--as\)/],
    [[documents, '--as', ''], /--as: the name of the added member is empty/],
    [[documents, '--figures-only', '--as', 'figures'], /--as: excludes --figures-only/],
    [[documents, '--mask', 'above:2'], /--mask: 2 is not a share/],
    [[documents, '--mask', 'surprisal:-1'], /--mask: -1 is not a number of bits/],
    [[documents, '--mask', 'surprisal:1.5.2'], /'--mask <choice>' argument 'surprisal:1.5.2' is invalid/],
    [['-', '--format', 'jsonl', '--mask', 'above:0.5'], /a pipe can be read only once/],
    [[documents, '--shard', '3/2'], /argument '3\/2' is invalid. It takes a shard i\/n, .* with i from 1 to n/],
    [[documents, '--shard', '0/2'], /argument '0\/2' is invalid/],
    [[documents, '--shard', '1/9007199254740993'], /between -2\^53 and 2\^53/],
  ];
  for (const [args, message] of cases) expect(await cli.refuse(2, ['annotate', model, ...args])).toMatch(message);
  expect(existsSync(join(folder, 'never.jsonl'))).toBe(false);
  expect(() => annotate({ model } as never)).toThrow('either files or documents');
  await expect(collect(annotate({ model, documents: [{ text: 1 } as never] }))).rejects.toThrow('document 0');
  const piped = await cli.print(['annotate', model, '-', '--format', 'jsonl'], { input: '{"text":"the cat"}\n' });
  expect(parseLines(piped)).toMatchObject([{ text: 'the cat', kneser: { tokens: 3 } }]);
});

test('a document from a pipe is annotated before the next one comes', async () => {
  const child = cli.start(['annotate', model, '--format', 'jsonl', '-']);
  child.stdin.write('{"text":"the cat"}\n');
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  expect(JSON.parse(first.toString())).toMatchObject({ text: 'the cat', kneser: { tokens: 3 } });
  child.stdin.end();
  expect(await once(child, 'close')).toEqual([0, null]);
});
