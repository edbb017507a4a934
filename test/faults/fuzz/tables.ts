import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importCounts } from '../../../src/train/import-counts.js';
import { importArpa } from '../../../src/tools/arpa/import.js';
import { compare } from '../../../src/baseline/compare.js';
import { LanguageModel } from '../../../src/model/language-model.js';
import { checkNumbers, Wrong, type CreateTarget } from './target.js';

const encoder = new TextEncoder();

const TABLE =
  'file\tsentence\tposition\ttoken\tcount\toov\ta.log10Prob\ta.matched\tb.log10Prob\tb.matched\n' +
  't\t1\t1\tthe\t3\t0\t-0.5\t1\t-1.5\t2\nt\t1\t2\tcat\t0\t1\t-2\t1\t-1\t1\nt\t2\t1\t</s>\t12\t0\t-1e-7\t3\t-30\t2\n';

/** A table of tokens, compared with itself and with another. */
export const tokens: CreateTarget = folder => {
  const path = join(folder, 'input.tsv');
  const other = join(folder, 'other.tsv');
  writeFileSync(other, TABLE);
  return {
    seeds: [
      encoder.encode(TABLE),
      encoder.encode(TABLE.replaceAll('\n', '\r\n')),
      encoder.encode(TABLE.split('\n', 1)[0]),
    ],
    words: [
      '\t',
      '\n',
      '.log10Prob',
      '.matched',
      '__proto__',
      'constructor',
      'Infinity',
      '-0',
      '-1e308',
      '1e-6',
      '0x10',
      '\t\t',
    ],
    names: /(input|other)\.tsv|models/,
    async run(bytes) {
      writeFileSync(path, bytes);
      checkNumbers(await compare({ file: path, models: ['a', 'b'], resamples: 100 }));
      checkNumbers(await compare({ file: other, other: path, models: ['a', 'b'], resamples: 100 }));
    },
  };
};

const ARPA =
  '\\data\\\nngram 1=5\nngram 2=4\nngram 3=2\n\n\\1-grams:\n-1.2\t<unk>\n-99\t<s>\t-0.3\n-0.9\t</s>\n-0.7\tthe\t-0.25\n-0.8\tcat\t-0.1\n\n' +
  '\\2-grams:\n-0.3\t<s> the\t-0.2\n-0.4\tthe cat\t0.1\n-0.2\tcat </s>\n-1e-3\tcat the\n\n' +
  '\\3-grams:\n-0.15\t<s> the cat\n-.5\tthe cat </s>\n\n\\end\\\n';

/** An ARPA file: imported, opened, and used to score. */
export const arpa: CreateTarget = folder => {
  const path = join(folder, 'input.arpa');
  const out = join(folder, 'model');
  return {
    seeds: [
      encoder.encode(ARPA),
      encoder.encode(ARPA.replace('\\data\\', 'comment\n\\data\\').replace('<unk>', '<UNK>').replaceAll('\n', '\r\n')),
      encoder.encode('\\data\\\nngram 1=3\n\\1-grams:\n-1\t</s>\n-99\t<s>\n-inf\tx\n\\end\\'),
    ],
    words: [
      ...[
        '\\data\\',
        '\\end\\',
        '\\1-grams:',
        '\\2-grams:',
        '\\13-grams:',
        'ngram ',
        '=',
        '\t',
        '\n',
        ' ',
        '<s>',
        '</s>',
        '<unk>',
      ],
      ...[
        '-inf',
        'inf',
        'nan',
        '-1e308',
        '1e308',
        '-99999',
        '1e-400',
        '0x1',
        '__proto__',
        '\u00a0',
        '\ufffd',
        'ngram 2=2147483647\n',
      ],
    ],
    names: /input\.arpa/,
    async run(bytes) {
      writeFileSync(path, bytes);
      await importArpa({ file: path, out, force: true });
      await using model = await LanguageModel.open(out);
      const loaded = await model.load();
      for (const sentence of ['the cat', 'cat the x', '']) {
        const score = await model.score(sentence);
        checkNumbers(score);
        if (String(score.log10Probs) !== String(loaded.score(sentence).log10Probs)) throw new Wrong('two ways differ');
      }
    },
  };
};

/** Files of n-gram counts: imported, verified, opened, and used to score. */
export const counts: CreateTarget = folder => {
  const path = join(folder, 'input.counts');
  const out = join(folder, 'model');
  return {
    seeds: [
      encoder.encode('<s> the\t3\n<s> the cat\t2\nthe cat </s>\t2\n<s> the </s>\t1\nthe\t3\ncat\t2\nthe cat\t2\n'),
      encoder.encode('<S> a\t1999\t1\t1\r\na <UNK>\t1999,3,1\t2000,4,1\n<UNK> </S> 7'),
      encoder.encode('a b c\t5\nb c d\t9\nb c\t20\n'),
    ],
    words: [
      '\t',
      '\n',
      ' ',
      '<s>',
      '</s>',
      '<unk>',
      '<S>',
      '0',
      '1.5',
      '-1',
      '2147483647',
      '4294967296',
      '1,2,3',
      '\u00a0',
      '\ufffd',
      'a b',
    ],
    names: /input\.counts/,
    async run(bytes) {
      writeFileSync(path, bytes);
      await importCounts({ files: [path], out, force: true, threads: 1 });
      await using model = await LanguageModel.open(out);
      const loaded = await model.load();
      for (const sentence of ['the cat', 'a b c', '']) {
        const score = await model.score(sentence);
        checkNumbers(score);
        if (String(score.log10Probs) !== String(loaded.score(sentence).log10Probs)) throw new Wrong('two ways differ');
      }
    },
  };
};
