import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Level } from 'level';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KneserError, LanguageModel, train, verify } from '#kneser/src/index.js';
import { kneser } from '#kneser/test/faults/command.js';
import { digestFile } from '#kneser/src/base/node/file-digest.js';
import { decodePointer, encodePointer, type Pointer } from '#kneser/src/store/folder/pointer.js';
import { decodeManifest, encodeManifest, type Manifest } from '#kneser/src/tables/manifest.js';
import { createView } from '#kneser/src/store/folder/view.js';
import type { TrieColumns } from '#kneser/src/tables/trie-columns.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';
import { changeTrie } from '../support/trie.js';

const folder = temporaryFolder('verify');
const whole = join(folder, 'whole');
const copy = join(folder, 'copy');

beforeAll(async () => {
  const random = randomNumbers(6);
  const sentences = Array.from({ length: 300 }, () =>
    Array.from({ length: 6 }, () => `w${Math.floor(80 ** random())}`).join(' '),
  );
  await train({ sentences, out: whole, order: 3, patterns: { skip: true }, holdOut: 0.1 });
});

/** Copies the model, and changes its store behind its checksums' back. */
async function changeStore(change: (store: Level<Uint8Array, Uint8Array>) => Promise<void>): Promise<void> {
  rmSync(copy, { recursive: true, force: true });
  cpSync(whole, copy, { recursive: true });
  const tables = join(copy, 'generation-1', 'tables');
  const store = new Level<Uint8Array, Uint8Array>(tables, { keyEncoding: 'view', valueEncoding: 'view' });
  await change(store);
  await store.close();
  const files: { name: string; bytes: number; crc32: string }[] = [];
  for (const name of readdirSync(tables)) {
    const path = join(tables, name);
    if (name === 'LOCK' || name.startsWith('LOG')) rmSync(path);
    else files.push({ name, bytes: statSync(path).size, crc32: await digestFile(path) });
  }
  const pointer = decodePointer(readFileSync(join(copy, 'kneser.json'), 'utf8')) as Pointer;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  writeFileSync(join(copy, 'kneser.json'), encodePointer({ ...pointer, files, bytes }));
}

const encoder = new TextEncoder();

/** Changes the value whose key begins with a text. */
function changeValue(key: string, change: (value: Uint8Array) => Uint8Array | undefined) {
  return changeStore(async store => {
    const from = encoder.encode(key);
    for await (const [found, value] of store.iterator({ gte: from, limit: 1 })) {
      const changed = change(value.slice());
      if (changed) await store.put(found, changed);
      else await store.del(found);
    }
  });
}

function changeBlock(table: string, change: (columns: TrieColumns) => void) {
  return changeValue(`table/${table}/`, value => changeTrie(value, change));
}

function changeManifest(change: (manifest: Manifest) => object) {
  return changeValue('manifest', value => {
    const manifest = decodeManifest(value);
    return encodeManifest({ ...manifest, ...change(manifest) });
  });
}

/** What verifying the copy finds. */
async function findings(): Promise<string[]> {
  const report = await verify(copy);
  expect(report.sound).toBe(report.found === 0);
  return report.findings.map(({ part, problem }) => `${part}: ${problem}`);
}

describe('verify', () => {
  test('finds nothing wrong with a sound model, and lists its checks', async () => {
    const stages = new Set<string>();
    const report = await verify(whole, { onProgress: ({ stage }) => stages.add(stage) });
    expect(report).toMatchObject({ sound: true, findings: [], found: 0 });
    expect([...stages]).toEqual(['files', 'verify']);
    const checked = Object.fromEntries(report.checks.map(({ check, checked }) => [check, checked]));
    const names = [
      'files',
      'manifest',
      'keys',
      'words',
      'weights',
      'blocks',
      'n-grams',
      'contexts',
      'counts',
      'sums of p',
    ];
    expect(Object.keys(checked)).toEqual(names);
    for (const name of names) expect(checked[name]).toBeGreaterThan(0);
  });

  test('names a damaged block', async () => {
    await changeValue('table/1_1/', value => value.fill(7, 9, 10));
    expect(await findings()).toEqual([expect.stringMatching(/^table 1_1, block 0: .*checksum differs/)]);
    await changeValue('table/111/', () => undefined);
    expect(await findings()).toEqual([expect.stringMatching(/^table 111, block 0: .*missing/)]);
  });

  test('finds keys and folders that do not belong to the model', async () => {
    await changeStore(async store => {
      await store.put(encoder.encode('note'), new Uint8Array(3));
      await store.put(encoder.encode('table/11/????????'), new Uint8Array(3));
    });
    mkdirSync(join(copy, 'generation-1', 'more'));
    expect(await findings()).toEqual([expect.stringMatching(/^generation-1.more: does not belong/)]);
    rmSync(join(copy, 'generation-1', 'more'), { recursive: true });
    expect(await findings()).toEqual([
      'key "note": is no key of the model',
      'key "table/11/????????": is no key of the model',
    ]);
  });

  test.each([
    ['rows out of order', ({ ranks }: TrieColumns) => ranks.fill(ranks[0], 1, 2), /table 11, block 0: .*not in order/],
    [
      'a word that is none',
      ({ ranks, starts }: TrieColumns) => ranks.fill(9999, starts[1] - 1, starts[1]),
      /^table 11, block 0: .*a word that follows no shorter context/,
    ],
    [
      'a count that is wrong',
      ({ counts }: TrieColumns) => counts[0]++,
      /table 11: has \d+ counted tokens; the manifest says/,
    ],
    ['an n-gram that no context knows', swapWord, /table 111, block 0: 1 contexts .* are no n-grams of table 11$/m],
    [
      'counts that longer n-grams contradict',
      swapWord,
      /table 1: the n-gram of the words \d+ is counted \d+ times; \d+ longer/,
    ],
  ] as const)('finds %s', async (_, change, expected) => {
    await changeBlock('11', change);
    expect((await findings()).join('\n')).toMatch(expected);
  });

  /** Gives the context after which fewest words come another last word. */
  function swapWord({ ranks, starts }: TrieColumns): void {
    const last = starts[1] - 1;
    ranks[last]++;
  }

  test('compares the manifest', async () => {
    await changeManifest(({ tables }) => ({ tables: tables.map(table => ({ ...table, rows: table.rows + 1 })) }));
    expect((await findings())[0]).toMatch(/^table 1: has \d+ n-grams; the manifest says \d+$/);
    await changeManifest(({ tokens }) => ({ tokens: tokens + 1 }));
    expect(await findings()).toEqual([expect.stringMatching(/^dictionary: counts \d+ tokens/)]);
    await changeValue('manifest', () => undefined);
    expect(await findings()).toEqual([expect.stringMatching(/^manifest: .*missing/)]);
  });

  test('finds weights of another model, and damaged ones', async () => {
    await changeStore(() => Promise.resolve());
    const weights = join(copy, 'generation-1', 'weights');
    const other = join(folder, 'other');
    await train({ sentences: Array<string>(20).fill('a b'), out: other, order: 2, holdOut: 0.5 });
    cpSync(join(other, 'generation-1', 'weights', 'default.weights'), join(weights, 'other.weights'));
    expect(await findings()).toEqual(['weights other: were tuned for another model']);
    writeFileSync(join(weights, 'other.weights'), 'abc');
    expect(await findings()).toEqual([expect.stringMatching(/^weights other: .*cut short/)]);
  });

  test('names a damaged file, and ends with exit code 1', async () => {
    await changeStore(() => Promise.resolve());
    const current = join(copy, 'generation-1', 'tables', 'CURRENT');
    writeFileSync(current, readFileSync(current, 'utf8').replace('M', 'm'));
    const { code, stdout, stderr } = await kneser(['verify', copy, '--json', '--quiet']);
    expect(code).toBe(1);
    const { sound, findings } = JSON.parse(stdout) as { sound: boolean; findings: { part: string }[] };
    expect(sound).toBe(false);
    expect(findings.map(({ part }) => part)).toEqual([join('generation-1', 'tables', 'CURRENT')]);
    expect(stderr).toBe(`kneser: ${copy}: 1 finding; the model is damaged\n`);
  });

  test('refuses a folder without a model', async () => {
    await expect(verify(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'KNESER_INPUT_MISSING' });
  });
});

test('a block under the key of another block is refused', async () => {
  await changeStore(async store => {
    const from = encoder.encode('table/1');
    const [first, second] = await store.keys({ gte: from, limit: 2 }).all();
    await store.put(first, await store.get(second));
  });
  await using model = await LanguageModel.open(copy, { tables: 'page' });
  const failure = await model.score('w1 w2').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(KneserError);
  expect(failure).toMatchObject({ code: 'KNESER_DAMAGED' });
});

describe('a private folder', () => {
  /** A folder of another file system than the models'. */
  const elsewhere = ['/dev/shm', process.env.KNESER_TEST_DISK ?? '/tmp'].find(
    path => existsSync(path) && statSync(path).dev !== statSync(folder).dev,
  );
  const before = process.env.TMPDIR;
  afterAll(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });

  test.skipIf(elsewhere === undefined)(
    'on another file system keeps its files after the model is removed',
    async () => {
      const temporary = mkdtempSync(join(elsewhere ?? '', 'kneser-test-'));
      process.env.TMPDIR = temporary;
      try {
        await changeStore(() => Promise.resolve());
        const tables = join(copy, 'generation-1', 'tables');
        const { files } = decodePointer(readFileSync(join(copy, 'kneser.json'), 'utf8')) as Pointer;
        const contents = files.map(({ name }) => readFileSync(join(tables, name)));
        const view = await createView(tables, files);
        rmSync(copy, { recursive: true });
        expect(files.map(({ name }) => readFileSync(join(view.path, name)))).toEqual(contents);
        await view.remove();
        await view.remove();
        expect(readdirSync(temporary)).toEqual([]);
      } finally {
        rmSync(temporary, { recursive: true });
      }
    },
  );
});
