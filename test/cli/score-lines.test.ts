import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommandLine } from '../support/command-line.js';

const cli = new CommandLine('score-lines');

/** From standard input, `score` scores this many lines one by one, and all later lines as bytes, many at a time. */
const ALONE = 8;

/** Words in and outside the vocabulary, marks, characters that JSON escapes, upper case, separators, and invalid UTF-8. */
const WORDS = ['the', 'The', 'cat', 'İz', 'é', 'zebra', '<unk>', '</s>', '"q\\"', '\x01', '\x7f', '\u2028'];
const PARTS = [...[...WORDS, '\0', '\t', '\v', '\r', ' ', ' '].map(text => Buffer.from(text)), Buffer.of(0xff)];
const line = fc
  .array(fc.constantFrom(...PARTS), { maxLength: 12 })
  .map(parts => Buffer.concat([...parts, Buffer.from('\n')]));

test('lines that are scored together are printed as lines that are scored alone', async () => {
  const words = cli.file('the cat sat é İz\nthe dog "q\\" sat\n\n<unk> cat\n');
  const models: string[] = [];
  for (const flags of [
    ['--order', '3'],
    ['--order', '2', '--lowercase', '--skip-blank'],
  ]) {
    const out = cli.fresh();
    await cli.train([words, '--out', out, ...flags]);
    models.push(out);
  }
  const texts = fc.array(line, { minLength: ALONE + 1, maxLength: 40 });
  const flags = fc.subarray(['--json', '--no-start', '--no-end']);
  const ways = fc.subarray(['--tables=load', '--threads=1']);
  await fc.assert(
    fc.asyncProperty(texts, flags, ways, fc.constantFrom(...models), async (lines, flags, ways, model) => {
      const args = ['score', model, '--any-bytes', ...flags];
      const together = await cli.run([...args, ...ways], { input: Buffer.concat(lines) });
      let alone = '';
      for (let from = 0; from < lines.length; from += ALONE) {
        const { stdout } = await cli.run(args, { input: Buffer.concat(lines.slice(from, from + ALONE)) });
        alone += stdout;
      }
      expect(together).toMatchObject({ status: 0, stdout: alone });
    }),
    { numRuns: 40 },
  );
});
