import { once } from 'node:events';
import { existsSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '#kneser/src/cli/commands.js';
import { outcome, packageVersion, seen } from '../support/command-line.js';
import { randomNumbers } from '../support/models.js';
import { inspect, SmallText, TEXT } from '../support/small-text.js';

const cli = new SmallText('cli');
beforeAll(() => cli.prepare());

describe.concurrent('prune, export and import', () => {
  test('print their reports as one JSON object with --json', async () => {
    const [small, arpa, back] = [cli.fresh(), cli.fresh('arpa'), cli.fresh()];
    const [pruned] = await cli.json(['prune', cli.trained, '--out', small, '--prune', '0', '0', '1', '--quiet']);
    const tables = ['1', '11', '111'].map(pattern => expect.objectContaining({ pattern }) as unknown);
    const number = expect.any(Number) as number;
    expect(pruned).toEqual({ out: small, tables, bytes: number, seconds: number });
    const [exported] = await cli.json<{ ngrams: number[] }>(['export', cli.trained, '--arpa', arpa, '--quiet']);
    expect(exported).toEqual({ file: arpa, order: 3, ngrams: [11, number, 13], bytes: number, seconds: number });
    const { ngrams } = exported;
    const [imported] = await cli.json(['import', arpa, '--out', back, '--quiet']);
    expect(imported).toEqual({ out: back, order: 3, ngrams, bytes: number, seconds: number, warnings: [] });
  });
});

describe.concurrent('usage', () => {
  test('score --ids repeats the name of each line, and gives its sentences behind tabs', async () => {
    const model = cli.fresh();
    await cli.train([cli.file(TEXT), '--out', model, '--order', '2']);
    const lines = ['the cat', '', 'a\tdog'];
    const own = (await cli.print(['score', model, '--json'], { input: lines.join('\n') })).split('\n');
    const named = lines.map((line, at) => `row ${at}\t${line}\n`).join('');
    const out = await cli.print(['score', model, '--json', '--ids'], { input: named });
    expect(out).toBe(lines.map((_, at) => `row ${at}\t${own[at]}\n`).join(''));
    expect(await cli.refuse(2, ['score', model, '--json', '--ids'], { input: 'name\n' })).toMatch(
      /--ids: -, line 1 has no tab behind its name/,
    );
    const later = await cli.run(['score', model, '--json', '--ids'], { input: `${named}name\n` });
    expect(later).toEqual({ status: 2, stdout: out, stderr: 'kneser: --ids: -, line 4 has no tab behind its name\n' });
    expect(await cli.refuse(2, ['score', model, '--ids'])).toMatch(/--json/);
  });

  test('--help of every command shows an example, and so does help COMMAND', async () => {
    const listed = (help: string): string[] => [...help.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
    const commands = listed(await cli.print(['--help']));
    expect(commands).toEqual([...new Set(COMMANDS.map(({ name }) => name.split(' ')[0])), 'help']);
    for (const { name } of COMMANDS) {
      const words = name.split(' ');
      const stdout = await cli.print([...words, '--help']);
      expect(stdout).toMatch(new RegExp(`^Usage: kneser ${name} `));
      expect(stdout).toMatch(new RegExp(`^Examples?:\\n.*kneser ${name} `, 'm'));
      expect(await cli.print(['help', ...words])).toBe(stdout);
    }
    const ofGroup = COMMANDS.flatMap(({ name }) => (name.startsWith('spark ') ? [name.slice(6)] : []));
    expect(listed(await cli.print(['spark', '--help']))).toEqual([...ofGroup, 'help']);
    expect(await cli.print(['help', 'spark'])).toBe(await cli.print(['spark', '--help']));
  });

  test('--help and --version print to standard output', async () => {
    expect(await cli.print(['--help'])).toMatch(/^ {2}(train|perplexity|score|inspect)\b/m);
    expect(await cli.print(['--version'])).toBe(`${packageVersion()}\n`);
  });

  test.each([
    { args: [], names: 'Usage: kneser' },
    { args: ['learn'], names: "unknown command 'learn'" },
    { args: ['help', 'learn'], names: "unknown command 'learn'" },
    { args: ['learn', '--help'], names: "unknown command 'learn'" },
    { args: ['help', 'spark', 'learn'], names: "unknown command 'learn'" },
    { args: ['spark', 'learn', '-h'], names: "unknown command 'learn'" },
    { args: ['train', '--out', 'model'], names: 'file' },
    { args: ['train', 'text.txt'], names: '--out' },
    { args: ['train', 'text.txt', '--out', 'model', '--bogus'], names: '--bogus' },
    { args: ['perplexity', 'model'], names: 'file' },
    { args: ['perplexity', 'model', 'text.txt', '--tables', 'none'], names: '--tables' },
    { args: ['score'], names: 'dir' },
    { args: ['inspect', 'model', 'another'], names: 'arguments' },
  ])('$args exits with 2 and names $names', async ({ args, names }) => {
    expect(await cli.refuse(2, args)).toContain(names);
  });

  test.each([
    ['train', 'text.txt', '--out', '-'],
    ['import', 'model.arpa', '--out', '-'],
    ['merge', 'a', 'b', '--out', '-'],
    ['mix', 'a', 'b', '--out', '-'],
    ['prune', 'model', '--out', '-'],
    ['pack', 'model', '--out', '-'],
    ['unpack', 'model.kneser', '--out', '-'],
    ['export', 'model', '--arpa', '-'],
    ['annotate', 'model', 'text.txt', '--out', '-'],
    ['overlap', '--train', 'a.txt', '--test', 'b.txt', '--html', '-'],
    ['select', 'a.jsonl', '--by', 'x', '--min', '1', '--report', '-'],
    ['select', 'a.jsonl', '--by', 'x', '--buckets', 'a:50,b', '--out-dir', '-'],
    ['vector', 'model', 'text.txt', '--html', '-'],
    ['profile', 'text.txt', '--html', '-'],
    ['baseline', '--train', 'a', '--valid', 'b', '--test', 'c', '--out', '-'],
    ['spark', 'import', 'job', '--out', '-'],
  ])('- is refused as an output of %s', async (...args) => {
    const [flag] = args.slice(-2);
    expect(await cli.refuse(2, args)).toBe(`kneser: ${flag}: - names no output; give the path of a file or folder\n`);
  });

  test('an empty --out is refused', async () => {
    expect(await cli.refuse(2, ['train', cli.corpus, '--out', ''])).toContain('out');
  });
});

describe('pipes and signals', () => {
  /** A text that takes a while to read and count. */
  let large: string;
  beforeAll(() => {
    const random = randomNumbers(1);
    const lines: string[] = [];
    for (let i = 0; i < 100_000; i++) {
      lines.push(Array.from({ length: 8 }, () => `w${Math.floor(3000 * random() ** 3)}`).join(' '));
    }
    large = cli.file(lines.join('\n') + '\n');
  });

  test.each([['--json'], ['--tables=page']])(
    'score %s ends without a message when its output is closed',
    async option => {
      const child = cli.start(['score', cli.trained, large, option]);
      const end = outcome(child);
      await seen(child.stdout, /\n/);
      child.stdout.destroy();
      expect(await end).toMatchObject({ status: 0, stderr: '' });
    },
  );

  test.skipIf(!existsSync('/dev/full'))('reports that standard output cannot be written', async () => {
    for (const args of [
      ['inspect', cli.trained],
      ['score', cli.trained, cli.corpus, '--json'],
      ['perplexity', cli.trained, cli.corpus],
    ]) {
      const { status, stderr } = await cli.run(args, { output: openSync('/dev/full', 'w') });
      expect(status).toBe(1);
      expect(stderr).toMatch(/^kneser: standard output: .*ENOSPC/);
    }
  });

  test.each([
    ['reading text', /reading text/],
    ['counting', /counting n-grams/],
  ])('training that is interrupted while %s exits with 130 and leaves nothing', async (_stage, pattern) => {
    const out = join(cli.fresh('outer'), 'model');
    const child = cli.start(['train', large, '--out', out, '--threads', '2']);
    const end = outcome(child);
    await seen(child.stderr, pattern);
    child.kill('SIGINT');
    const { status, stdout, stderr } = await end;
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
    expect(stderr).toMatch(/kneser: training was interrupted/);
    expect(existsSync(join(out, '..'))).toBe(false);
  });

  test('training that is interrupted while it waits for standard input does too', async () => {
    const out = cli.fresh();
    const child = cli.start(['train', '-', '--out', out]);
    const end = outcome(child);
    child.stdin.write('the cat\n');
    await seen(child.stderr, /reading text/);
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    expect(await end).toMatchObject({ status: 130, stdout: '' });
    clearTimeout(timer);
    expect(existsSync(out)).toBe(false);
  });

  test('training that is interrupted leaves the model it was to replace', async () => {
    const out = await cli.model(TEXT);
    const before = await inspect(out);
    const child = cli.start(['train', large, '--out', out, '--force']);
    const end = outcome(child);
    await seen(child.stderr, /reading text/);
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ status: 130, stdout: '' });
    expect(await inspect(out)).toEqual(before);
    expect(readdirSync(out).sort()).toEqual(['generation-1', 'kneser.json']);
  });

  test('training goes on where its messages cannot be written', async () => {
    const out = cli.fresh();
    const child = cli.start(['train', large, '--out', out]);
    child.stderr.destroy();
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(existsSync(join(out, 'kneser.json'))).toBe(true);
  });

  test('scoring that is interrupted exits with 130', async () => {
    const child = cli.start(['score', cli.trained]);
    const end = outcome(child);
    child.stdin.write('the cat\n');
    await seen(child.stdout, /\n/);
    child.kill('SIGINT');
    expect(await end).toMatchObject({ status: 130, stderr: '' });
  });

  // The last test: it checks that no other test left a file.
  test('no command leaves anything in the folder for temporary files', () => {
    expect(readdirSync(cli.temporary)).toEqual([]);
  });
});
