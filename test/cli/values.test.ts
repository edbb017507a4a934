import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addDrawingFlags } from '#kneser/src/cli/drawing.js';
import { joinThresholds, parseOrders } from '#kneser/src/cli/values.js';
import { DRAWING_NAMES } from '#kneser/src/model/generation/options.js';

test('orders are read from lists and ranges', () => {
  expect(parseOrders('2-5')).toEqual([2, 3, 4, 5]);
  expect(parseOrders('1, 3-4')).toEqual([1, 3, 4]);
  for (const wrong of ['', '0', '13', '3-2', 'a', '2-', '-2']) expect(() => parseOrders(wrong)).toThrow('2-5');
});

test.each([
  ['train --prune 0 0 1 text', 'train --prune 0,0,1 text'],
  ['train text --prune 0 0 1', 'train text --prune 0,0,1'],
  ['train text --prune=0 0 1 --quiet', 'train text --prune=0,0,1 --quiet'],
  ['train text --prune 0,0 1', 'train text --prune 0,0,1'],
  ['train --prune 0,0,1 ./1', 'train --prune 0,0,1 ./1'],
  ['train --order 3 4', 'train --order 3 4'],
  ['train --prune', 'train --prune'],
  ['train -- --prune 0 1', 'train -- --prune 0 1'],
])('%s is read as %s', (given, read) => {
  expect(joinThresholds(given.split(' ')).join(' ')).toBe(read);
});

test('there is a flag for each option of drawing, and no other', () => {
  const flags = addDrawingFlags(new Command()).options.map(flag => flag.attributeName());
  expect(flags.sort()).toEqual([...DRAWING_NAMES].sort());
});
