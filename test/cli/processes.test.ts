import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '#kneser/src/cli/commands.js';
import { CommandLine, parseLines, type Run } from '../support/command-line.js';
import { countJob, writeJob } from '../support/spark-job.js';

/**
 * Tests run commands in their own process, which is quicker; users start one for each. Here every command runs both ways: as a
 * process it ends by itself, with the same output and exit code.
 */

const cli = new CommandLine('processes');
/** A model of kneser 0.1.0. */
const OLD = fileURLToPath(new URL('../fixtures/model-0.1.0/plain', import.meta.url));
const INPUT = 'the cat sat\nthe dog\n';

let [text, model, tokens] = ['', '', ''];

beforeAll(async () => {
  text = cli.file('the cat sat on the mat\nthe dog sat on the log\nthe cat ran\n');
  model = cli.fresh();
  await cli.train([text, '--out', model, '--order', '2', '--skip', '--classes', '0', '--hold-out', '0']);
  const folder = cli.fresh('baseline');
  await cli.print(['baseline', ...texts(), '--orders', '1-2', '--classes', '0', '--out', folder, '--quiet']);
  tokens = `${folder}/tokens.tsv.gz`;
});

const texts = (): string[] => ['--train', text, '--valid', text, '--test', text];

/** The arguments of each command, which writes to the path `out` if it writes a file, and reads {@link INPUT}. */
const ARGUMENTS: Readonly<Record<string, (out: string) => Promise<string[]> | string[]>> = {
  train: out => [text, '--out', out, '--order', '2', '--json', '--quiet'],
  perplexity: () => [model, text, '--json'],
  score: () => [model, '--json'],
  vector: () => [model, '--json'],
  annotate: () => [model, cli.file('{"text":"the cat sat"}\n{"text":"the dog"}\n', '.jsonl'), '--quiet'],
  select: () => [cli.file('{"q":1,"tokens":2}\n{"q":2,"tokens":1}\n', '.jsonl'), '--by', 'q', '--min', '2', '--quiet'],
  overlap: () => ['--train', text, '--test', text, '--n', '3', '--json', '--quiet'],
  weigh: () => {
    const domain = cli.file('the cat sat\nthe dog sat\nthe cat ran\n'.repeat(3));
    return ['--domain', `a=${domain}`, '--domain', `b=${domain}`, '--target', text, '--order', '2', '--json'];
  },
  profile: () => [text, '--against', text, '--resamples', '19', '--json', '--quiet'],
  predict: () => [model, '--json'],
  generate: () => [model, '-', '--count', '2', '--json'],
  // It runs until it is stopped: test/cli/serve.test.ts.
  serve: () => ['--help'],
  rescore: () => [model, cli.file('a ||| the cat ||| lm: 1 ||| -2\na ||| the dog ||| lm: 1 ||| -1\n'), '--json'],
  tune: () => [model, text, '--json', '--quiet'],
  prune: out => [model, '--out', out, '--entropy', '1e-3', '--json', '--quiet'],
  merge: out => [model, `${model}*2`, '--out', out, '--tune', text, '--json', '--quiet'],
  subtract: async out => {
    const twice = cli.fresh('twice');
    await cli.print(['merge', `${model}*2`, '--out', twice, '--quiet']);
    return [twice, model, '--out', out, '--tune', text, '--json', '--quiet'];
  },
  mix: out => [model, model, '--out', out, '--tune', text, '--json', '--quiet'],
  export: out => [model, '--arpa', out, '--json', '--quiet'],
  import: async out => {
    const arpa = cli.fresh('arpa');
    await cli.print(['export', model, '--arpa', arpa, '--quiet']);
    return [arpa, '--out', out, '--json', '--quiet'];
  },
  'spark plan': () => [text, '--work', 'job', '--order', '2', '--prune', '0', '1'],
  'spark import': out => {
    const job = cli.fresh('job');
    writeJob(
      job,
      countJob({
        sentences: [
          ['the', 'cat'],
          ['the', 'dog'],
        ],
        order: 2,
      }),
    );
    return [job, '--out', out, '--json', '--quiet'];
  },
  'spark score-plan': () => ['model.kneser', text, '--out', 'scores', '--flags', '--order 2'],
  pack: out => [model, '--out', out, '--json', '--quiet'],
  unpack: async out => {
    const packed = cli.fresh('packed');
    await cli.print(['pack', model, '--out', packed, '--quiet']);
    return [packed, '--out', out, '--json', '--quiet'];
  },
  upgrade: out => [OLD, '--out', out, '--json', '--quiet'],
  inspect: () => [model, '--json'],
  vocabulary: () => [model, '--json'],
  counts: () => [model, '--json'],
  verify: () => [model, '--json', '--quiet'],
  baseline: () => [...texts(), '--orders', '1-2', '--classes', '0', '--json', '--quiet'],
  compare: () => [tokens, '--models', 'mkn2,mkn1', '--json'],
  completion: () => ['bash'],
};

/** The names of the members of reports that differ from run to run. */
const VARYING = /seconds$|^created$/i;

/** A run with its output as data, without times and paths of its own. */
function comparable({ status, stdout, stderr }: Run, out: string): unknown {
  const withoutTimes = (key: string, value: unknown): unknown => (VARYING.test(key) ? undefined : value);
  const objects = stdout.startsWith('{') ? parseLines(stdout) : [stdout];
  return [status, stderr, JSON.stringify(objects, withoutTimes).replaceAll(out, 'OUT')];
}

test('this test has arguments for every command', () => {
  expect(Object.keys(ARGUMENTS)).toEqual(COMMANDS.map(({ name }) => name));
});

test.each(Object.keys(ARGUMENTS))('%s prints the same in a process of its own as in this process', async name => {
  const [here, apart] = [cli.fresh(), cli.fresh()];
  const args = await ARGUMENTS[name](here);
  const words = name.split(' ');
  const run = await cli.run([...words, ...args], { input: INPUT });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(run.stdout).not.toBe('');
  const asProcess = await cli.runAsProcess([...words, ...(await ARGUMENTS[name](apart))], { input: INPUT });
  expect(comparable(asProcess, apart)).toEqual(comparable(run, here));
});

test('refusals, usage and help are the same in a process of its own', async () => {
  for (const args of [['score', 'nowhere'], ['train', text], ['learn'], ['help', 'train'], ['--version'], []]) {
    expect(await cli.runAsProcess(args)).toEqual(await cli.run(args));
  }
});
