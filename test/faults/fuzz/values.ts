import { InvalidArgumentError } from 'commander';
import {
  parseNames,
  parseNumber,
  parseOrders,
  parsePair,
  parseSize,
  parseThresholds,
  parseWhole,
} from '../../../src/cli/values.js';
import { KneserError } from '../../../src/base/errors.js';
import { checkInteger } from '../../../src/base/check.js';
import { choosePatterns } from '../../../src/tables/pattern.js';
import { pruningByCounts, pruningByEntropy } from '../../../src/tables/pruning.js';
import { describeTokenization } from '../../../src/text/tokenization.js';
import { isWeightsName } from '../../../src/store/folder/folder.js';
import { checkNumbers, firstByte, Wrong, type CreateTarget } from './target.js';

const PARSERS: readonly ((text: string) => unknown)[] = [
  parsePair,
  parseOrders,
  text => pruningByEntropy(parseNumber('1e-8')(text)),
  parseNumber('0.02'),
  parseSize,
  text => pruningByCounts(parseThresholds(text), 3),
  text => checkInteger('top', parseWhole(text), 1, Number.MAX_SAFE_INTEGER),
  text => checkInteger('share', parseWhole(text), 0, 100),
  text => choosePatterns(5, { list: parseNames(text) }),
  text => describeTokenization({ tokenizer: 'words', locale: text }, false),
  text => {
    if (isWeightsName(text) && /[/\\]|^\.|\0/.test(text)) throw new Wrong('a name that leads out of its folder');
  },
];

/** The values of command-line options; the first byte of an input chooses the option. */
export const values: CreateTarget = () => ({
  seeds: ['a,b', '2-5,3', '1e-7', '0.02', '1.5G', '0,0,1', '17', '100', '1_11,11_1', 'zh-Hant', 'default'].map(
    (text, i) => Buffer.concat([Uint8Array.of(i), Buffer.from(text)]),
  ),
  words: [
    ',',
    '-',
    '_',
    '1',
    '1_1',
    'e',
    '.',
    '0x1f',
    'Infinity',
    'NaN',
    ' ',
    '1e400',
    '__proto__',
    '٣',
    'T',
    '-u-co-phonebk',
    '99999999999999999999',
  ],
  names: /./,
  run(bytes) {
    try {
      checkNumbers(PARSERS[firstByte(bytes) % PARSERS.length](new TextDecoder().decode(bytes.subarray(1))));
    } catch (error) {
      // Errors that commander and training turn into messages.
      const isRefusal = error instanceof InvalidArgumentError || error instanceof KneserError;
      if (!isRefusal && !(error instanceof RangeError && /pattern|longer/.test(error.message))) throw error;
    }
    return Promise.resolve();
  },
});
