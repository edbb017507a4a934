import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Level } from 'level';
import { beforeAll, describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import { decodePointer, encodePointer, type Pointer } from '#kneser/src/store/folder/pointer.js';
import { LanguageModel, type Perplexity, train } from '#kneser/src/index.js';
import { CommandLine, type Run } from '../support/command-line.js';
import { randomNumbers } from '../support/models.js';

const LIBRARY = new URL('../../dist/node/index.js', import.meta.url).href;

const cli = new CommandLine('bad-input');

const TEXT = 'the cat sat on the mat\nthe dog sat on the log\n\nthe cat ran\n';

interface ScoreLine {
  readonly tokens: string[];
  readonly oov: boolean[];
  readonly log10Prob: number;
}

/** A text whose model takes more than a megabyte. */
let large: string;
let corpus: string;
/** A model that no test changes. */
let trained: string;

beforeAll(async () => {
  corpus = cli.file(TEXT);
  trained = await model(corpus);
  const random = randomNumbers(1);
  const lines = Array.from({ length: 15_000 }, () =>
    Array.from({ length: 10 }, () => `w${Math.floor(20_000 * random() ** 2)}`).join(' '),
  );
  large = cli.file(lines.join('\n') + '\n');
});

/** A new model of order 3. */
async function model(...files: string[]): Promise<string> {
  const out = cli.fresh();
  await train({ files, out, order: 3 });
  return out;
}

/** A copy of the model that no test changes, to be changed. */
function copied(): string {
  const path = cli.fresh('copy');
  cpSync(trained, path, { recursive: true });
  return path;
}

/** Trains with the command line, which must write nothing to standard error. */
async function trainQuietly(...args: string[]): Promise<string> {
  const out = cli.fresh();
  await cli.train([...args, '--out', out, '--order', '3']);
  return out;
}

/** Tries to train; checks that it fails, makes no model, and leaves no file behind. */
async function refuseToTrain(status: number, ...args: string[]): Promise<string> {
  const out = cli.fresh();
  const message = await cli.refuse(status, ['train', '--quiet', '--out', out, ...args]);
  expect(existsSync(out)).toBe(false);
  return message;
}

async function total(path: string, ...files: string[]): Promise<Perplexity> {
  const [report] = await cli.json<{ total: Perplexity }>(['perplexity', path, ...files]);
  return report.total;
}

/** The parts in which two models of the same text must be equal. */
async function content(path: string): Promise<object> {
  const opened = await LanguageModel.open(path);
  try {
    const { created, ...info } = opened.info;
    expect(created).not.toBe('');
    return { ...info, perplexity: await opened.perplexity(TEXT.trimEnd().split('\n')) };
  } finally {
    await opened.close();
  }
}

/** The folder with the LevelDB of a model. */
function tablesOf(path: string): string {
  return join(path, 'generation-1', 'tables');
}

/** All files under a folder. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
}

/** The files of a model's LevelDB that have any content. */
function tableFiles(path: string): string[] {
  return filesOf(tablesOf(path)).filter(file => statSync(file).size > 0);
}

/** All files under a folder, with their content. */
function snapshot(folder: string): Record<string, string> {
  return Object.fromEntries(
    filesOf(folder).map(path => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

describe.concurrent('a text', () => {
  test('that is missing is refused by name', async () => {
    const missing = join(cli.folder, 'missing.txt');
    expect(await refuseToTrain(2, corpus, missing)).toContain(missing);
    expect(await cli.refuse(2, ['perplexity', trained, corpus, missing])).toContain(missing);
    expect(await cli.refuse(2, ['score', trained, missing])).toContain(missing);
    expect(await refuseToTrain(2, join(corpus, 'below-a-file.txt'))).toContain('below-a-file.txt');
  });

  test('that is a folder without text is refused by name', async () => {
    const folder = cli.fresh('folder');
    mkdirSync(join(folder, 'inner'), { recursive: true });
    writeFileSync(join(folder, 'inner', 'figures.csv'), '1,2\n');
    expect(await refuseToTrain(2, folder)).toContain(folder);
    expect(await cli.refuse(2, ['perplexity', trained, folder])).toContain(folder);
    expect(await cli.refuse(2, ['score', trained, folder])).toContain(folder);
  });

  test.each([
    ['empty', ''],
    ['without a token', '\n\n\n'],
    ['only white space', ' \t\r\n\v\f\0 \r\n'],
    ['only a byte-order mark', '\ufeff'],
  ])('that is %s trains no model', async (_what, text) => {
    expect(await refuseToTrain(2, cli.file(text))).toMatch(/nothing to count/);
  });

  test('without a token is measured and scored', async () => {
    const blank = cli.file('\n \t\r\n\v\f\0');
    const scored = await cli.json<ScoreLine>(['score', trained, blank]);
    expect(scored.map(line => line.tokens)).toEqual([['</s>'], ['</s>'], ['</s>']]);
    expect(await total(trained, blank)).toMatchObject({ sentences: 3, tokens: 3, oov: 0 });
    expect(await cli.print(['score', trained, cli.file('')])).toBe('');
    expect(await total(trained, cli.file(''))).toMatchObject({ sentences: 0, tokens: 0, perplexity: null });
    const { stderr } = await cli.run(['perplexity', trained, cli.file('')]);
    expect(stderr).toBe('kneser: warning: there is no text to measure\n');
  });

  test('trains if any of its files has a token', async () => {
    const files = [cli.file(''), corpus, cli.file('')];
    expect(await content(await trainQuietly(...files))).toEqual(await content(trained));
  });

  test('whose lines end with CRLF is the same text', async () => {
    const crlf = cli.file(TEXT.replaceAll('\n', '\r\n'));
    expect(await content(await trainQuietly(crlf))).toEqual(await content(trained));
    const expected = await total(trained, corpus);
    // Only the carriage returns add characters.
    const { bitsPerCharacter, bitsPerByte, ...same } = await total(trained, crlf);
    expect(expected).toMatchObject(same);
    expect(bitsPerCharacter).toBeLessThan(expected.bitsPerCharacter ?? 0);
    expect(bitsPerByte).toBe(bitsPerCharacter);
  });

  test('that begins with a byte-order mark is the same text', async () => {
    const marked = cli.file('\ufeff' + TEXT);
    expect(await content(await trainQuietly(marked))).toEqual(await content(trained));
    expect(await total(trained, marked)).toEqual(await total(trained, corpus));
    // The mark is dropped from each of several files, and from a gzipped one.
    const two = await trainQuietly(cli.file('\ufeffthe cat\n'), cli.file(gzipSync('\ufeffthe dog\n'), '.gz'));
    // A mark in any other place is part of a word.
    const lines = await cli.json<ScoreLine>(['score', two], { input: '\ufeffthe dog\nthe \ufeffcat\n' });
    expect(lines[0]).toMatchObject({ tokens: ['the', 'dog', '</s>'], oov: [false, false, false] });
    expect(lines[1]).toMatchObject({ tokens: ['the', '\ufeffcat', '</s>'], oov: [false, true, false] });
  });

  test('may hold control bytes: NUL, VT and FF separate, the others are parts of words', async () => {
    const text = 'the\0cat\x01\x1b[0m\x7f\vsat\fon\0\0\n';
    const path = await trainQuietly(cli.file(text));
    const [line, ...rest] = await cli.json<ScoreLine>(['score', path], { input: text });
    expect(rest).toEqual([]);
    expect(line).toMatchObject({
      tokens: ['the', 'cat\x01\x1b[0m\x7f', 'sat', 'on', '</s>'],
      oov: [false, false, false, false, false],
    });
  });

  test('may hold invalid UTF-8, which is read as U+FFFD and reported once, with a count', async () => {
    // A byte that never occurs, a sequence cut short, a stray continuation, a surrogate (three sequences); U+FFFD itself.
    const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
    const text = cli.file(bytes('a\xff b\xe2\x82 \x80c \xed\xa0\x80\na\xff \xef\xbf\xbd\n'));
    const warning = /^kneser: warning: 7 invalid UTF-8 sequences were read as U\+FFFD\n$/;
    const out = cli.fresh();
    const trainedRun = await cli.run(['train', text, '--out', out, '--order', '2', '--quiet']);
    expect(trainedRun).toMatchObject({ status: 0, stdout: '', stderr: expect.stringMatching(warning) as string });

    const scored = await cli.run(['score', out, text, '--json']);
    expect(scored).toMatchObject({ status: 0, stderr: expect.stringMatching(warning) as string });
    const lines = scored.stdout.trimEnd().split('\n');
    expect(lines.map(line => (JSON.parse(line) as ScoreLine).tokens)).toEqual([
      ['a\ufffd', 'b\ufffd', '\ufffdc', '\ufffd\ufffd\ufffd', '</s>'],
      ['a\ufffd', '\ufffd', '</s>'],
    ]);
    for (const line of lines) expect((JSON.parse(line) as ScoreLine).oov).not.toContain(true);

    const measured = await cli.run(['perplexity', out, text, '--json']);
    expect(measured).toMatchObject({ status: 0, stderr: expect.stringMatching(warning) as string });
    const replaced = cli.file(readFileSync(text).toString());
    // The same figures as those of the decoded text, bytes and characters included.
    expect((JSON.parse(measured.stdout) as { total: Perplexity }).total).toEqual(await total(out, replaced));
  });
});

describe('a line of 50 MB', () => {
  const BYTES = 50_000_000;
  const PEAK = 'peak memory in MB: ';
  // Linux counts the peak of a process that starts another into `maxRSS` of the other one, but not into its VmHWM.
  const report = `
    import { existsSync, readFileSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    const status = '/proc/self/status';
    const kilobytes = () => existsSync(status)
      ? Number(/^VmHWM:\\s*(\\d+) kB$/m.exec(readFileSync(status, 'latin1'))[1])
      : process.resourceUsage().maxRSS;
    process.on('exit', () => isMainThread && process.stderr.write('${PEAK}' + kilobytes() / 1024 + '\\n'));`;

  /** Runs a command that must succeed with at most this many megabytes of memory. */
  async function runWithin(megabytes: number, args: readonly string[]): Promise<Run> {
    const run = await cli.run(args, {
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(report)}` },
    });
    const [stderr, peak] = run.stderr.split(PEAK);
    expect({ status: run.status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(Number(peak)).toBeLessThan(megabytes);
    return run;
  }

  test('of many words is trained on, measured and printed', async () => {
    const words = Array.from({ length: 100 }, (_, i) => `${i}`.padStart(99, 'long'));
    const line = Buffer.from(Array.from({ length: BYTES / 100 }, (_, i) => words[(i * i) % 100]).join(' ') + '\n');
    expect(line).toHaveLength(BYTES);
    const text = cli.file(line);
    const out = cli.fresh();
    await runWithin(500, ['train', text, '--out', out, '--order', '3', '--quiet']);

    const measured = await runWithin(350, ['perplexity', out, text, '--json']);
    const { total: figures } = JSON.parse(measured.stdout) as { total: Perplexity };
    expect(figures).toMatchObject({ sentences: 1, tokens: BYTES / 100 + 1, oov: 0 });

    const { stdout } = await runWithin(1000, ['score', out, text, '--json']);
    expect(stdout.endsWith('}\n')).toBe(true);
    expect(stdout.length).toBeGreaterThan(BYTES);
    const score = JSON.parse(stdout) as ScoreLine & { readonly log10Probs: number[]; readonly matched: number[] };
    for (const list of [score.tokens, score.oov, score.log10Probs, score.matched]) {
      expect(list).toHaveLength(BYTES / 100 + 1);
    }
    expect([score.tokens[0], score.tokens[3], score.tokens.at(-1)]).toEqual([words[0], words[9], '</s>']);
    expect(score.log10Probs.every(value => value < 0)).toBe(true);
    expect(score.log10Prob).toBeCloseTo(figures.log10Prob ?? NaN, 5);
  });

  test('of one word is trained on and measured', async () => {
    const text = cli.file(Buffer.alloc(BYTES, 'x'));
    const out = cli.fresh();
    await runWithin(700, ['train', text, '--out', out, '--quiet', '--memory', '1G']);
    const measured = await runWithin(500, ['perplexity', out, text, '--json']);
    const { total: figures } = JSON.parse(measured.stdout) as { total: Perplexity };
    expect(figures).toMatchObject({ sentences: 1, tokens: 2, oov: 0 });
  });
});

describe.concurrent('gzip data', () => {
  const intact = gzipSync(TEXT.repeat(100));

  test('cut short is refused by name', async () => {
    const gzip = cli.file(intact.subarray(0, intact.length / 2), '.gz');
    expect(await refuseToTrain(2, gzip)).toContain(gzip);
    expect(await cli.refuse(2, ['perplexity', trained, gzip])).toContain(gzip);
    // The lines before the damage may be printed already.
    const { status, stderr } = await cli.run(['score', trained, gzip]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/gzip/);
    expect(stderr).toContain(gzip);
  });

  test.each([
    ['without its last byte', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['with a wrong checksum', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(8, 1)])],
    ['that is none', () => Buffer.from(TEXT)],
    ['that is empty', () => Buffer.alloc(0)],
  ])('%s is refused by name', async (_what, damage) => {
    const gzip = cli.file(damage(intact), '.gz');
    const out = cli.fresh();
    const refused = { code: 'KNESER_INPUT_GZIP', exitCode: 2, message: expect.stringContaining(gzip) as string };
    await expect(train({ files: [gzip], out })).rejects.toMatchObject(refused);
    expect(existsSync(out)).toBe(false);
    const opened = await LanguageModel.open(trained);
    try {
      await expect(opened.perplexityOfFile(gzip)).rejects.toMatchObject(refused);
    } finally {
      await opened.close();
    }
  });
});

describe.concurrent('a literal <s> or </s>', () => {
  test.each(['<s>', '</s>'])('%s in training text is refused by file and line', async mark => {
    const first = cli.file('a b\n');
    const text = cli.file(`a b\n\nb ${mark} a\n`);
    const message = await refuseToTrain(2, first, text);
    expect(message).toContain(`${text}, line 3`);
    expect(message).toContain(mark);
    expect(message).toContain('--reserved drop');
  });

  test('is refused with a given vocabulary, and where lower-casing makes one', async () => {
    const words = cli.file('a b\n');
    expect(await refuseToTrain(2, cli.file('a\n<s>'), '--vocab', words)).toContain('line 2');
    expect(await refuseToTrain(2, cli.file('a\n</S>'), '--lowercase')).toContain('line 2');
  });

  test('is left out with --reserved drop, and counted', async () => {
    const out = cli.fresh();
    const text = cli.file('<s> a b </s>\n<s> </s>\nb <S> a\n');
    const run = await cli.run(['train', text, '--out', out, '--order', '3', '--reserved', 'drop', '--quiet']);
    expect(run).toEqual({
      status: 0,
      stdout: '',
      stderr: 'kneser: warning: 4 literal <s> or </s> tokens were dropped\n',
    });
    expect(await content(out)).toEqual(await content(await model(cli.file('a b\n\nb <S> a\n'))));
  });
});

describe.concurrent('the output folder', () => {
  test('that holds a model is refused, and replaced with --force', async () => {
    const path = copied();
    const before = snapshot(path);
    const other = cli.file('another text\n');
    const message = await cli.refuse(2, ['train', other, '--out', path]);
    expect(message).toContain(path);
    expect(message).toContain('--force');
    expect(snapshot(path)).toEqual(before);
    await cli.train([other, '--out', path, '--order', '2', '--force']);
    expect(await content(path)).toMatchObject({ order: 2, tokens: 3 });
    // Nothing of the first model is left.
    expect(readdirSync(path).sort()).toEqual(['generation-2', 'kneser.json']);
  });

  test('keeps its model when the training that was to replace it fails', async () => {
    const path = copied();
    const before = snapshot(path);
    for (const text of [join(cli.folder, 'missing.txt'), cli.file(''), cli.file('a\n<s>\n'), cli.file('a', '.gz')]) {
      await cli.refuse(2, ['train', text, '--out', path, '--force', '--quiet']);
      expect(snapshot(path)).toEqual(before);
    }
    expect(await content(path)).toEqual(await content(trained));
  });

  test('that is a file, or below one, is refused', async () => {
    expect(await cli.refuse(2, ['train', corpus, '--out', corpus, '--force'])).toContain(corpus);
    const below = join(corpus, 'model');
    expect(await cli.refuse(2, ['train', corpus, '--out', below])).toContain(below);
    expect(readFileSync(corpus, 'utf8')).toBe(TEXT);
  });

  test('that has files other than a model is refused, even with --force', async () => {
    const mixed = copied();
    writeFileSync(join(mixed, 'thesis.tex'), 'years of work');
    const foreign = cli.fresh('folder');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'thesis.tex'), 'years of work');
    for (const folder of [mixed, foreign]) {
      const before = snapshot(folder);
      for (const force of [[], ['--force']]) {
        const message = await cli.refuse(2, ['train', corpus, '--out', folder, ...force]);
        expect(message).toContain(folder);
        expect(message).toContain('thesis.tex');
      }
      expect(snapshot(folder)).toEqual(before);
    }
  });

  test('that exists and is empty is used, and stays if training fails', async () => {
    const folder = cli.fresh('folder');
    mkdirSync(folder);
    await cli.refuse(2, ['train', cli.file(''), '--out', folder, '--quiet']);
    expect(readdirSync(folder)).toEqual([]);
    await cli.train([corpus, '--out', folder, '--order', '3']);
    expect(await content(folder)).toEqual(await content(trained));
  });

  test('is created with its parent folders, which are removed if training fails', async () => {
    const outer = cli.fresh('outer');
    const out = join(outer, 'inner', 'model');
    await cli.refuse(2, ['train', cli.file(''), '--out', out, '--quiet']);
    expect(existsSync(outer)).toBe(false);
    await cli.train([corpus, '--out', out, '--order', '3']);
    expect(await content(out)).toEqual(await content(trained));
  });
});

describe.concurrent('a path', () => {
  test('may hold spaces, quotes and any letters', async () => {
    const folder = cli.fresh(`a folder's "näme" 模型 😀`);
    mkdirSync(folder);
    const text = join(folder, 'der Text %20.txt');
    writeFileSync(text, TEXT);
    const path = join(folder, 'das Modell #1');
    await cli.train([text, '--out', path, '--order', '3']);
    expect(await total(path, text)).toEqual(await total(trained, corpus));
    // The folder of the text holds the model too; its files are no text.
    expect(await cli.print(['score', path, folder])).toBe(await cli.print(['score', trained, corpus]));
    const relative = await cli.print(['inspect', './das Modell #1'], { cwd: folder });
    expect(relative).toContain('./das Modell #1: order 3');
  });
});

describe.concurrent('a model folder', () => {
  async function refuseModel(status: number, path: string): Promise<string> {
    const message = await cli.refuse(status, ['inspect', path]);
    expect(message).toContain(path);
    return message;
  }

  test('that is missing, a file, or empty is refused', async () => {
    const missing = join(cli.folder, 'no-model');
    const message = await refuseModel(2, missing);
    expect(message).toMatch(/no such model folder/);
    // Every command that reads a model says the same.
    expect(await cli.refuse(2, ['perplexity', missing, corpus])).toBe(message);
    expect(await cli.refuse(2, ['score', missing, corpus])).toBe(message);
    expect(await refuseModel(2, corpus)).toMatch(/is a file/);
    const empty = cli.fresh('folder');
    mkdirSync(empty);
    expect(await refuseModel(2, empty)).toMatch(/not a kneser model/);
  });

  test('that is a LevelDB of another program is refused and not changed', async () => {
    const path = cli.fresh('level');
    const level = new Level(path);
    await level.put('somebody', 'else');
    await level.close();
    const before = snapshot(path);
    expect(await refuseModel(2, path)).toMatch(/LevelDB of another program/);
    expect(await cli.refuse(2, ['train', corpus, '--out', path, '--force'])).toContain(path);
    expect(snapshot(path)).toEqual(before);
  });

  test('of another version is refused, and --force replaces it', async () => {
    const path = copied();
    const pointer = join(path, 'kneser.json');
    writeFileSync(
      pointer,
      encodePointer({ ...(decodePointer(readFileSync(pointer, 'utf8')) as Pointer), kneser: 999 }),
    );
    const message = await refuseModel(2, path);
    expect(message).toMatch(/format 999/);
    expect(message).toMatch(/reads format \d/);
    await cli.train([corpus, '--out', path, '--order', '3', '--force']);
    expect(await content(path)).toEqual(await content(trained));
  });

  test('that is unfinished is refused, and --force replaces it', async () => {
    const path = copied();
    rmSync(join(path, 'kneser.json'));
    expect(await refuseModel(2, path)).toMatch(/unfinished/);
    expect(await cli.refuse(2, ['train', corpus, '--out', path])).toMatch(/--force/);
    await cli.train([corpus, '--out', path, '--order', '3', '--force']);
    expect(await content(path)).toEqual(await content(trained));
    expect(readdirSync(path).sort()).toEqual(['generation-2', 'kneser.json']);
  });

  test('in which a later training was killed still opens; the next training removes the remains', async () => {
    const path = copied();
    mkdirSync(join(path, 'generation-2', 'temporary'), { recursive: true });
    writeFileSync(join(path, 'generation-2', 'temporary', 'tokens'), 'half');
    expect(await content(path)).toEqual(await content(trained));
    await cli.train([corpus, '--out', path, '--order', '3', '--force']);
    expect(readdirSync(path).sort()).toEqual(['generation-3', 'kneser.json']);
  });

  test.each([
    ['is empty', ''],
    ['is no JSON', '{"kneser": 1,'],
    ['is null', 'null'],
    ['is a list', '[]'],
    ['names no generation', '{"kneser": 2, "created": "", "bytes": 0, "files": []}'],
    ['lists no files', '{"kneser": 2, "generation": "generation-1", "created": "", "bytes": 0, "files": [null]}'],
    ['leads out of the folder', '{"kneser": 2, "generation": "../x", "created": "", "bytes": 0, "files": []}'],
  ])('is damaged where kneser.json %s', async (_what, text) => {
    const path = copied();
    const pointer = join(path, 'kneser.json');
    writeFileSync(pointer, text);
    await expect(LanguageModel.open(path)).rejects.toMatchObject({
      code: 'KNESER_DAMAGED',
      exitCode: 1,
      message: expect.stringContaining(pointer) as string,
    });
  });

  test('is damaged where any of its files is cut short, longer, or missing', async () => {
    for (const file of tableFiles(trained)) {
      for (const damage of [
        (path: string) => rmSync(path),
        (path: string) => truncateSync(path, statSync(path).size - 1),
        (path: string) => truncateSync(path, 0),
        (path: string) => appendFileSync(path, 'x'),
      ]) {
        const path = copied();
        const damaged = file.replace(trained, path);
        damage(damaged);
        await expect(LanguageModel.open(path)).rejects.toMatchObject({
          code: 'KNESER_DAMAGED',
          exitCode: 1,
          message: expect.stringContaining(damaged) as string,
        });
      }
    }
    const path = copied();
    rmSync(tableFiles(path)[0]);
    expect(await refuseModel(1, path)).toMatch(/missing/);
  });
});

describe('a flipped bit', () => {
  interface Flip {
    readonly file: string;
    readonly at: number;
    /** The places of the bits to flip. */
    readonly mask: number;
  }

  /** By flip: `same`, if the figures are unchanged, or the code of the error. A process that ends early reports fewer flips. */
  interface Flipped extends Flip {
    readonly outcome: string;
  }

  /** Flips bits in a process of its own, since LevelDB may end it. */
  const PROGRAM = `
    import { readFileSync, writeFileSync } from 'node:fs';
    const { LanguageModel, KneserError } = await import('${LIBRARY}');
    const { path, lines, flips } = JSON.parse(readFileSync(0, 'utf8'));
    async function figures() {
      const model = await LanguageModel.open(path, { tables: 'page' });
      try {
        const { created, ...info } = model.info;
        const scores = [];
        for (const line of lines) scores.push(await model.score(line));
        const loaded = await model.load();
        return JSON.stringify([info, scores, lines.map(line => loaded.score(line).log10Prob)]);
      } finally {
        await model.close();
      }
    }
    const expected = await figures();
    for (const flip of flips) {
      const intact = readFileSync(flip.file);
      const damaged = Buffer.from(intact);
      damaged[flip.at] ^= flip.mask;
      writeFileSync(flip.file, damaged);
      let outcome;
      try {
        outcome = (await figures()) === expected ? 'same' : 'WRONG';
      } catch (error) {
        outcome = error instanceof KneserError ? error.code : String(error);
      }
      writeFileSync(flip.file, intact);
      process.stdout.write(JSON.stringify({ ...flip, outcome }) + '\\n');
    }`;

  function tryFlips(path: string, lines: readonly string[], flips: readonly Flip[]): Flipped[] {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
      input: JSON.stringify({ path, lines, flips }),
      env: { ...process.env, TMPDIR: cli.temporary },
    });
    onTestFinished(() => {
      // A process that LevelDB ended had no time to tidy up.
      for (const name of readdirSync(cli.temporary)) rmSync(join(cli.temporary, name), { recursive: true });
    });
    const outcomes = stdout.toString().trimEnd().split('\n');
    // Fails with the number of the flip that ended the process.
    expect({ stderr: stderr.toString(), ended: flips[outcomes.length] }).toEqual({ stderr: '', ended: undefined });
    return outcomes.map(line => JSON.parse(line) as Flipped);
  }

  /** Flips single bits of a file, evenly spread, one at a time. */
  function spread(file: string, count: number): Flip[] {
    const random = randomNumbers(count);
    const { size } = statSync(file);
    return Array.from({ length: count }, (_, i) => ({
      file,
      at: Math.floor((size * (i + random())) / count),
      mask: 1 << Math.floor(8 * random()),
    }));
  }

  test('in any file of a model is an error, or changes no result', () => {
    const path = copied();
    const pointer = join(path, 'kneser.json');
    const created = readFileSync(pointer, 'utf8').indexOf('created');
    const flips = [
      ...filesOf(path).flatMap(file => spread(file, Math.min(statSync(file).size, file === pointer ? 14 : 7))),
      // A flip that would change only a date.
      { file: pointer, at: created + '"created": "20'.length, mask: 1 },
    ];
    const outcomes = tryFlips(path, TEXT.trimEnd().split('\n'), flips);
    for (const { file, at, mask, outcome } of outcomes) {
      // A table file has bytes that no value needs: those of LevelDB's own checksums.
      const allowed = /kneser\.json$|\.ldb$/.test(file) ? /^(same|KNESER_DAMAGED)$/ : /^KNESER_DAMAGED$/;
      expect({ file, at, mask, outcome }).toMatchObject({ outcome: expect.stringMatching(allowed) as string });
    }
    expect(outcomes.at(-1)?.outcome).toBe('KNESER_DAMAGED');
  });

  test('in a large file is an error or changes no result, also in the index of LevelDB', async () => {
    const path = await model(large);
    const [file] = tableFiles(path).filter(name => statSync(name).size > 1 << 18);
    const lines = readFileSync(large, 'utf8').split('\n', 300);
    const index = indexOf(readFileSync(file));
    const outcomes = tryFlips(path, lines, [
      ...spread(file, 16),
      // Keys of LevelDB's index that are shorter than any key can be: found there, they end the process.
      { file, at: index + 1, mask: readFileSync(file)[index + 1] ^ 3 },
      { file, at: index, mask: 0x40 },
    ]);
    for (const { outcome } of outcomes) expect(outcome).toMatch(/^(same|KNESER_DAMAGED)$/);
    expect(outcomes.filter(({ outcome }) => outcome === 'KNESER_DAMAGED').length).toBeGreaterThan(12);
  });

  /** Where the index of a LevelDB table begins, from the handles in its footer (table_format.md of LevelDB). */
  function indexOf(table: Buffer): number {
    let at = table.length - 48;
    const varint = (): number => {
      for (let value = 0, scale = 1; ; scale *= 128) {
        const byte = table[at++];
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
    };
    varint();
    varint();
    return varint();
  }
});

test('a packed model is closed if what is opened after it is refused', async ({ skip }) => {
  const descriptors = '/proc/self/fd';
  skip(!existsSync(descriptors), 'only Linux lists the open files of a process');
  const [packed, broken] = [cli.fresh('packed'), cli.fresh('broken')];
  await cli.print(['pack', trained, '--out', packed, '-q']);
  const bytes = readFileSync(packed);
  // A name that the manifest has.
  bytes[bytes.indexOf('whitespace')] ^= 1;
  writeFileSync(broken, bytes);
  for (const args of [
    ['annotate', packed, corpus, '--against', 'nowhere'],
    ['export', broken, '--arpa', cli.fresh()],
    ['merge', broken, packed, '--out', cli.fresh()],
  ]) {
    const { status } = await cli.run(args);
    expect(status).toBeGreaterThan(0);
    const open = readdirSync(descriptors).flatMap(name => {
      try {
        return readlinkSync(join(descriptors, name));
      } catch {
        return [];
      }
    });
    expect(open.filter(path => path === packed || path === broken)).toEqual([]);
  }
});

describe('a full disk', () => {
  /** A file system of this many kilobytes. */
  function smallDisk({ skip }: TestContext, kilobytes: number): string {
    const path = cli.fresh('disk');
    mkdirSync(path);
    const options = `size=${kilobytes}k,mode=777`;
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
    skip(status !== 0, 'a small file system can be mounted only by the superuser of Linux');
    onTestFinished(() => {
      spawnSync('umount', [path]);
    });
    return path;
  }

  test('leaves no unfinished model', async context => {
    const disk = smallDisk(context, 600);
    const out = join(disk, 'model');
    const message = await cli.refuse(1, ['train', large, '--out', out, '--quiet']);
    expect(message).toContain(out);
    expect(message).toMatch(/disk is full/);
    expect(readdirSync(disk)).toEqual([]);
    // The folder may be the disk itself, which cannot be removed.
    expect(await cli.refuse(1, ['train', large, '--out', disk, '--quiet'])).toMatch(/disk is full/);
    expect(readdirSync(disk)).toEqual([]);
    await cli.train([corpus, '--out', disk, '--order', '3']);
    expect(await content(disk)).toEqual(await content(trained));
  });

  test('keeps the model that was to be replaced', async context => {
    const out = join(smallDisk(context, 600), 'model');
    await cli.train([corpus, '--out', out, '--order', '3']);
    const before = snapshot(out);
    expect(await cli.refuse(1, ['train', large, '--out', out, '--force', '--quiet'])).toMatch(/disk is full/);
    expect(snapshot(out)).toEqual(before);
  });

  test('in the folder for temporary files does not prevent opening a model, because its files are linked', async context => {
    const disk = smallDisk(context, 8);
    expect(await cli.print(['inspect', trained], { env: { TMPDIR: disk } })).toContain('tokens');
    expect(readdirSync(disk)).toEqual([]);
  });

  test('is told from a missing folder for temporary files, which is named by its path', async () => {
    const nowhere = join(cli.folder, 'nowhere');
    const where = (folder: string): RegExp => new RegExp(`${folder}: a temporary file cannot be made .* set TMPDIR to`);
    expect(await cli.refuse(2, ['inspect', trained], { env: { TMPDIR: nowhere } })).toMatch(where(nowhere));
    const file = cli.file('no folder');
    expect(await cli.refuse(2, ['inspect', trained], { env: { TMPDIR: file } })).toMatch(where(file));
  });
});

test('a missing file is said to be missing, whatever letters its name has', async () => {
  for (const name of ['goldenfile.txt', 'EMFILES.txt', 'enfile']) {
    expect(await cli.refuse(2, ['perplexity', trained, join(cli.folder, name)])).toContain('there is no such file');
  }
});

describe('without permission', () => {
  const isRoot = process.getuid?.() === 0;
  /** The user who runs the command line: never the superuser, who may read and write everything. */
  const user = isRoot ? 65534 : undefined;

  let runs = false;
  beforeAll(async () => {
    chmodSync(cli.folder, 0o755);
    chmodSync(cli.temporary, 0o777);
    runs = (await cli.run(['--version'], { user })).status === 0;
  });

  /** Skips the test if the system has no such rights, or if the user without rights cannot even run the command line. */
  function needRights({ skip }: TestContext): void {
    skip(process.platform === 'win32', 'Windows has other rights');
    skip(!runs, 'the repository lies where no other user can read it');
  }

  /** A model that belongs to the user without rights. */
  async function ownModel(): Promise<string> {
    const outer = cli.fresh('outer');
    mkdirSync(outer);
    chmodSync(outer, 0o777);
    const path = join(outer, 'model');
    await cli.train([corpus, '--out', path, '--order', '3'], { user });
    return path;
  }

  test('to read it, a text is refused by name', async context => {
    needRights(context);
    const text = cli.file(TEXT);
    chmodSync(text, 0o000);
    const folder = cli.fresh('folder');
    mkdirSync(folder);
    chmodSync(folder, 0o000);
    const outer = cli.fresh('outer');
    mkdirSync(outer);
    chmodSync(outer, 0o777);
    const out = join(outer, 'model');
    for (const path of [text, folder]) {
      expect(await cli.refuse(2, ['train', path, '--out', out, '--quiet'], { user })).toContain(path);
      expect(await cli.refuse(2, ['perplexity', trained, path], { user })).toContain(path);
      expect(await cli.refuse(2, ['score', trained, path], { user })).toContain(path);
    }
    expect(readdirSync(outer)).toEqual([]);
  });

  test('to write there, training is refused', async context => {
    needRights(context);
    const outer = cli.fresh('outer');
    mkdirSync(outer);
    chmodSync(outer, 0o555);
    const out = join(outer, 'model');
    const message = await cli.refuse(2, ['train', corpus, '--out', out], { user });
    expect(message).toContain(out);
    expect(message).toMatch(/permission/);
    const own = await ownModel();
    chmodSync(own, 0o555);
    expect(await cli.refuse(2, ['train', corpus, '--out', own, '--force'], { user })).toMatch(/permission/);
    expect(await content(own)).toEqual(await content(trained));
  });

  test('to write to its folder, a model can still be read', async context => {
    needRights(context);
    const own = await ownModel();
    for (const entry of readdirSync(own, { recursive: true, withFileTypes: true })) {
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o555 : 0o444);
    }
    chmodSync(own, 0o555);
    const before = snapshot(own);
    const expected = await cli.print(['score', trained, corpus, '--json']);
    expect(await cli.print(['score', own, corpus, '--json'], { user })).toBe(expected);
    expect(snapshot(own)).toEqual(before);
  });

  test('to read one of its files, a model is refused by its path', async context => {
    needRights(context);
    const own = await ownModel();
    const [table] = tableFiles(own);
    for (const file of [join(own, 'kneser.json'), table, tablesOf(own), own]) {
      const { mode } = statSync(file);
      chmodSync(file, 0o000);
      const message = await cli.refuse(2, ['inspect', own], { user });
      chmodSync(file, mode);
      expect(message).toContain(own);
      expect(message).toMatch(/cannot be read/);
    }
  });

  test('to remove the replaced model, the new model is in use', async context => {
    needRights(context);
    const own = await ownModel();
    chmodSync(tablesOf(own), 0o555);
    await cli.train([cli.file('another text\n'), '--out', own, '--order', '2', '--force'], { user });
    expect(await content(own)).toMatchObject({ order: 2, tokens: 3 });
    chmodSync(tablesOf(own), 0o755);
    await cli.train([corpus, '--out', own, '--order', '3', '--force'], { user });
    expect(readdirSync(own).sort()).toEqual(['generation-3', 'kneser.json']);
  });
});

describe('importing the library', () => {
  interface Imported {
    readonly names: string[];
    readonly commonJs: string[];
    readonly native: string[];
    readonly active: string[];
  }

  /** Imports the library in a process of its own. @returns the modules, threads and handles of that process. */
  function imported(): Imported {
    const program = `
      import { createRequire } from 'node:module';
      const names = Object.keys(await import('${LIBRARY}'));
      const commonJs = Object.keys(createRequire('${import.meta.url}').cache);
      const native = process.report.getReport().sharedObjects.filter(name => name.endsWith('.node'));
      console.log(JSON.stringify({ names, commonJs, native, active: process.getActiveResourcesInfo() }));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    });
    expect(stderr.toString()).toBe('');
    return JSON.parse(stdout.toString()) as Imported;
  }

  test('loads no LevelDB and no optional dependency, starts no worker, and does not keep the process running', () => {
    const { names, commonJs, native, active } = imported();
    expect(names).toContain('train');
    expect(native).toEqual([]);
    const packages = commonJs.map(path => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
    for (const name of ['level', 'classic-level', 'cli-progress', 'cli-table3', 'commander']) {
      expect(packages).not.toContain(name);
    }
    expect(active).not.toContain('MessagePort');
    expect(active).not.toContain('Worker');
  });
});

// The last test: it checks that no other test left a file.
test('nothing is left in the folder for temporary files', () => {
  expect(readdirSync(cli.temporary)).toEqual([]);
});
