import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KneserError } from '#kneser/src/index.js';
import { compareBytes } from '#kneser/src/base/bytes.js';
import { createLevelWriter } from '#kneser/src/store/folder/leveldb.js';
import type { PointerFile } from '#kneser/src/store/folder/pointer.js';
import { describeTableFile } from '#kneser/src/store/folder/table-file.js';
import { TableStore } from '#kneser/src/store/folder/table-store.js';
import { randomNumbers, temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('table-store');

/** Writes values with LevelDB. @returns the path of its folder. */
async function write(name: string, entries: Iterable<readonly [Uint8Array, Uint8Array]>): Promise<string> {
  const path = join(folder, name);
  const writer = await createLevelWriter(path);
  for (const [key, value] of entries) await writer.put(key, value);
  await writer.finish();
  return path;
}

/** The table files in a folder, as a pointer file describes them. */
async function described(path: string): Promise<PointerFile[]> {
  const names = readdirSync(path).filter(name => name.endsWith('.ldb'));
  return Promise.all(
    names.map(async name => {
      const bytes = statSync(join(path, name)).size;
      return { name, bytes, crc32: '', table: await describeTableFile(join(path, name), bytes) };
    }),
  );
}

async function openStore(path: string, files?: PointerFile[]): Promise<TableStore> {
  return new TableStore({
    kind: 'tables',
    folder: path,
    files: files ?? (await described(path)),
    name: path,
    shown: path,
  });
}

/** Keys that share beginnings, and values of up to 40 kB, of which most are small. */
function randomEntries(count: number, seed: number): [Uint8Array, Uint8Array][] {
  const random = randomNumbers(seed);
  const entries = new Map<string, Uint8Array>();
  while (entries.size < count) {
    const key = `table/${Math.floor(3 * random())}/${Math.floor(2 * count * random())}`;
    entries.set(
      key,
      Uint8Array.from({ length: Math.floor(40_000 * random() ** 6) }, () => 256 * random()),
    );
  }
  return [...entries].map(([key, value]) => [Buffer.from(key), value]);
}

const sorted = (entries: [Uint8Array, Uint8Array][]): [Uint8Array, Uint8Array][] =>
  entries.sort(([a], [b]) => compareBytes(a, b));

test('table files have the values that LevelDB wrote, one by one, many at once, and in order', async () => {
  const entries = sorted(randomEntries(400, 1));
  const store = await openStore(await write('values', entries));
  const absent = [Buffer.from(''), Buffer.from('table/1'), Buffer.from('table/2/99999'), Buffer.from('z')];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(entries.length + absent.length - 1), { maxLength: 40 }), async indices => {
      const keys = indices.map(i => entries.at(i)?.[0] ?? absent[i - entries.length]);
      const values = await store.getMany(keys);
      expect(values.map(value => value && Buffer.from(value))).toEqual(
        indices.map(i => (i < entries.length ? Buffer.from(entries[i][1]) : undefined)),
      );
    }),
    { numRuns: 40 },
  );
  expect(Buffer.from((await store.get(entries[7][0])) ?? [])).toEqual(Buffer.from(entries[7][1]));
  const found: [string, Buffer][] = [];
  for await (const [key, value] of store.entries()) found.push([Buffer.from(key).toString(), Buffer.from(value)]);
  expect(found).toEqual(entries.map(([key, value]) => [String(key), Buffer.from(value)]));
  await store.close();
  await store.close();
});

test('more files than the limit of open files are read', async () => {
  const path = join(folder, 'many');
  await mkdir(path);
  for (let i = 0; i < 70; i++) {
    const small = await write(`small-${i}`, [[Uint8Array.of(i, 1), Uint8Array.of(i)]]);
    const [name] = readdirSync(small).filter(file => file.endsWith('.ldb'));
    copyFileSync(join(small, name), join(path, `${i}.ldb`));
  }
  const store = await openStore(path);
  const keys = Array.from({ length: 70 }, (_, i) => Uint8Array.of(i, 1));
  for (let round = 0; round < 2; round++) {
    const values = await store.getMany(keys);
    expect(values.map(value => value?.[0])).toEqual(keys.map((_, i) => i));
  }
  await store.close();
});

test('a changed byte of a table file is a typed error, or is left to the checksum of the value', async () => {
  const entries = sorted(randomEntries(30, 2));
  const path = await write('damaged', entries);
  const files = await described(path);
  const table = join(path, files[0].name);
  const intact = readFileSync(table);
  await fc.assert(
    fc.asyncProperty(fc.nat(intact.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const damaged = Buffer.from(intact);
      damaged[at] ^= change;
      writeFileSync(table, damaged);
      const store = await openStore(path, files);
      for (const act of [
        () => store.getMany(entries.map(([key]) => key)),
        () => store.entries()[Symbol.asyncIterator]().next(),
      ]) {
        const error: unknown = await act().then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error !== undefined) expect(error).toMatchObject({ code: 'KNESER_DAMAGED' });
      }
      await store.close();
    }),
    { numRuns: 200 },
  );
  writeFileSync(table, intact);
  const store = await openStore(path, files);
  truncateSync(table, 100);
  await expect(store.get(entries[20][0])).rejects.toMatchObject({ code: 'KNESER_DAMAGED' });
  await store.close();
});

test('files whose keys overlap are refused', async () => {
  const path = await write('overlap', randomEntries(5, 3));
  const files = await described(path);
  copyFileSync(join(path, files[0].name), join(path, 'copy.ldb'));
  await expect(openStore(path)).rejects.toThrow(KneserError);
});
