import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { compare } from '#kneser/src/index.js';
import { randomNumbers } from '#kneser/src/base/random.js';
import { breach, runTarget, type Finding } from '#kneser/test/faults/fuzz/run.js';
import { TARGETS } from '#kneser/test/faults/fuzz/targets.js';
import { decodeWeights, encodeWeights, type WeightSet } from '#kneser/src/smoothing/weights.js';
import { NO_CACHE } from '#kneser/src/smoothing/cache.js';
import { decodeBlock, encodeBlock, type Block } from '#kneser/src/tables/block.js';
import { BlockDamage, seal } from '#kneser/src/base/sealed.js';
import { encodeDirectory } from '#kneser/src/tables/directory.js';
import { blockKey, directoryKey } from '#kneser/src/store/keys.js';
import type { ModelStore } from '#kneser/src/store/store.js';
import { TableCursor } from '#kneser/src/tables/cursor.js';
import { decodeManifest, encodeManifest } from '#kneser/src/tables/manifest.js';
import { checksum } from '#kneser/src/base/checksum.js';
import { decodeDictionaryBlock } from '#kneser/src/tables/dictionary.js';
import { encodeMsgpack } from '#kneser/src/base/encode-msgpack.js';
import { decodePointer } from '#kneser/src/store/folder/pointer.js';
import { writeVarint } from '#kneser/src/base/varint.js';
import { decodePage } from '#kneser/src/store/packed/format.js';
import { DEFAULT_TOKENIZATION, Tokenization, type TokenizationInfo } from '#kneser/src/text/tokenization.js';
import { readInThread, type ReadingTask } from '#kneser/src/text/formats/reading-thread.js';
import { unpackZstd } from '#kneser/src/text/formats/zstd-frames.js';
import { CommandLine } from '../support/command-line.js';

const cli = new CommandLine('fuzz');

/** A folder that is alone in its own. */
function ownFolder(name: string): string {
  const folder = join(cli.fresh(name), 'own');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** How many inputs of each target there is time for; `npm run faults -- fuzz` tries the rest. */
const TIMES: Readonly<Record<string, number>> = {
  text: 60,
  gzip: 60,
  jsonl: 100,
  vocabulary: 60,
  tokens: 40,
  arpa: 12,
  tokenizer: 30,
  values: 400,
  blocks: 400,
  pointer: 12,
  packed: 20,
  addresses: 24,
};

describe('what others made is read, or refused by name', () => {
  test.each(Object.entries(TIMES))('%s', async (name, times) => {
    const folder = ownFolder(name);
    const findings: Finding[] = [];
    const target = await TARGETS[name](folder);
    const progress = await runTarget(target, folder, {
      random: randomNumbers(1),
      guided: false,
      found: finding => findings.push(finding),
      goOn: ({ cases }) => cases < times + target.seeds.length,
    });
    expect(findings).toEqual([]);
    expect(progress.cases).toBe(times + target.seeds.length);
  });

  test('and the law is one that can be broken', async () => {
    const folder = ownFolder('law');
    const broken = (run: () => void): Promise<string | undefined> => {
      const target = { seeds: [], names: /it/, run: () => Promise.resolve().then(run) };
      return breach(target, new Uint8Array(0), folder);
    };
    expect(await broken(() => undefined)).toBeUndefined();
    expect(await broken(() => decodeBlock(new Uint8Array(0), 1))).toMatch(/^Error: cut short \(base\/sealed/);
    const prototype = Object.prototype as { polluted?: number };
    expect(await broken(() => (prototype.polluted = 1))).toBe('a prototype was changed');
    delete prototype.polluted;
    expect(await broken(() => mkdirSync(join(folder, '..', 'beside')))).toBe('a file outside its folder');
  });
});

describe('a store whose checksums are right is not believed for that', () => {
  const table = { pattern: '1', mixed: true, rows: 3, contexts: 1, tokens: 9, countsOfCounts: [1, 0, 1, 1] as const };
  const manifest = {
    format: 1,
    order: 1,
    sentences: 3,
    tokens: 9,
    vocabulary: 4,
    unknown: 0,
    dictionaryBlocks: 1,
    tables: [{ ...table, countsOfCounts: [1, 0, 1, 1] as [number, number, number, number] }],
    classes: 0,
    classTables: [],
    options: { lowercase: false, skipBlank: false, vocabulary: 'all', tokenization: DEFAULT_TOKENIZATION },
  };

  test.each([
    ['an order that takes all memory', { order: 2 ** 31 }],
    ['an order without tables', { order: 2 }],
    ['no words, by which probabilities would be divided', { vocabulary: 0 }],
    ['no tables', { tables: undefined }],
    ['a pattern that is none', { tables: [{ ...table, pattern: 'toString' }] }],
    ['a pattern of a million words', { tables: [{ ...table, pattern: '1'.repeat(1e6) }] }],
    ['a table twice', { tables: [table, table] }],
    ['counts that are none', { tables: [{ ...table, countsOfCounts: [1, NaN, 1, 1] }] }],
    ['a tokenizer that there is not', { options: { ...manifest.options, tokenization: { tokenizer: 'constructor' } } }],
    ['pruning of another kind', { pruning: { counts: 'x' } }],
  ])('a manifest with %s', (_, changes) => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    expect(() => decodeManifest(seal(encodeMsgpack({ ...manifest, ...changes })))).toThrow(BlockDamage);
  });

  test('what a manifest has beyond what is known is left out', () => {
    const said = seal(encodeMsgpack({ ...manifest, ['__proto__']: { kind: 'backoff' }, toString: 1 }));
    expect(decodeManifest(said)).toEqual(manifest);
    expect(Object.getPrototypeOf(decodeManifest(said))).toBe(Object.prototype);
  });

  test.each([
    ['a file', { files: [{ name: 5, bytes: 1 }] }],
    ['the generation', { generation: 1 }],
    ['the time', { created: 2026 }],
  ])('a pointer file with a number for the name of %s', (_, changes) => {
    const said = { kneser: 1, generation: 'generation-1', created: '2026', bytes: 1, files: [{ name: '5', bytes: 1 }] };
    expect(decodePointer(JSON.stringify(said))).toEqual(said);
    expect(decodePointer(JSON.stringify({ ...said, ...changes }))).toBeUndefined();
  });

  const block: Block = {
    contexts: [Uint32Array.of(6)],
    contextCount: 1,
    starts: Uint32Array.of(0, 2),
    pruned: Uint32Array.of(0),
    words: Uint32Array.of(8, 9),
    counts: Uint32Array.of(1, 1),
  };

  test.each<[string, Partial<Block>]>([
    ['totals of fewer followers than there are', { wide: { total: 9, ones: 0, twos: 0, followers: 1 } }],
    ['more words seen once than words', { wide: { total: 9000, ones: 3000, twos: 0, followers: 2500 } }],
    ['a total that is below its counts', { wide: { total: 10, ones: 0, twos: 0, followers: 2500 } }],
    ['a total that is no number', { wide: { total: NaN, ones: 0, twos: 0, followers: 2500 } }],
    ['a total of more than 32 bits', { counts: Uint32Array.of(2 ** 32 - 1, 2 ** 32 - 1) }],
    ['NaN', { numbers: { probabilities: Float64Array.of(NaN, -1), backoffs: Float64Array.of(0) } }],
    [
      'an endless back-off',
      { numbers: { probabilities: Float64Array.of(-1, -1), backoffs: Float64Array.of(Infinity) } },
    ],
  ])('a block with %s', (_, changes) => {
    expect(() => decodeBlock(encodeBlock({ ...block, ...changes }), 1)).toThrow(BlockDamage);
  });

  test('keys and words that share their beginnings take no more memory than was meant', () => {
    // Each has all bytes of the one before.
    const sharing = (sizes: number[], rest: number[]): Uint8Array => {
      const bytes = new Uint8Array(4 * sizes.length + sizes[0] + 100 * sizes.length);
      let at = 0;
      sizes.forEach((size, i) => {
        at = writeVarint(bytes, at, i === 0 ? 0 : sizes[i - 1]);
        at = writeVarint(bytes, at, i === 0 ? size : size - sizes[i - 1]) + (i === 0 ? size : size - sizes[i - 1]);
        for (const byte of rest) at = writeVarint(bytes, at, byte);
      });
      return bytes.slice(0, at);
    };
    const page = (sizes: number[]): unknown => {
      const bytes = sharing(sizes, [0, 0, 0, 0, 0]);
      const info = {
        firstKey: new Uint8Array(sizes[0]),
        bytes: bytes.length,
        valueBytes: 0,
        checksum: checksum(bytes),
      };
      return decodePage(bytes, info, undefined);
    };
    expect(page([4000, 4001, 4096])).toHaveLength(3);
    expect(() => page([4000, 4097])).toThrow('too long for a page');
    expect(() => page(Array.from({ length: 65 }, (_, i) => i + 1))).toThrow('too long for a page');
    const words = (sizes: number[]): unknown =>
      decodeDictionaryBlock(seal(encodeMsgpack([sizes.length, sharing(sizes, [4, 1])]))).words;
    expect(words([2 ** 22])).toHaveLength(1);
    expect(words([2 ** 19, 2 ** 19 + 1])).toHaveLength(2);
    expect(() => words([2 ** 19, 2 ** 19 + 1, 2 ** 19 + 2])).toThrow('too long for a block of words');
  });

  test('a table of counts and of probabilities', async () => {
    const wide = { total: 4, ones: 4, twos: 0, followers: 4 };
    const numbers = { probabilities: Float64Array.of(-1, -2), backoffs: Float64Array.of(0) };
    const values = new Map<string, Uint8Array>();
    const put = (key: Uint8Array, value: Uint8Array): unknown => values.set(String(key), value);
    const open = (second: Block): Promise<TableCursor> => {
      put(directoryKey('11'), encodeDirectory([Uint32Array.of(6, 8), Uint32Array.of(6, 10)], 1));
      put(blockKey('11', [6, 8]), encodeBlock({ ...block, wide }));
      put(blockKey('11', [6, 10]), encodeBlock({ ...second, wide, words: Uint32Array.of(10, 11) }));
      const get = (key: Uint8Array): Uint8Array | undefined => values.get(String(key));
      const getMany: ModelStore['getMany'] = keys => Promise.resolve(keys.map(get));
      const store = { name: 'made', getMany, get: (key: Uint8Array) => Promise.resolve(get(key)) };
      return TableCursor.open(store as ModelStore, '11', 1, () => undefined);
    };
    expect((await open(block)).to).toBe(4);
    await expect(open({ ...block, numbers })).rejects.toMatchObject({
      code: 'KNESER_DAMAGED',
      message: /^made: table 11 is damaged \(some blocks have counts, others log10 probabilities\)/,
    });
  });

  const weights: WeightSet = {
    patterns: ['1'],
    words: new Float64Array(60),
    classes: new Float64Array(0),
    gate: new Float64Array(0),
    cache: NO_CACHE,
    report: { sentences: 1, tokens: 2, mkn: 3, tuned: 2, cached: 1, shares: [{ pattern: '1', share: 1 }] },
  };

  test.each<[string, object]>([
    ['parameters of which no exponential is finite', { words: Float64Array.of(1e9) }],
    ['a cache that forgets before it remembers', { cache: { ...NO_CACHE, unigramMemory: 1e-9 } }],
    [
      'a cache whose weights are not those of a mean',
      { cache: { ...NO_CACHE, weights: NO_CACHE.weights.map(() => 1) } },
    ],
    ['no report', { report: null }],
  ])('weights with %s', (_, changes) => {
    expect(decodeWeights(encodeWeights(weights))).toEqual(weights);
    const { words, classes, gate, cache } = { ...weights, ...changes };
    const lists = {
      words: [...words],
      classes: [...classes],
      gate: [...gate],
      cache: { ...cache, weights: [...cache.weights] },
    };
    expect(() => decodeWeights(seal(encodeMsgpack({ ...weights, ...changes, ...lists })))).toThrow(BlockDamage);
  });
});

describe('unpacking ends', () => {
  /** What takes for ever is waited for 100 ms longer than its size allows. */
  const IMPATIENT = 100;

  /** @param grace milliseconds more than its size allows; enough for a busy machine where none is given. */
  async function read(task: ReadingTask, bytes?: Uint8Array, grace?: number): Promise<void> {
    const source = async function* () {
      if (bytes) yield await Promise.resolve(bytes);
    };
    for await (const piece of readInThread(task, source(), undefined, grace))
      expect(piece.bytes.length).toBeLessThan(1 << 23);
  }

  test('of zstd whose blocks copy the same bytes for hours', async () => {
    // 98,047 sequences a block, each of 65,539 bytes, of tables with one entry.
    const block = [0x01, 0x61, 0xff, 0xff, 0xff, 0x54, 0x00, 0x02, 0x34, 0x01];
    const header = (block.length << 3) | (2 << 1);
    const blocks = Array.from({ length: 100 }, () => [header, 0, 0, ...block]).flat();
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, ...blocks);
    await expect(read({ kind: 'zstd' }, frame, IMPATIENT)).rejects.toThrow('far too long for its size');
  });

  test('of Parquet with a run that is longer than any page', async () => {
    const data = Array.from({ length: 100 }, (_, i) => 'ab'[i % 2]);
    const columnData = [{ name: 'text', data, type: 'STRING' } as const];
    const right = new Uint8Array(parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED' }));
    // Levels, a run of 100; then the width of indices, and runs of those.
    const width = Buffer.from(right).indexOf(Uint8Array.of(200, 1, 1, 1)) + 3;
    const wrong = right.slice();
    wrong.set([0, 0xff, 0xff, 0xff, 0xff, 0x0f], width);
    const task = (content: Uint8Array): ReadingTask => ({
      kind: 'parquet',
      path: cli.file(content, '.parquet'),
      column: 'text',
    });
    await read(task(right));
    await expect(read(task(wrong), undefined, IMPATIENT)).rejects.toThrow('far too long for its size');
    // One that the reader would make room for, until V8 gives up and the process with it.
    wrong.set([1, 0xfe, 0xff, 0xff, 0x7f], width);
    await expect(read(task(wrong))).rejects.toThrow('a run of 134217727 numbers in a page of 100');
    // A number of rows that has another type: its field, and 100 as a varint.
    wrong.set(right);
    wrong[Buffer.from(right).lastIndexOf(Uint8Array.of(0x16, 200, 1))] = 0x15;
    await expect(read(task(wrong))).rejects.toThrow('a row group lacks its number of rows');
  });

  test.each([
    ['in its first frame', []],
    [
      'behind another frame and one that is skipped',
      [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 9, 0, 0, 0x61, 0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7],
    ],
  ])('of zstd that asks for more memory than zstd itself gives, %s', async (_, before) => {
    const unpack = async (descriptor: number): Promise<void> => {
      const frame = Uint8Array.of(...before, 0x28, 0xb5, 0x2f, 0xfd, 0x00, descriptor, 1, 0, 0, ...new Uint8Array(12));
      const source = async function* () {
        for (const byte of frame) yield await Promise.resolve(Uint8Array.of(byte));
      };
      for await (const piece of unpackZstd(source())) expect(piece.length).toBeLessThan(2);
    };
    await expect(unpack(0x90)).rejects.toThrow('a window of more than 128 MB');
  });
});

test('a tokenizer whose steps lengthen a text beyond measure is refused', async () => {
  const step = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  const model = { type: 'BPE', vocab: { a: 0 }, merges: [] };
  const open = (steps: number): Promise<Tokenization> => {
    const pretokenizers = Array.from({ length: steps }, () => step);
    const json = JSON.stringify({ added_tokens: [], model, pre_tokenizer: { type: 'Sequence', pretokenizers } });
    return Tokenization.open({ tokenizer: 'tokenizer.json', sentences: 'lines', normalize: 'none' }, { json });
  };
  await expect(open(30)).rejects.toMatchObject({ code: 'KNESER_TOKENIZER', message: /many times as long/ });
});

describe('no text takes time that grows with its square', () => {
  const open = (info: Partial<TokenizationInfo>): Promise<Tokenization> =>
    Tokenization.open({ ...DEFAULT_TOKENIZATION, ...info });

  test('not by marks in a row, of which a language has a few', async () => {
    const tokenization = await open({ normalize: 'NFC' });
    expect(tokenization.normalized('é'.normalize('NFD') + 'a\u0323\u0302'.repeat(5000))).toBe('é' + 'ậ'.repeat(5000));
    const many = 'a' + '\u0301\u0316'.repeat(200_000);
    expect(tokenization.normalized(many)).toHaveLength(many.length - 1);
  });

  test('not by words without spaces', async () => {
    const tokenization = await open({ tokenizer: 'words', locale: 'en' });
    expect(tokenization.tokens('🇩🇪'.repeat(50_000))).toEqual(Array<string>(50_000).fill('🇩🇪'));
    expect(tokenization.tokens('a'.repeat(100_000))).toHaveLength(1);
  });

  test('not by sentences in one line, which are those of the line as a whole', async () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
    const tokenization = await open({ sentences: 'segment', locale: 'en' });
    const random = randomNumbers(3);
    const parts = [
      'a',
      'B',
      '. ',
      '! ',
      '?',
      '。',
      ', ',
      '(',
      ')',
      '"',
      '1',
      '\u2028',
      '\r\n',
      ' ',
      '\u0301',
      '😀',
      'e.g. ',
      ' b',
      '\t',
    ];
    for (const spread of [1, 2, 3]) {
      const text = Array.from({ length: 8000 }, () => parts[Math.floor(parts.length * random() ** spread)]).join('');
      const whole = Array.from(segmenter.segment(text), ({ segment }) => segment.trim()).filter(
        sentence => sentence !== '',
      );
      expect(tokenization.sentences(text)).toEqual(whole);
    }
    expect(tokenization.sentences('中。'.repeat(30_000))).toHaveLength(30_000);
  });
});

test('a table of probabilities that are too small for any perplexity is refused', async () => {
  const head = ['file', 'sentence', 'position', 'token', 'count', 'oov', 'a.log10Prob', 'b.log10Prob'].join('\t');
  const file = cli.file(`${head}\nt\t1\t1\tx\t3\t0\t-1e300\t-9e99\n`, '.tsv');
  const message: unknown = expect.stringMatching(/line 2: a\.log10Prob: "-1e300" is not the logarithm/);
  await expect(compare({ file })).rejects.toMatchObject({ code: 'KNESER_INPUT_TABLE', message });
});
