import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { KneserError } from '#kneser/src/base/errors.js';
import {
  BUILD_OPTION_NAMES,
  checkBuildOptions,
  recordOptions,
  sendableOptions,
  type BuildOptions,
} from '#kneser/src/train/plan/options.js';

const digest = (texts: Iterable<string | Uint8Array>): string => {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex').slice(0, 16);
};

/** Every option on which a model depends, with a value other than the default. */
const all: BuildOptions = {
  order: 3,
  patterns: { skip: true, maxGap: 1 },
  holdOut: 0.1,
  classes: 7,
  modelM: 1,
  prune: [0, 0, 2],
  vocabulary: { kind: 'words', words: ['a', 'bc'] },
  tokenization: { tokenizer: 'words', locale: 'de', sentences: 'segment', normalize: 'NFC' },
  lowercase: true,
  wordOrder: 'shuffle-local:3',
  skipBlank: true,
  reserved: 'drop',
};

test.each<[unknown, string]>([
  [{ order: 13 }, 'order: 13 is not a whole number from 1 to 12'],
  [{ order: '3' }, 'order: "3" is not a whole number from 1 to 12'],
  [{ patterns: 'skip' }, 'patterns: "skip" is not an object'],
  [{ patterns: { maxGap: -1 } }, 'patterns.maxGap: -1 is not a whole number from 0 to 12'],
  [{ patterns: { maxPatterns: 4000 } }, 'patterns.maxPatterns: 4000 is not a whole number from 1 to 2048'],
  [{ patterns: { list: ['2'] } }, 'patterns: '],
  [{ patterns: { skip: true, list: ['1_1'] } }, 'patterns.skip: means all skip patterns, and list names some'],
  [{ patterns: { maxGap: 1 } }, 'patterns.maxGap: limits skip patterns; give skip, too'],
  [{ patterns: { skip: false, maxPatterns: 9 } }, 'patterns.maxPatterns: limits skip patterns; give skip, too'],
  [
    { patterns: { list: ['1__1'], maxGap: 1 } },
    'patterns.maxGap: limits the patterns of skip, and list names its own; leave it out',
  ],
  [
    { order: 4, patterns: { skip: true, maxPatterns: 3 } },
    'patterns.maxPatterns: 3 is less than the 4 contiguous patterns of a model of order 4',
  ],
  [{ holdOut: 0.6 }, 'holdOut: 0.6 is not a share from 0 to 0.5'],
  [{ holdOut: NaN }, 'holdOut: NaN is not a share from 0 to 0.5'],
  [{ classes: 4001 }, 'classes: 4001 is not a whole number from 0 to 4000'],
  [{ classes: [300, 0] }, 'classes: 0 is not a whole number from 1 to 4000'],
  [{ classes: [300, 300] }, 'classes: 300,300 is not a list of at most 6 different numbers, one a clustering'],
  [
    { classes: [1, 2, 3, 4, 5, 6, 7] },
    'classes: 1,2,3,4,5,6,7 is not a list of at most 6 different numbers, one a clustering',
  ],
  [{ modelM: 1 }, 'modelM: there is no clustering 1; classes (--classes) asks for 0'],
  [{ modelM: 3, classes: [30, 20] }, 'modelM: there is no clustering 3; classes (--classes) asks for 2'],
  [{ modelM: 7 }, 'modelM: 7 is not a whole number from 0 to 6'],
  [{ modelM: 1, classes: 5, order: 1 }, 'modelM: a model of order 1 has no words before the next one'],
  [{ prune: '0,0,1' }, 'prune: "0,0,1" is not a list'],
  [{ prune: [1] }, 'prune: '],
  [{ vocabulary: { kind: 'some' } }, 'vocabulary.kind: "some" is not one of all, words, limit, frequency'],
  [{ vocabulary: { kind: 'words', words: 'cat' } }, 'vocabulary.words: "cat" is not a list'],
  [{ vocabulary: { kind: 'limit', limit: 0 } }, 'vocabulary.limit: 0 is not a whole number of at least 1'],
  [{ tokenization: 'words' }, 'tokenization: "words" is not an object'],
  [{ lowercase: 'yes' }, 'lowercase: "yes" is not true or false'],
  [{ wordOrder: 'shuffle-local:1' }, 'wordOrder: "shuffle-local:1" is not forward, backward, '],
  [{ wordOrder: 1 }, 'wordOrder: 1 is not forward, backward, '],
  [{ skipBlank: 1 }, 'skipBlank: 1 is not true or false'],
  [{ reserved: 'keep' }, 'reserved: "keep" is not one of refuse, drop'],
])('%j is refused by its name', (options, message) => {
  const error = (() => {
    try {
      checkBuildOptions(options as BuildOptions);
      return undefined;
    } catch (error) {
      return error as KneserError;
    }
  })();
  expect(error?.code).toBe('KNESER_OPTION');
  expect(error?.message.startsWith(message)).toBe(true);
});

describe('every option that determines a model', () => {
  test('has a row, and a value that passes its check', () => {
    expect(Object.keys(all)).toEqual(BUILD_OPTION_NAMES);
    checkBuildOptions(all);
    checkBuildOptions({});
  });

  test('is kept for --resume under the labels of 0.1.0, or its records could not be resumed', () => {
    expect(JSON.stringify(recordOptions({}, { digest }))).toBe(DEFAULTS_KEPT);
    expect(JSON.stringify(recordOptions({ ...all, wordOrder: 'forward', modelM: 0 }, { digest }))).toBe(ALL_KEPT);
    expect(recordOptions(all, { digest })).toMatchObject({ 'word-order': 'shuffle-local:3', 'model-m': 1 });
  });

  test('changes what is kept, so that a training with another value is not continued', () => {
    const before = JSON.stringify(recordOptions({}, { digest }));
    for (const name of BUILD_OPTION_NAMES) {
      expect([name, JSON.stringify(recordOptions({ [name]: all[name] }, { digest }))]).not.toEqual([name, before]);
    }
  });

  test('is sent to the worker of a page, and nothing else is', () => {
    const words = new Set(['a', 'bc']);
    const sent = sendableOptions({ ...all, vocabulary: { kind: 'words', words }, onProgress: () => undefined });
    expect(structuredClone(sent)).toEqual(all);
    expect(sendableOptions({ order: 2 })).toEqual({ order: 2 });
  });
});

/** The record that version 0.1.0 wrote for these options, without its version, `field` and `column`. */
const DEFAULTS_KEPT =
  '{"order":5,"patterns":"1,11,111,1111,11111","hold-out":0,"classes":0,"prune":"","vocabulary":"all","tokenizer":"whitespace","locale":"","sentences":"lines","normalize":"none","lowercase":false,"skip-blank":false,"reserved":"refuse"}';
const ALL_KEPT =
  '{"order":3,"patterns":"1,11,1_1,111","hold-out":0.1,"classes":7,"prune":"0,0,2","vocabulary":"words 5310a58788781ab2","tokenizer":"words","locale":"de","sentences":"segment","normalize":"NFC","lowercase":true,"skip-blank":true,"reserved":"drop"}';
