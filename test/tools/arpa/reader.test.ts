import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { importArpa } from '#kneser/src/index.js';
import { Arpa, arpaFiles } from '../../support/arpa.js';
import { temporaryFolder, withOpen } from '../../support/models.js';
import { refusal } from '../../support/refusal.js';

const folder = temporaryFolder('arpa-reader');

const at = (name: string): string => join(folder, name);

const { importText, exported } = arpaFiles(folder);

describe('a file that is not right is refused', () => {
  const good = [
    '\\data\\',
    'ngram 1=5',
    'ngram 2=3',
    'ngram 3=1',
    '',
    '\\1-grams:',
    '-1\t<unk>',
    '-99\t<s>\t-0.5',
    '-1\t</s>',
    '-0.5\ta\t-0.25',
    '-0.75\tb\t0.5',
    '',
    '\\2-grams:',
    '-0.5\t<s> a\t-0.25',
    '-0.5\ta b\t-0.25',
    '-0.5\tb </s>',
    '',
    '\\3-grams:',
    '-0.25\t<s> a b',
    '',
    '\\end\\',
  ];
  /** The good file with a line replaced, or with others in its place. */
  const change = (line: number, ...lines: string[]): string =>
    [...good.slice(0, line - 1), ...lines, ...good.slice(line)].join('\n') + '\n';

  test.each<[string, string, number | undefined, string]>([
    ['a positive log10 probability', change(10, '0.5\ta\t-0.25'), 10, 'has the positive log10 probability 0.5'],
    ['NaN', change(10, 'nan\ta\t-0.25'), 10, 'begins with "nan", which is no number'],
    ['a NaN back-off', change(10, '-0.5\ta\tNaN'), 10, 'has "NaN" where its back-off is due, which is no number'],
    ['an infinite back-off', change(10, '-0.5\ta\tinf'), 10, 'has "inf" where its back-off is due'],
    ['a number that is none', change(10, '-0x1\ta\t-0.25'), 10, 'begins with "-0x1", which is no number'],
    ['a number with a comma', change(10, '-0,5\ta\t-0.25'), 10, 'begins with "-0,5", which is no number'],
    ['a number past all bounds', change(10, '-1e999\ta\t-0.25'), 10, 'begins with "-1e999", which is no number'],
    ['too few n-grams', change(15), 17, 'ends section 2 after 2 n-grams; \\data\\ says that it has 3'],
    [
      'too many n-grams',
      change(16, '-0.5\tb </s>', '-1\tb b'),
      17,
      'is one n-gram more in section 2 than \\data\\ says: 3',
    ],
    ['a missing section', change(18).replace('-0.25\t<s> a b\n', ''), 19, 'comes where \\3-grams: is missing'],
    [
      'a missing first section',
      '\\data\\\nngram 1=3\nngram 2=1\n\n\\2-grams:\n',
      5,
      'comes where \\1-grams: is missing',
    ],
    ['a missing middle section', change(13, '\\3-grams:'), 13, 'comes where \\2-grams: is missing'],
    ['a section twice', change(18, '\\2-grams:'), 18, 'begins section 2, which is out of order'],
    ['a section that is not counted', change(18, '\\4-grams:'), 18, 'begins section 4, which is not counted'],
    ['a section of another name', change(13, '\\bigrams:'), 13, 'is "\\\\bigrams:", which begins no section'],
    ['a duplicate', change(15, '-0.5\t<s> a\t-0.5'), 15, 'has "<s> a" a second time'],
    ['a duplicate word', change(11, '-0.5\ta'), 11, 'has "a" a second time'],
    ['a missing context', change(19, '-0.25\tb a b'), 19, 'has "b a b", whose context "b a" is no n-gram of the file'],
    [
      'a missing context behind blank lines',
      change(19, '', '', '-0.25\tb a b'),
      21,
      'whose context "b a" is no n-gram',
    ],
    ['an unknown word', change(15, '-0.5\ta c\t-0.25'), 15, 'has the word "c", which is not among the unigrams'],
    ['a word too few', change(15, '-0.5\ta'), 15, 'has 1 words; an n-gram of order 2 and its numbers were due'],
    ['a word too many', change(19, '-0.25\t<s> a b a'), 19, 'has "a" where its back-off is due'],
    [
      'a number too many',
      change(10, '-0.5\ta\t-0.25\t0'),
      10,
      'has more than an n-gram of order 1 and its two numbers',
    ],
    ['no word', change(10, '-0.5'), 10, 'has no word behind its first number'],
    ['a back-off in the highest order', change(19, '-0.25\t<s> a b\t-1'), 19, 'has a back-off, and is of the highest'],
    ['no <s>', change(8).replace('ngram 1=5', 'ngram 1=4'), 13, 'has the word "<s>", which is not among the unigrams'],
    ['no </s>', change(9).replace('ngram 1=5', 'ngram 1=4'), 15, 'has the word "</s>", which is not among the'],
    ['<unk> in two spellings', change(10, '-1\t<UNK>'), 10, 'has <UNK>, which is <unk> here, a second time'],
    ['counts that skip an order', change(3, 'ngram 3=1'), 3, 'counts order 3; order 2 is due'],
    [
      'an order that is too high',
      change(4, ...Array.from({ length: 11 }, (_, i) => `ngram ${i + 3}=0`)),
      14,
      'at most order 12',
    ],
    ['more n-grams than can be', change(2, 'ngram 1=5000000000'), 2, 'counts 5000000000 n-grams; at most'],
    ['a header of something else', change(3, 'bigrams 2=3'), 3, 'says neither how many n-grams there are'],
    ['no counts', '\\data\\\n\n\\1-grams:\n', 3, 'comes before any line such as ngram 1=10'],
    ['no end', good.slice(0, -1).join('\n'), 19, 'is the last one, and not \\end\\; the file was cut short'],
    ['more behind the end', good.join('\n') + '\nmore\n', 22, 'comes after \\end\\'],
    ["IRSTLM's own format", 'iARPA\n\n\\data\\\n', 1, "begins IRSTLM's own kind of file"],
    ["KenLM's binary", 'mmap lm http://kheafield.com/code format version 5\n\0', 1, 'begins a binary file of KenLM'],
    ['an endless line', 'a'.repeat(3 << 20), undefined, 'is longer than 1048576 bytes'],
    ['an endless number', change(10, 'a'.repeat(3 << 20)), 10, 'has no word behind its first number'],
    ['an empty word', change(11, '-0.75\t\t0.5'), 11, 'has an empty word between two tabs'],
    [
      'plain text',
      'the cat sat\n',
      undefined,
      'has no line \\data\\; this is no ARPA file; n-gram counts are read with --counts (importCounts)',
    ],
    [
      'nothing',
      '',
      undefined,
      'has no line \\data\\; this is no ARPA file; n-gram counts are read with --counts (importCounts)',
    ],
  ])('%s', async (_, text, line, reason) => {
    const out = at('refused');
    writeFileSync(at('bad.arpa'), text);
    const { code, message } = await refusal(importArpa({ file: at('bad.arpa'), out }));
    expect(message).toContain(reason);
    if (line !== undefined) expect(message).toContain(`bad.arpa: line ${line} `);
    expect(code).toBe('KNESER_INPUT_ARPA');
    expect(readdirSync(folder)).not.toContain('refused');
  });

  test('words in Latin-1, of which two could become one', async () => {
    const latin = (text: string): Uint8Array => Uint8Array.from(text, letter => letter.charCodeAt(0));
    const lines = ['-1\tcaf\xe8\t0', '-1\tcaf\xe9\t0'];
    for (const line of [lines, lines.slice(1)]) {
      writeFileSync(at('latin.arpa'), latin(change(10, ...line).replace('ngram 1=5', `ngram 1=${4 + line.length}`)));
      const { code, message } = await refusal(importArpa({ file: at('latin.arpa'), out: at('refused') }));
      expect(code).toBe('KNESER_INPUT_ARPA');
      expect(message).toContain('latin.arpa: line 10 has the word');
      expect(message).toMatch(/63 61 66 e[89]\), which is not UTF-8.*iconv -f ISO-8859-1 -t UTF-8/);
    }
  });

  test('no word with VT, FF, NUL or CR inside: fields end at tabs and spaces alone', async () => {
    for (const word of ['\v', '\f', '\0', 'x\vy', 'x\ry']) {
      const warnings = await importText(
        change(11, '-0.75\tb\t0.5', `-0.6\t${word}\t-0.3`).replace('ngram 1=5', 'ngram 1=6'),
      );
      expect(JSON.stringify(warnings)).toContain('1 words have a NUL, VT, FF or CR inside');
      await withOpen(at('imported'), async model => {
        expect((await model.score([word], { start: false, end: false })).log10Probs[0]).toBe(-0.6);
        expect((await model.score(['-0.3'])).oov[0]).toBe(true);
      });
    }
  });

  test('no line of 4 MB: a token may be that long', async () => {
    const word = 'é'.repeat(2 << 20);
    await importText(change(11, '-0.75\tb\t0.5', `-0.6\t${word}\t-0.3`).replace('ngram 1=5', 'ngram 1=6'));
    await withOpen(at('imported'), async model => expect((await model.score([word])).oov[0]).toBe(false));
  });

  test('no sum above 0: log10 p is what the file gives, filled in or not', async () => {
    const lines = [
      '\\data\\',
      'ngram 1=5',
      'ngram 2=3',
      'ngram 3=1',
      '',
      '\\1-grams:',
      '-1.4\t<unk>',
      '-99\t<s>\t-0.4',
    ];
    lines.push('-0.2\t</s>', '-0.7\telk\t0.5', '-0.8\tmoor\t-0.3', '', '\\2-grams:', '-0.3\t<s> moor\t-0.1');
    lines.push(
      '-0.3\t<s> elk\t-0.1',
      '-0.6\tmoor elk\t-0.25',
      '',
      '\\3-grams:',
      '-0.1\t<s> elk </s>',
      '',
      '\\end\\',
      '',
    );
    const { warnings } = await importText(lines.join('\n'));
    // `elk </s>` is filled in for `<s> elk </s>`: 0.5 − 0.2. `moor elk </s>` backs off to it: −0.25 + 0.3.
    expect(warnings).toEqual([
      expect.stringMatching(/^1 n-grams/),
      expect.stringMatching(/^1 contexts have a back-off/),
    ]);
    await withOpen(at('imported'), async model => {
      const last = async (...tokens: string[]): Promise<number> =>
        (await model.score(tokens, { start: false })).log10Probs[tokens.length];
      expect(await last('elk')).toBeCloseTo(0.3, 12);
      expect(await last('moor', 'elk')).toBeCloseTo(0.05, 12);
    });
  });

  test('and legal files are not refused', async () => {
    await importText(good.join('\n') + '\n');
    await importText(good.join('\n'));
    await importText('\ufeff' + change(10, '+0\ta\t2.5e-1').replace('ngram 1=5', 'NGRAM 1 = 5'));
    await importText(change(10, '-inf\ta\t-Infinity'));
    expect(new Arpa(await exported(at('imported'))).ngrams.get('b')).toEqual([-0.75, 0.5]);
    await withOpen(at('imported'), async paged => expect((await paged.score('a')).log10Probs[0]).toBe(-0.5));
    await importText(change(7, '-1\t<UNK>').replace('ngram 3=1', 'ngram 3=1\nngram 4=0'));
    expect(await exported(at('imported'))).toMatch(/^-1\t<unk>\t0$/m);
    await importText(gzipSync(good.join('\n') + '\n'), at('imported')).catch((error: unknown) => {
      // Gzip is told by the name alone, as everywhere.
      expect(error).toMatchObject({ code: 'KNESER_INPUT_ARPA' });
    });
  });
});
