import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { compare } from '#kneser/src/index.js';
import { randomNumbers } from '#kneser/src/base/random.js';
import { breach, runTarget, type Finding } from '#kneser/test/faults/fuzz/run.js';
import { TARGETS } from '#kneser/test/faults/fuzz/targets.js';
import { FORMATS } from '#kneser/src/text/formats/index.js';
import { decodeWeights, encodeWeights, type WeightSet } from '#kneser/src/model/scoring/weights.js';
import { NO_CACHE } from '#kneser/src/smoothing/cache/cells.js';
import { MEMORIES } from '#kneser/src/smoothing/cache/experts.js';
import { decodeBlock, encodeBlock, type Block } from '#kneser/src/tables/block.js';
import { decodeMsgpack } from '#kneser/src/base/decode-msgpack.js';
import { BlockDamage, seal, unseal } from '#kneser/src/base/sealed.js';
import { record } from '#kneser/src/base/shape.js';
import { encodeDirectory } from '#kneser/src/tables/directory.js';
import { blockKey, directoryKey } from '#kneser/src/store/keys.js';
import type { ModelStore } from '#kneser/src/store/store.js';
import type { TableCursor } from '#kneser/src/tables/cursor.js';
import { openCursor } from '#kneser/src/tables/open-cursor.js';
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

/** A new folder `own` in a new folder, so that files beside it are noticed. */
function ownFolder(name: string): string {
  const folder = join(cli.fresh(name), 'own');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Number of inputs by target, few enough for every change; `npm run faults -- fuzz --times N` tries N. */
const TIMES: Readonly<Record<string, number>> = {
  text: 60,
  gzip: 60,
  jsonl: 100,
  vocabulary: 60,
  tokens: 40,
  arpa: 12,
  counts: 12,
  tokenizer: 30,
  values: 400,
  blocks: 400,
  pointer: 12,
  packed: 20,
  addresses: 24,
};

test('every format of text has a target', () => {
  expect(Object.keys(TARGETS)).toEqual(expect.arrayContaining(FORMATS.map(({ name }) => name)));
});

describe('some mutated inputs of each parser are read, or refused with a typed error', () => {
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

  test('the harness notices an exception without a name, a changed prototype, and a file outside the folder', async () => {
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

describe('regression (fuzz: store, pointer, packed, blocks): values with right checksums, but impossible content, are refused', () => {
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
    clusterings: [],
    options: { lowercase: false, skipBlank: false, vocabulary: 'all', tokenization: DEFAULT_TOKENIZATION },
  };

  const ofClasses = { ...table, pattern: 'c' };
  /** The manifest as a model stores it. */
  const stored = record(decodeMsgpack(unseal(encodeManifest(manifest))), 'manifest');

  test.each([
    ['an order of 2³¹, which took all memory', { order: 2 ** 31 }],
    ['an order without tables', { order: 2 }],
    ['a vocabulary of 0, by which probabilities were divided', { vocabulary: 0 }],
    ['no tables', { tables: undefined }],
    ['a pattern named toString', { tables: [{ ...table, pattern: 'toString' }] }],
    ['a pattern of a million words', { tables: [{ ...table, pattern: '1'.repeat(1e6) }] }],
    ['a table twice', { tables: [table, table] }],
    ['NaN as a count of counts', { tables: [{ ...table, countsOfCounts: [1, NaN, 1, 1] }] }],
    ['a tokenizer named constructor', { options: { ...manifest.options, tokenization: { tokenizer: 'constructor' } } }],
    ['a text for the thresholds of pruning', { pruning: { counts: 'x' } }],
    [
      'seven clusterings',
      { classes: 1, classTables: [ofClasses], moreClasses: Array(6).fill({ classes: 1, tables: [] }) },
    ],
    [
      'a clustering whose tables have the names of another',
      { classes: 1, classTables: [{ ...ofClasses, pattern: 'd' }] },
    ],
    [
      'a second clustering without tables',
      { classes: 1, classTables: [ofClasses], moreClasses: [{ classes: 1, tables: [] }] },
    ],
  ])('a manifest with %s', (_, changes) => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    expect(() => decodeManifest(seal(encodeMsgpack({ ...stored, ...changes })))).toThrow(BlockDamage);
  });

  test('unknown members of a manifest, such as __proto__ and toString, are left out', () => {
    const said = seal(encodeMsgpack({ ...stored, ['__proto__']: { kind: 'backoff' }, toString: 1 }));
    expect(decodeManifest(said)).toEqual(manifest);
    expect(Object.getPrototypeOf(decodeManifest(said))).toBe(Object.prototype);
  });

  test.each([
    ['a file', { files: [{ name: 5, bytes: 1 }] }],
    ['the generation', { generation: 1 }],
    ['the time', { created: 2026 }],
  ])('a pointer file with a number in place of the text of %s', (_, changes) => {
    const said = { kneser: 2, generation: 'generation-1', created: '2026', bytes: 1, files: [{ name: '5', bytes: 1 }] };
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
    ['totals that say fewer followers than it has rows', { wideTotals: { total: 9, ones: 0, twos: 0, followers: 1 } }],
    [
      'more followers with count 1 than followers',
      { wideTotals: { total: 9000, ones: 3000, twos: 0, followers: 2500 } },
    ],
    ['a total below the least sum of its counts', { wideTotals: { total: 10, ones: 0, twos: 0, followers: 2500 } }],
    ['NaN as a total', { wideTotals: { total: NaN, ones: 0, twos: 0, followers: 2500 } }],
    ['counts whose sum needs more than 32 bits', { counts: Uint32Array.of(2 ** 32 - 1, 2 ** 32 - 1) }],
    ['NaN as a log10 probability', { numbers: { log10Probs: Float64Array.of(NaN, -1), backoffs: Float64Array.of(0) } }],
    ['an infinite back-off', { numbers: { log10Probs: Float64Array.of(-1, -1), backoffs: Float64Array.of(Infinity) } }],
  ])('a block with %s', (_, changes) => {
    expect(() => decodeBlock(encodeBlock({ ...block, ...changes }), 1)).toThrow(BlockDamage);
  });

  test('front-coded keys and words, each with all bytes of the one before, cannot claim gigabytes', () => {
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

  test('a table with blocks of counts and blocks of log10 probabilities is damaged', async () => {
    const wide = { total: 4, ones: 4, twos: 0, followers: 4 };
    const numbers = { log10Probs: Float64Array.of(-1, -2), backoffs: Float64Array.of(0) };
    const values = new Map<string, Uint8Array>();
    const put = (key: Uint8Array, value: Uint8Array): unknown => values.set(String(key), value);
    const open = (second: Block): Promise<TableCursor> => {
      put(directoryKey('11'), encodeDirectory([Uint32Array.of(6, 8), Uint32Array.of(6, 10)], 1));
      put(blockKey('11', [6, 8]), encodeBlock({ ...block, wideTotals: wide }));
      put(blockKey('11', [6, 10]), encodeBlock({ ...second, wideTotals: wide, words: Uint32Array.of(10, 11) }));
      const get = (key: Uint8Array): Uint8Array | undefined => values.get(String(key));
      const getMany: ModelStore['getMany'] = keys => Promise.resolve(keys.map(get));
      const store = { name: 'made', getMany, get: (key: Uint8Array) => Promise.resolve(get(key)) };
      return openCursor(store as ModelStore, '11', 1, () => undefined);
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
    modelM: Float64Array.of(0.25, -1),
    cache: NO_CACHE,
    report: { sentences: 1, tokens: 2, mkn: 3, tuned: 2, cached: 1, shares: [{ pattern: '1', share: 1 }] },
  };

  test.each<[string, object]>([
    ['a parameter whose exponential is infinite', { words: Float64Array.of(1e9) }],
    ['a cache memory of almost no words', { cache: { ...NO_CACHE, unigramMemory: 1e-9 } }],
    ['cache weights that do not sum to 1', { cache: { ...NO_CACHE, weights: NO_CACHE.weights.map(() => 1) } }],
    ['a cache with a memory of no words', { cache: { memories: { ...MEMORIES, bigrams: [0] }, gate: [] } }],
    [
      'a cache with a thousand memories',
      { cache: { memories: { ...MEMORIES, bigrams: Array(1000).fill(1) }, gate: [] } },
    ],
    ['a cache without a gate', { cache: { memories: MEMORIES } }],
    ['no report', { report: null }],
  ])('weights with %s', (_, changes) => {
    expect(decodeWeights(encodeWeights(weights))).toEqual(weights);
    const { words, classes, gate, cache } = { ...weights, ...changes };
    const lists = {
      words: [...words],
      classes: [...classes],
      gate: [...gate],
      cache: 'weights' in cache ? { ...cache, weights: [...cache.weights] } : cache,
    };
    expect(() => decodeWeights(seal(encodeMsgpack({ ...weights, ...changes, ...lists })))).toThrow(BlockDamage);
  });
});

describe('regression (fuzz: zstd, parquet): unpacking ends', () => {
  /** Milliseconds of patience beyond the time that the size of the input allows, for inputs that would take for ever. */
  const IMPATIENT = 100;

  /** @param grace milliseconds beyond the time that the size allows; by default enough for a busy machine. */
  async function read(task: ReadingTask, bytes?: Uint8Array, grace?: number): Promise<void> {
    const source = async function* () {
      if (bytes) yield await Promise.resolve(bytes);
    };
    for await (const piece of readInThread(task, source(), undefined, grace))
      expect(piece.bytes.length).toBeLessThan(1 << 23);
  }

  test('of zstd with blocks that would unpack for hours', async () => {
    // A block has 98,047 sequences, each of 65,539 bytes; its tables have one entry.
    const block = [0x01, 0x61, 0xff, 0xff, 0xff, 0x54, 0x00, 0x02, 0x34, 0x01];
    const header = (block.length << 3) | (2 << 1);
    const blocks = Array.from({ length: 100 }, () => [header, 0, 0, ...block]).flat();
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, ...blocks);
    await expect(read({ kind: 'zstd' }, frame, IMPATIENT)).rejects.toThrow('far too long for its size');
  });

  test('of Parquet with a run longer than its page, and with a wrong type in place of the number of rows', async () => {
    const data = Array.from({ length: 100 }, (_, i) => 'ab'[i % 2]);
    const columnData = [{ name: 'text', data, type: 'STRING' } as const];
    const right = new Uint8Array(parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED' }));
    // The levels are a run of 100; behind them are the width of the indices, and runs of indices.
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
    // A run for which the reader would allocate memory until V8 ends the process.
    wrong.set([1, 0xfe, 0xff, 0xff, 0x7f], width);
    await expect(read(task(wrong))).rejects.toThrow('a run of 134217727 numbers in a page of 100');
    // 0x16 is the field of the number of rows, followed by 100 as a varint; 0x15 gives the field another type.
    wrong.set(right);
    wrong[Buffer.from(right).lastIndexOf(Uint8Array.of(0x16, 200, 1))] = 0x15;
    await expect(read(task(wrong))).rejects.toThrow('a row group lacks its number of rows');
  });

  test.each([
    ['in its first frame', []],
    [
      'behind another frame and a skippable frame',
      [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 9, 0, 0, 0x61, 0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7],
    ],
  ])('of zstd that asks for a window above 128 MB, %s', async (_, before) => {
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

test('regression (fuzz: tokenizer): 30 ByteLevel steps, each of which doubles a text, are refused', async () => {
  const step = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  const model = { type: 'BPE', vocab: { a: 0 }, merges: [] };
  const open = (steps: number): Promise<Tokenization> => {
    const pretokenizers = Array.from({ length: steps }, () => step);
    const json = JSON.stringify({ added_tokens: [], model, pre_tokenizer: { type: 'Sequence', pretokenizers } });
    return Tokenization.open({ tokenizer: 'tokenizer.json', sentences: 'lines', normalize: 'none' }, { json });
  };
  await expect(open(30)).rejects.toMatchObject({ code: 'KNESER_TOKENIZER', message: /many times as long/ });
});

describe('regression (fuzz: text): time grows with the length of a text, not with its square', () => {
  const open = (info: Partial<TokenizationInfo>): Promise<Tokenization> =>
    Tokenization.open({ ...DEFAULT_TOKENIZATION, ...info });

  test('normalisation of 400,000 combining marks in a row', async () => {
    const tokenization = await open({ normalize: 'NFC' });
    expect(tokenization.normalized('é'.normalize('NFD') + 'a\u0323\u0302'.repeat(5000))).toBe('é' + 'ậ'.repeat(5000));
    const many = 'a' + '\u0301\u0316'.repeat(200_000);
    expect(tokenization.normalized(many)).toHaveLength(many.length - 1);
  });

  test('words of 50,000 flags without spaces, and of one word of 100,000 letters', async () => {
    const tokenization = await open({ tokenizer: 'words', locale: 'en' });
    expect(tokenization.tokens('🇩🇪'.repeat(50_000))).toEqual(Array<string>(50_000).fill('🇩🇪'));
    expect(tokenization.tokens('a'.repeat(100_000))).toHaveLength(1);
  });

  test('sentences of one long line, which equal those of Intl.Segmenter on the whole line', async () => {
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

test('regression (fuzz: tokens): log10 p of −1e300, whose perplexity is no double, is refused', async () => {
  const head = ['file', 'sentence', 'position', 'token', 'count', 'oov', 'a.log10Prob', 'b.log10Prob'].join('\t');
  const file = cli.file(`${head}\nt\t1\t1\tx\t3\t0\t-1e300\t-9e99\n`, '.tsv');
  const message: unknown = expect.stringMatching(/line 2: a\.log10Prob: "-1e300" is not the logarithm/);
  await expect(compare({ file })).rejects.toMatchObject({ code: 'KNESER_INPUT_TABLE', message });
});
