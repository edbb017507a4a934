import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel } from '#kneser/src/index.js';
import { outcome, seen } from '../support/command-line.js';
import { expectDefined, SmallText, TEXT } from '../support/small-text.js';

const cli = new SmallText('score');
beforeAll(() => cli.prepare());

describe.concurrent('score', () => {
  test('prints an object a line', async () => {
    const lines = await cli.score(cli.trained, 'the cat zebra\n\nthe <unk>');
    expect(lines.map(line => Object.keys(line))).toEqual(
      lines.map(() => ['tokens', 'log10Probs', 'matched', 'oov', 'log10Prob', 'perplexity']),
    );
    expectDefined(lines);
    expect(lines.map(line => line.tokens)).toEqual([
      ['the', 'cat', 'zebra', '</s>'],
      ['</s>'],
      ['the', '<unk>', '</s>'],
    ]);
    // <s> the, <s> the cat, nothing, </s> after a word that was never seen; <s> </s>.
    expect(lines.map(line => line.matched)).toEqual([[2, 3, 1, 1], [2], [2, 1, 1]]);
    expect(lines.map(line => line.oov)).toEqual([[false, false, true, false], [false], [false, true, false]]);
    for (const { tokens, log10Probs, log10Prob, perplexity: figure } of lines) {
      expect(log10Probs).toHaveLength(tokens.length);
      for (const logProb of log10Probs) expect(logProb).toBeLessThan(0);
      expect(log10Prob).toBeCloseTo(
        log10Probs.reduce((sum, value) => sum + value, 0),
        12,
      );
      expect(figure).toBeCloseTo(10 ** (-log10Prob / tokens.length), 12);
    }
    const library = await LanguageModel.open(cli.trained);
    try {
      const { log10Probs, matched, ...rest } = await library.score('the cat zebra');
      expect({ ...rest, log10Probs: [...log10Probs], matched: [...matched] }).toEqual(lines[0]);
    } finally {
      await library.close();
    }
  });

  test('separates tokens by space, tab, CR, VT, FF and NUL, never by U+00A0, and prints them as they are', async () => {
    const [line] = await cli.score(cli.trained, '\0the\tcat\vsat\fon\u00a0the \u2003 "q\\"\r\n');
    expect(line.tokens).toEqual(['the', 'cat', 'sat', 'on\u00a0the', '\u2003', '"q\\"', '</s>']);
    expect(line.oov).toEqual([false, false, false, true, true, true, false]);
  });

  test('scores a literal <s> or </s> within a line as an unknown word', async () => {
    const [line] = await cli.score(cli.trained, 'the </s> <s>\n');
    expect(line).toMatchObject({ tokens: ['the', '</s>', '<s>', '</s>'], oov: [false, true, true, false] });
  });

  test('reads a file, gzip, standard input by name, and all files of a folder', async () => {
    const expected = await cli.print(['score', cli.trained, cli.corpus]);
    expect(expected.split('\n')).toHaveLength(5);
    expect(await cli.print(['score', cli.trained, cli.file(gzipSync(TEXT), '.gz')])).toBe(expected);
    expect(await cli.print(['score', cli.trained, '-'], { input: TEXT })).toBe(expected);
    expect(await cli.print(['score', cli.trained], { input: TEXT })).toBe(expected);
    const texts = cli.fresh('folder');
    mkdirSync(texts);
    // The first ends without a line feed.
    writeFileSync(join(texts, 'a.txt'), TEXT.slice(0, -1));
    writeFileSync(join(texts, 'b.txt'), TEXT);
    expect(await cli.print(['score', cli.trained, texts])).toBe(expected + expected);
    expect(await cli.print(['score', cli.trained, cli.file('')])).toBe('');
  });

  test('prints lines for people: log10 p, perplexity, and the tokens', async () => {
    const [line] = (await cli.print(['score', cli.trained], { input: 'the zebra\n' })).trimEnd().split('\n');
    expect(line).toMatch(/^-\d+\.\d{4}\t\d+\.\d\d\tthe -\d\.\d{4} 2\tzebra\* -\d\.\d{4} 1\t<\/s> -\d\.\d{4} 1$/);
  });

  test('prints the names of the columns with --header, and otherwise only to a terminal', async () => {
    const plain = await cli.print(['score', cli.trained], { input: 'the cat\n' });
    expect(await cli.print(['score', cli.trained, '--header'], { input: 'the cat\n' })).toBe(
      'log10 p\tperplexity\ttoken, its log10 p, tokens of the n-gram that matched\t…\n' + plain,
    );
    expect(await cli.print(['score', cli.trained, '--no-header'], { input: 'the cat\n' })).toBe(plain);
    expect(await cli.refuse(2, ['score', cli.trained, '--json', '--header'])).toContain('--header: excludes --json');
  });

  test('prints a value that rounds to 0 without a sign', async () => {
    const lines = [
      '\\data\\',
      'ngram 1=3',
      '',
      '\\1-grams:',
      '-99\t<s>',
      '-0.00001\t</s>',
      '-0.00002\ta',
      '',
      '\\end\\',
      '',
    ];
    const out = cli.fresh();
    await cli.run(['import', cli.file(lines.join('\n'), '.arpa'), '--out', out, '--quiet']);
    expect(await cli.print(['score', out], { input: 'a\n' })).toBe('0.0000\t1.00\ta 0.0000 1\t</s> 0.0000 1\n');
  });

  test.each([[[]], [['--json']]])(
    'prints the result of a line before the next line arrives on a pipe: %j',
    async options => {
      const child = cli.start(['score', cli.trained, ...options]);
      const end = outcome(child);
      // Short lines too: nothing waits for a byte-order mark to be complete.
      for (const line of ['a', 'cat', '', 'b']) {
        child.stdin.write(`${line}\n`);
        const answer = await seen(child.stdout, /\n$/);
        expect(answer.trimEnd().split('\n')).toHaveLength(1);
        expect(answer).toContain(line);
        expect(answer).toContain('</s>');
      }
      child.stdin.end();
      expect(await end).toMatchObject({ status: 0, stderr: '' });
    },
  );
});
