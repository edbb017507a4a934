import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { modelDigest } from '#kneser/test/faults/content.js';
import { killTrainings } from '#kneser/test/faults/kill/trainings.js';
import { removeAbandoned } from '#kneser/src/base/node/leftovers.js';
import { readRecord } from '#kneser/src/train/resume/record.js';
import { UnfinishedBuild } from '#kneser/src/train/resume/unfinished-build.js';
import { LanguageModel, train, type Progress, type TrainOptions } from '#kneser/src/index.js';
import { CommandLine, outcome, seen } from '../support/command-line.js';
import { randomNumbers } from '../support/models.js';

const cli = new CommandLine('kill');
const random = randomNumbers(3);
/** Just long enough to be written down: short sentences take the most room for their tokens. */
const sentences = Array.from({ length: 42_000 }, () =>
  Array.from({ length: 2 }, () => `w${Math.floor(500 ** random())}`).join(' '),
);
const options = { order: 3, patterns: { skip: true }, classes: [10, 4], holdOut: 0.01, threads: 1 };
let text: string;
/** The digest of the model that training in one go makes. */
let expected: string;

beforeAll(async () => {
  text = cli.file(sentences.join('\n') + '\n');
  const out = cli.fresh();
  await train({ files: [text], out, ...options });
  expected = await modelDigest(out);
});

/** What vitest says of strings, without its `any`. */
const containing = (part: string): unknown => expect.stringContaining(part);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** The options of a training but its folder: with files or with sentences. */
type Given = WithoutOut<TrainOptions>;
type WithoutOut<Options> = Options extends unknown ? Omit<Options, 'out'> : never;

/** Begins a training that keeps its finished work, and stops it once words are counted: the finished work is then on the disk. */
async function broken(given: Given): Promise<string> {
  const out = cli.fresh();
  const abort = new AbortController();
  const training = train({
    ...options,
    ...given,
    out,
    resume: true,
    signal: abort.signal,
    onProgress: progress => {
      if (progress.stage === 'classes') abort.abort();
    },
  });
  await expect(training).rejects.toMatchObject({ code: 'KNESER_ABORTED', message: containing('is kept') });
  return out;
}

let brokenOnce: Promise<string> | undefined;

/** A copy of a training of the text of all tests that was stopped, as by {@link broken}. */
async function brokenCopy(): Promise<string> {
  const out = cli.fresh();
  cpSync(await (brokenOnce ??= broken({ files: [text] })), out, { recursive: true });
  return out;
}

/** Resumes a training, and returns how far it says that it had come. */
async function resume(out: string, given: Given): Promise<string | undefined> {
  let reached: string | undefined = 'not told';
  await train({ ...options, ...given, out, resume: true, onResume: at => (reached = at) });
  return reached;
}

test('a training that is killed is resumed to the model of one in one go', async () => {
  const args = ['--order', '3'];
  const { failures, ...counts } = await killTrainings({
    times: 4,
    seed: 1,
    scenes: [{ name: 'small', sentences: 30_000, args }],
  });
  expect(failures).toEqual([]);
  expect(counts.resumed + counts.anew).toBe(4);
}, 60_000);

describe('resuming', () => {
  test('continues after the complete tables', async () => {
    const out = await brokenCopy();
    await expect(LanguageModel.open(out)).rejects.toMatchObject({
      code: 'KNESER_UNFINISHED',
      message: matching(
        /^\S+: this model is unfinished: its training had counted \d of 7 tables\. .*resume: true }\)$/,
      ),
    });
    expect(await resume(out, { files: [text], threads: 2, memory: 64 << 20 })).toMatch(/^counted \d of 7 tables$/);
    expect(await modelDigest(out)).toBe(expected);
    expect(readdirSync(out).sort()).toEqual(['generation-1', 'kneser.json']);
  });

  test('continues after the tables of Model M', async () => {
    const given = { ...options, files: [text], modelM: 2 };
    const [out, whole] = [cli.fresh(), cli.fresh()];
    const abort = new AbortController();
    const onProgress = ({ stage }: Progress): void => {
      if (stage === 'index') abort.abort();
    };
    const training = train({ ...given, out, resume: true, signal: abort.signal, onProgress });
    await expect(training).rejects.toMatchObject({ code: 'KNESER_ABORTED', message: containing('is kept') });
    expect(await resume(out, given)).toBe('counted 12 of 12 tables');
    await train({ ...given, out: whole });
    expect(await modelDigest(out)).toBe(await modelDigest(whole));
  });

  test('continues with a vocabulary that was chosen on the disk', async () => {
    // Words that fill the memory by themselves, so that all others are written down.
    const long = Array.from({ length: 340 }, (_, i) => `${i}`.padEnd(100_000, 'x'));
    const files = [cli.file(long.join('\n') + '\n'), text];
    const memory = 80 << 20;
    const given = { files, vocabulary: { kind: 'limit', limit: 500 } } as const;
    const whole = cli.fresh();
    await train({ ...options, ...given, out: whole });
    const out = await broken({ ...given, memory });
    expect(readdirSync(join(out, 'kneser.training'))).toContain('tokens-resolved');
    expect(await resume(out, { ...given, memory })).toMatch(/^counted \d of 7 tables$/);
    expect(await modelDigest(out)).toBe(await modelDigest(whole));
  });

  test('does not read sentences from a generator again', async () => {
    const out = await broken({ sentences });
    function* none(): Generator<string> {
      yield* [];
      throw new Error('these sentences are gone');
    }
    expect(await resume(out, { sentences: none() })).toMatch(/counted/);
    expect(await modelDigest(out)).toBe(expected);
  });

  test('refuses other options and other files, and names them', async () => {
    const copy = cli.file(readFileSync(text));
    const out = await broken({ files: [copy] });
    const failure = (given: Partial<TrainOptions>): Promise<unknown> =>
      resume(out, { files: [copy], ...given } as Given).catch((error: unknown) => error);
    expect(await failure({ order: 4 })).toMatchObject({
      code: 'KNESER_OPTION',
      message: matching(/other order \(3, now 4\), patterns \(.*\); .*--force/),
    });
    expect(await failure({ classes: 20, lowercase: true })).toMatchObject({
      message: matching(/classes \(10,4, now 20\), lowercase \(false, now true\)/),
    });
    expect(await failure({ vocabulary: { kind: 'words', words: ['w1'] } })).toMatchObject({ code: 'KNESER_OPTION' });
    expect(await failure({ files: [copy, text] })).toMatchObject({
      message: containing('files (1, now 2)'),
    });
    utimesSync(copy, 1, 1);
    expect(await failure({})).toMatchObject({ message: containing(`contents of ${copy}`) });
    await train({ files: [copy], out, ...options, force: true });
    expect(await modelDigest(out)).toBe(expected);
  });

  test('begins anew, and says so, if there is nothing to continue', async () => {
    const out = await brokenCopy();
    const tokens = join(out, 'kneser.training', 'tokens');
    const bytes = readFileSync(tokens);
    bytes[1000] ^= 1;
    writeFileSync(tokens, bytes);
    expect(await resume(out, { files: [text] })).toBeUndefined();
    expect(await modelDigest(out)).toBe(expected);
    expect(await resume(cli.fresh(), { sentences: sentences.slice(0, 1000) })).toBeUndefined();
    await expect(resume(out, { files: [text] })).rejects.toMatchObject({ code: 'KNESER_OUTPUT_EXISTS' });
  });

  test('counts tables again that the record wrongly calls complete', async () => {
    const out = await brokenCopy();
    const record = join(out, 'kneser.training', 'record.json');
    // Says that a table is complete which was never begun.
    const content = readFileSync(record, 'utf8');
    const table = { table: 'ccc', rows: 1, contexts: 1, tokens: 1, countsOfCounts: [1, 0, 0, 0] };
    writeFileSync(record, content.replace('"tables":[', `"tables":[${JSON.stringify(table)},`));
    await resume(out, { files: [text] });
    expect(await modelDigest(out)).toBe(expected);
  });

  test('takes the text from standard input once', async () => {
    const out = cli.fresh("a model's");
    const args = ['train', '-', '--out', out, '--order', '3', '--skip', '--classes', '10,4', '--hold-out', '0.01'];
    const child = cli.start([...args, '--resume']);
    child.stdin.end(sentences.join('\n'));
    await seen(child.stderr, /counting classes/);
    child.kill('SIGINT');
    expect(await outcome(child)).toMatchObject({ status: 130 });
    const message = await cli.refuse(2, ['inspect', out]);
    expect(message).toContain(`To continue: kneser train - --out '${out.replace("'", String.raw`'\''`)}' --order 3`);
    const resumed = await cli.run([...args, '--resume']);
    expect(resumed).toMatchObject({
      status: 0,
      stderr: containing('resuming a training that had counted'),
    });
    expect(await modelDigest(out)).toBe(expected);
  });
});

test('notes that a training makes at the same time are all in its record', async () => {
  const folder = cli.fresh('record');
  mkdirSync(folder);
  const training = await UnfinishedBuild.begin(folder, 'generation-1', { settings: { order: 3 }, inputs: null });
  const counts = Array.from({ length: 20 }, (_, i) => i);
  await Promise.all(counts.map(count => training.beginCounting(count)));
  expect(await readRecord(folder)).toMatchObject({
    generation: 'generation-1',
    settings: { order: 3 },
    tableCount: 19,
  });
  expect(readdirSync(folder)).toEqual(['record.json']);
});

describe('one training at a time in a folder', () => {
  test('the second is refused, and the first is not disturbed', async () => {
    const out = cli.fresh();
    let second: unknown;
    await train({
      files: [text],
      ...options,
      out,
      onProgress: ({ stage }) => {
        if (stage === 'count')
          second ??= train({ sentences: ['a'], out, force: true }).catch((error: unknown) => error);
      },
    });
    expect(await second).toMatchObject({
      code: 'KNESER_OUTPUT_EXISTS',
      message: containing('another process is making a model here'),
    });
    expect(await modelDigest(out)).toBe(expected);
  });

  test('another process does not resume or replace a training that still runs', async () => {
    const out = cli.fresh();
    const child = cli.start(['train', '-', '--out', out, '--order', '2']);
    child.stdin.write(sentences.join('\n'));
    await seen(child.stderr, /reading text/);
    for (const flag of ['--force', '--resume']) {
      expect(await cli.refuse(2, ['train', text, '--out', out, flag])).toContain(
        'another process is making a model here',
      );
    }
    child.stdin.end();
    expect(await outcome(child)).toMatchObject({ status: 0 });
  });
});

describe('an interrupt', () => {
  test.each(['counting n-grams', 'tuning weights'])(
    'while %s ends the training soon, and leaves no file',
    async stage => {
      const out = cli.fresh();
      const args = ['--order', '3', '--skip', '--classes', '10', '--hold-out', '0.1'];
      const child = cli.start(['train', text, '--out', out, ...args]);
      child.stdin.end();
      await seen(child.stderr, new RegExp(stage));
      child.kill('SIGINT');
      const { status, stderr } = await outcome(child);
      expect({ status, stderr }).toEqual({ status: 130, stderr: containing('nothing was kept') });
      expect(existsSync(out)).toBe(false);
    },
  );

  test('that is the second ends the process at once, and the training can be resumed', async () => {
    const out = cli.fresh();
    const child = cli.start(['train', '-', '--out', out]);
    child.stdin.write(sentences.join('\n'));
    await seen(child.stderr, /reading text/);
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await outcome(child)).toMatchObject({ status: 130 });
    await cli.train([text, '--out', out, '--order', '2', '--resume']);
    expect(readdirSync(out).sort()).toEqual([expect.stringMatching(/^generation-\d$/), 'kneser.json']);
  });
});

test('only folders of ended processes of this machine are removed', async () => {
  const folder = cli.fresh('leftovers');
  mkdirSync(folder);
  const host = hostname().replaceAll(/[^A-Za-z0-9]/g, '');
  const dead = 2 ** 22 + 1;
  const kept = [
    `kneser-${process.pid}-${host}-abc`,
    `kneser-${dead}-elsewhere-abc`,
    `kneser-${dead}`,
    `other-${dead}-${host}-abc`,
  ];
  for (const name of [...kept, `kneser-${dead}-${host}-abc`]) mkdirSync(join(folder, name));
  await removeAbandoned(folder, 'kneser-');
  expect(readdirSync(folder).sort()).toEqual(kept.sort());
});

test('the temporary folder of a killed reader is removed by the next command', async () => {
  const model = cli.fresh();
  await train({ sentences: ['a b'], out: model, order: 2 });
  const child = cli.start(['score', model, '-']);
  child.stdin.write('a b\n');
  await seen(child.stdout, /a/);
  child.kill('SIGKILL');
  await outcome(child);
  expect(readdirSync(cli.temporary)).toHaveLength(1);
  await cli.print(['score', model], { input: 'a\n' });
  expect(readdirSync(cli.temporary)).toEqual([]);
});

test('the temporary folders of killed tuning are removed by the next command', async () => {
  const model = cli.fresh();
  await train({ sentences: ['a b c', 'a b d'], out: model, order: 2, patterns: { skip: true } });
  const child = cli.start(['tune', model, '-']);
  child.stdin.write('a b\n');
  await vi.waitFor(() => expect(readdirSync(cli.temporary)).toHaveLength(2), { timeout: 20_000, interval: 10 });
  child.kill('SIGKILL');
  await outcome(child);
  expect(readdirSync(cli.temporary)).toHaveLength(2);
  await cli.print(['tune', model, '-'], { input: 'a b c\n' });
  expect(readdirSync(cli.temporary)).toEqual([]);
});

afterAll(() => {
  expect(readdirSync(cli.temporary)).toEqual([]);
});
