import { expect, test } from 'vitest';
import { RecentContexts } from '#kneser/src/model/prediction/recent-contexts.js';
import { Term } from '#kneser/src/smoothing/terms.js';

const voter = (table: number, key: number): { term: Term; followers: never } => ({
  term: new Term([1], table, 1, 0, 0, 0),
  followers: { key } as never,
});

test('keeps what was used last, by table and context, in bounded memory', () => {
  const made: string[] = [];
  const recent = new RecentContexts<string>(10, ({ length }) => length);
  const ask = (table: number, key: number): string =>
    recent.get(voter(table, key), ({ term, followers }) => {
      const name = `${term.table}:${followers.key}`;
      made.push(name);
      return name;
    });
  expect([ask(1, 7), ask(2, 7), ask(1, 7)]).toEqual(['1:7', '2:7', '1:7']);
  ask(1, 8);
  ask(1, 7);
  ask(1, 9);
  // Room for three of size 3: the fourth makes the others old, and what is used again stays.
  expect(made).toEqual(['1:7', '2:7', '1:8', '1:9']);
  ask(1, 7);
  for (let key = 10; key < 12; key++) ask(1, key);
  expect(recent.has(voter(1, 7))).toBe(true);
  expect(recent.has(voter(2, 7))).toBe(false);
  ask(1, 7);
  expect(made.filter(name => name === '1:7')).toHaveLength(1);
  ask(2, 7);
  expect(made.filter(name => name === '2:7')).toHaveLength(2);
});
