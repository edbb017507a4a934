import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Level } from 'level';
import { expect } from 'vitest';

/** All keys, in their order, with their values. */
export type Pairs = [key: Uint8Array, value: Uint8Array][];

/** Reads a model's LevelDB, in a copy because LevelDB writes when it opens. */
export async function readPairs(model: string): Promise<Pairs> {
  const [generation, ...others] = readdirSync(model).filter(name => name.startsWith('generation-'));
  expect(others).toEqual([]);
  const copy = `${model}-copy`;
  cpSync(join(model, generation, 'tables'), copy, { recursive: true });
  const database = new Level<Uint8Array, Uint8Array>(copy, { keyEncoding: 'view', valueEncoding: 'view' });
  const pairs = await database.iterator().all();
  await database.close();
  return pairs;
}

/** Compares all keys and values. Not by `toEqual`, which takes minutes and prints everything. */
export function expectSamePairs(actual: Pairs, expected: Pairs): void {
  const name = (key: Uint8Array | undefined): string => JSON.stringify(Buffer.from(key ?? []).toString('latin1'));
  const different = expected.findIndex(
    ([key, value], i) =>
      i >= actual.length || Buffer.compare(actual[i][0], key) !== 0 || Buffer.compare(actual[i][1], value) !== 0,
  );
  if (different >= 0)
    expect.unreachable(`differs at key ${name(expected[different][0])}, ${name(actual.at(different)?.[0])}`);
  expect(actual.length).toBe(expected.length);
}
