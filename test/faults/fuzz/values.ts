import { InvalidArgumentError } from 'commander';
import {
  parseModels,
  parseOrders,
  parsePatterns,
  parsePositive,
  parseShare,
  parseSize,
  parseThresholds,
  parseWhole,
} from '../../../src/cli/options.js';
import { KneserError } from '../../../src/base/errors.js';
import { choosePatterns } from '../../../src/tables/pattern.js';
import { pruningByCounts } from '../../../src/tables/pruning.js';
import { describeTokenization } from '../../../src/text/tokenization.js';
import { isWeightsName } from '../../../src/store/folder/folder.js';
import { checkNumbers, firstByte, Wrong, type CreateTarget } from './target.js';

const PARSERS: readonly ((text: string) => unknown)[] = [
  parseModels,
  parseOrders,
  parsePositive,
  parseShare,
  parseSize,
  text => pruningByCounts(parseThresholds(text), 3),
  parseWhole(1),
  parseWhole(0, 100),
  text => choosePatterns(5, { list: parsePatterns(text) }),
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
      // What commander makes a message of, and what training does.
      const isRefusal = error instanceof InvalidArgumentError || error instanceof KneserError;
      if (!isRefusal && !(error instanceof RangeError && /pattern|longer/.test(error.message))) throw error;
    }
    return Promise.resolve();
  },
});
