import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addDrawingFlags } from '#kneser/src/cli/drawing.js';
import { joinThresholds, parseOrders, parseSizes, parseThresholds, parseWhole } from '#kneser/src/cli/values.js';
import { DRAWING_NAMES } from '#kneser/src/model/generation/options.js';

test('orders are read from lists and ranges', () => {
  expect(parseOrders('2-5')).toEqual([2, 3, 4, 5]);
  expect(parseOrders('1, 3-4')).toEqual([1, 3, 4]);
  for (const wrong of ['', '0', '13', '3-2', 'a', '2-', '-2']) expect(() => parseOrders(wrong)).toThrow('2-5');
});

test('a whole number that no double holds exactly is refused', () => {
  expect(parseWhole('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
  for (const wrong of ['9007199254740992', '-9007199254740993', '99999999999999999999']) {
    expect(() => parseWhole(wrong)).toThrow('It takes a whole number between -2^53 and 2^53.');
  }
  for (const parse of [parseThresholds, parseSizes]) expect(() => parse('0,9007199254740993')).toThrow('2^53');
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
