import { expect, test } from 'vitest';
import { inGroups } from '#kneser/src/model/scoring/in-groups.js';

const LIMITS = { count: 2, taskTokens: 100, mostTasks: 4 };

/** Numbers, each of which comes when the one before has its result. */
function afterEachOther(numbers: readonly number[]): { items: AsyncGenerator<number>; see: (result: number) => void } {
  const results: number[] = [];
  let wake = (): void => undefined;
  async function* items(): AsyncGenerator<number> {
    for (const [i, number] of numbers.entries()) {
      while (results.length < i) await new Promise<void>(resolve => (wake = resolve));
      yield number;
    }
  }
  return {
    items: items(),
    see: result => {
      results.push(result);
      wake();
    },
  };
}

test.each([0, 1, 2, 3, 4])('a result that is there after %i turns is given before the next item comes', async turns => {
  const { items, see } = afterEachOther([1, 2, 3, 4]);
  const work = async ([number]: readonly number[]): Promise<number> => {
    for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
    return 10 * number;
  };
  const seen: number[] = [];
  for await (const result of inGroups(items, () => 1, work, LIMITS)) {
    seen.push(result);
    see(result);
  }
  expect(seen).toEqual([10, 20, 30, 40]);
});

test('a caller that needs no more results does not wait for the next item', async () => {
  const { items } = afterEachOther([1, 2]);
  for await (const result of inGroups(
    items,
    () => 1,
    group => Promise.resolve(group.length),
    LIMITS,
  )) {
    expect(result).toBe(1);
    break;
  }
});

test('an input is ended, and its failure and that of the work are thrown', async () => {
  let isEnded = false;
  async function* failing(): AsyncGenerator<number> {
    try {
      yield 1;
      await Promise.resolve();
      throw new Error('no more');
    } finally {
      isEnded = true;
    }
  }
  const all = async (work: (group: readonly number[]) => Promise<number>): Promise<void> => {
    for await (const result of inGroups(failing(), () => 1, work, LIMITS)) expect(result).toBe(1);
  };
  await expect(all(group => Promise.resolve(group.length))).rejects.toThrow('no more');
  expect(isEnded).toBe(true);
  await expect(all(() => Promise.reject(new Error('failed')))).rejects.toThrow(/failed|no more/);
});

test('an input is not read far ahead while an early group takes long', async () => {
  let given = 0;
  function* items(): Generator<number> {
    while (given < 1e6) yield given++;
  }
  let end = (): void => undefined;
  let begun = 0;
  // The first group ends when the input was read as far as it is.
  const work = async (group: readonly number[]): Promise<number> => {
    if (begun++ === 0) await new Promise<void>(resolve => (end = resolve));
    else await new Promise(resolve => setImmediate(resolve));
    return group.length;
  };
  const groups = inGroups(asynchronous(items()), () => 1, work, LIMITS);
  const first = groups.next();
  for (let before = -1; before < given;) {
    before = given;
    for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve));
  }
  expect(given).toBeLessThan(2000);
  end();
  expect(await first).toEqual({ done: false, value: 100 });
  await groups.return();
});

async function* asynchronous<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}
