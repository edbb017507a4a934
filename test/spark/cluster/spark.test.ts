import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROGRAM } from '#kneser/bench/program.js';
import { pack, sparkPlan, sparkScorePlan, train, type SparkPlanOptions } from '#kneser/src/index.js';
import { CommandLine, parseLines } from '../../support/command-line.js';
import { randomNumbers, sharedFile } from '../../support/models.js';
import { expectCounterAgrees, expectSameModel, type Counted } from './compare.js';
import { executorsOf, Spark, until } from './spark.js';

/**
 * Tests that need Spark. `npm run test:spark` counts small texts; with KNESER_SPARK=large also the Penn Treebank with all patterns, and
 * 10 million tokens of books, if the machine has these texts.
 */

const isLarge = process.env.KNESER_SPARK === 'large';

const cli = new CommandLine('spark');
const spark = new Spark(cli.folder);

afterAll(() => spark.stop());

/** Text in which a job could go wrong: bytes that are not UTF-8, marks, separators, `<unk>`, empty lines, no line feed at the end. */
const ODD = Buffer.concat([
  Buffer.from('\uFEFFthe cat sat\nthe dog  sat\r\n\n a\u00A0b \0 c\t<unk>\n\uFEFFx y\n \n\\N \\t "q\'\n'),
  Buffer.from('bad \xff\xfe \xe2\x82 z\n\xed\xa0\x80 \xf0\x9f\x98 \xf4\x90\x80\x80 q\n', 'latin1'),
  Buffer.from('\u2028 \u{1F600}e\u0301 \u00E9\x0B\fend <unk>\nthe cat'),
]);

/** Sentences of words that occur about as unequally often as in text. */
function zipfText(sentences: number, types: number): string {
  const random = randomNumbers(3);
  const word = (): string => `w${Math.floor(types ** random())}`;
  return Array.from(
    { length: sentences },
    () => Array.from({ length: Math.floor(30 * random()) }, word).join(' ') + '\n',
  ).join('');
}

type Options = Pick<SparkPlanOptions, 'order' | 'patterns' | 'prune' | 'vocabulary' | 'skipBlank'>;

const JOBS: Readonly<Record<string, Options>> = {
  odd: { order: 3, patterns: { skip: true } },
  'odd, order 1': { order: 1 },
  pruned: { order: 4, prune: [0, 0, 1, 2], vocabulary: { kind: 'limit', limit: 300 } },
  skipping: { order: 4, patterns: { skip: true }, vocabulary: { kind: 'frequency', atLeast: 3 }, skipBlank: true },
};

/** The lines of the parts of a folder. */
const linesOf = (folder: string): Buffer =>
  Buffer.concat(
    readdirSync(folder)
      .filter(name => name.startsWith('part-'))
      .sort()
      .map(name => readFileSync(join(folder, name))),
  );

describe('on one machine', () => {
  const counted: Record<string, Counted> = {};
  let corpus = '';
  let model = '';
  let run: Awaited<ReturnType<Spark['run']>>;

  // One run: starting Spark takes as long as a small job.
  beforeAll(async () => {
    const odd = cli.file(ODD);
    const text = cli.file(zipfText(600, 800));
    const sql: string[] = [];
    for (const [name, options] of Object.entries(JOBS)) {
      const job = cli.fresh(`it's é; ${name.length}`);
      counted[name] = { text: name.startsWith('odd') ? odd : text, job, ...options };
      sql.push(await sparkPlan({ texts: [counted[name].text], work: job, ...options }));
    }
    corpus = cli.fresh('corpus');
    mkdirSync(corpus);
    writeFileSync(join(corpus, 'a.txt'), ODD);
    writeFileSync(join(corpus, 'b é.txt'), zipfText(40, 50));
    await train({ files: [odd], out: cli.fresh(), order: 3 }).then(({ out }) =>
      pack({ model: out, out: (model = `${out}.kneser`) }),
    );
    const scoring = { model, texts: [`${corpus}/*.txt`] };
    sql.push(sparkScorePlan({ ...scoring, out: `${corpus}-scores`, kneser: kneser(), flags: ['--smoothing', 'kn'] }));
    sql.push(sparkScorePlan({ ...scoring, out: `${corpus}-figures`, kneser: kneser(), run: 'annotate' }));
    // The last job fails: its workers return only five lines.
    sql.push(sparkScorePlan({ ...scoring, out: `${corpus}-lost`, kneser: kneser('| head -n 5') }));
    run = await spark.run(sql.join('\n'));
  });

  /** Writes a shell script that runs kneser. @param after text to append to the command. */
  function kneser(after = ''): string {
    const path = cli.file(`#!/bin/sh\n"${process.execPath}" "${PROGRAM}" "$@" ${after}\n`, '.sh');
    chmodSync(path, 0o755);
    return path;
  }

  test.each(Object.keys(JOBS))('%s: the model is that of training', async name => {
    await expectSameModel(counted[name]);
  });

  test.each(Object.keys(JOBS))('%s: every row is that of the independent counter', async name => {
    await expectCounterAgrees(counted[name]);
  });

  test('scores are those of kneser score, byte for byte', () => {
    const files = ['a.txt', 'b é.txt'].map(name => join(corpus, name));
    const args = (file: string): string[] => ['score', model, file, '--json', '--smoothing', 'kn'];
    const own = files.map(file =>
      execFileSync(process.execPath, [PROGRAM, ...args(file)], { stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    expect(linesOf(`${corpus}-scores/lines`).toString()).toBe(Buffer.concat(own).toString());
  });

  test('figures of documents are those of kneser annotate', () => {
    const args = ['annotate', model, corpus, '--quiet'];
    const own = execFileSync(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    // As data: Spark writes some control characters with other letters.
    expect(parseLines(linesOf(`${corpus}-figures/lines`).toString())).toEqual(parseLines(own.toString()));
  });

  test('a worker that loses rows fails the job, which writes no result', () => {
    expect(run.status).toBe(1);
    expect(run.output).toMatch(/kneser: 5\d lines went to the executors, and \d+ came back/);
    expect(existsSync(`${corpus}-lost/lines/_SUCCESS`)).toBe(false);
  });
});

test('a literal <s> is refused', async () => {
  const work = cli.fresh('job');
  const { status, output } = await spark.run(await sparkPlan({ texts: [cli.file('a b\na <s> b\n')], work, order: 2 }));
  expect([status, output]).toEqual([
    1,
    expect.stringContaining('KNESER_INPUT_RESERVED: the text holds a literal <s> or </s>'),
  ]);
  expect((await cli.run(['spark', 'import', work, '--out', cli.fresh()])).stderr).toMatch(/the job is not finished/);
});

test('a cluster that loses an executor while it counts makes the same model', async () => {
  const [text, job] = [cli.file(zipfText(12_000, 3000)), cli.fresh('job')];
  const { master, workers } = await spark.cluster(2);
  const options = { order: 3 };
  const { ended, log } = spark.begin(await sparkPlan({ texts: [text], work: job, ...options }), master);
  await until(() => existsSync(join(job, 'counted/events/_temporary')), 'the n-grams are being counted');
  const executors = executorsOf(workers[0]);
  expect(executors).toHaveLength(1);
  process.kill(executors[0], 'SIGKILL');
  expect(existsSync(join(job, 'counted/events/_SUCCESS'))).toBe(false);
  await until(() => readFileSync(log, 'utf8').includes('Lost executor'), 'the loss was noticed');
  expect(await ended).toMatchObject({ status: 0 });
  await expectSameModel({ text, job, ...options });
});

test('a job continues at the step where it was interrupted', async () => {
  const [text, job] = [cli.file(zipfText(50, 40)), cli.fresh('job')];
  const plan = { texts: [text], work: job, order: 3 };
  const whole = await sparkPlan(plan);
  const rest = await sparkPlan({ ...plan, from: '11' });
  // The same session: what the first part defined is defined anew.
  const { status } = await spark.run(`${whole.slice(0, whole.indexOf('-- Step 7'))}\n${rest}`);
  expect(status).toBe(0);
  await expectSameModel({ text, job, order: 3 });
});

describe.runIf(isLarge)('large texts', () => {
  const ptb = sharedFile('corpora/ptb/train.txt');
  const books = sharedFile('corpora/books/train.txt.xz');

  test.skipIf(!ptb).each([3, 5])('the Penn Treebank, order %i, all patterns', async order => {
    const counted = { text: ptb ?? '', job: cli.fresh('ptb'), order, patterns: { skip: true } };
    const sql = await sparkPlan({ texts: [counted.text], work: counted.job, order, patterns: counted.patterns });
    expect((await spark.run(sql)).status).toBe(0);
    await expectSameModel(counted);
    await expectCounterAgrees(counted);
    rmSync(counted.job, { recursive: true });
  });

  test.skipIf(!books)('ten million tokens of books, order 5', async () => {
    const text = cli.fresh('books');
    const first = `xz -dc "$1" | awk '{ n += NF + 1; print } n >= 1e7 { exit }' > "$2"`;
    execFileSync('bash', ['-c', first, 'bash', books ?? '', text]);
    const job = cli.fresh('job');
    expect((await spark.run(await sparkPlan({ texts: [text], work: job, order: 5 }))).status).toBe(0);
    await expectSameModel({ text, job, order: 5 });
  });
});
