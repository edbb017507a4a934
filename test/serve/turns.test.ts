import { expect, test } from 'vitest';
import { Turns } from '#kneser/src/serve/turns.js';

test('only so many run at a time, in the order in which they asked, and who leaves has no turn', async () => {
  const turns = new Turns(2);
  const { signal } = new AbortController();
  const leaving = new AbortController();
  const begun: string[] = [];
  const ask = (name: string, until: AbortSignal): Promise<void> =>
    turns.begin(until).then(
      () => void begun.push(name),
      () => void begun.push(`${name} left`),
    );
  const all = [ask('a', signal), ask('b', signal), ask('c', leaving.signal), ask('d', signal), ask('e', signal)];
  await Promise.all(all.slice(0, 2));
  expect(begun).toEqual(['a', 'b']);
  leaving.abort(new Error('gone'));
  await all[2];
  turns.end();
  await all[3];
  expect(begun).toEqual(['a', 'b', 'c left', 'd']);
  turns.end();
  await all[4];
  expect(begun.at(-1)).toBe('e');
  turns.end();
  turns.end();
  await expect(turns.begin(leaving.signal)).rejects.toThrow('gone');
  await Promise.all([turns.begin(signal), turns.begin(signal)]);
});
