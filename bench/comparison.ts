import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readBytes } from '../src/text/formats/bytes.js';
import { Tokenizer } from '../src/text/tokenizer.js';
import { NEWLINE, UNK } from '../src/text/tokens.js';
import { WordList } from '../src/text/word-list.js';
import { run, type RunOptions, type Usage } from './child.js';
import { UsageError } from './command.js';
import { median } from './median.js';
import { PROGRAM } from './program.js';
import { measureSteady, STEADY_ROUNDS } from './steady.js';

/** The speed of scoring in the long run is measured on copies of the test text, which is repeated until they have at least this many bytes. */
const STEADY_BYTES = 32e6;
/** The name of the file with these copies. */
const COPIES = 'copies.txt';
/** `--growth` also measures training on the beginning of the text; the whole text is this many times as long. */
const GROWTH = 8;

/** The figures of the test text that both tools report; `null` for an undefined figure. */
export interface Perplexities {
  readonly oov: number;
  readonly tokens: number;
  readonly perplexity: number | null;
  readonly perplexityExcludingOov: number | null;
}

/** The figures of one run of one tool, kneser or KenLM. */
export interface Measured {
  readonly train: Usage;
  /** Only for KenLM: the two commands of training. `train` has the sum of their times and the larger peak. */
  readonly trainParts?: { readonly lmplz: Usage; readonly buildBinary: Usage };
  readonly modelBytes: number;
  readonly score: Usage;
  readonly perplexities: Perplexities;
  /** Speed of scoring in the long run, on one thread [tokens/s]; `null` if scoring took no longer than loading. */
  readonly steadyTokensPerSecond: number | null;
  /** Only for kneser: the speed with one thread for each core [tokens/s]. */
  readonly steadyTokensPerSecondAllCores?: number;
}

/** KenLM's quantised trie: time and memory of building it from the ARPA file, and its size. */
export interface Trie extends Usage {
  /** Size of the file [bytes]. */
  readonly bytes: number;
}

/** Time of training for each megabyte of text [s/MB]. */
export interface Growth {
  /** Of the training on the beginning of the text. */
  readonly beginning: number;
  /** Of the training on the whole text. */
  readonly all: number;
}

/** The two tools, the texts, and the options of the comparison. */
export interface Settings {
  /** The folder of KenLM's programs. */
  readonly kenlm: string;
  /** The path of the training text. */
  readonly train: string;
  /** The path of the test text. */
  readonly test: string;
  readonly order: number;
  /** The value of `kneser train --memory`. */
  readonly memory: string;
  /** The value of `lmplz -S`. */
  readonly kenlmMemory: string;
}

/** Runs the commands of a comparison. Each method measures one step of one tool; `prepare` must be the first call. */
export class Comparison {
  /** The folder of kneser's model. */
  private readonly model: string;
  /** The path of KenLM's ARPA file. */
  private readonly arpa: string;
  /** The path of KenLM's binary model, a probing hash table (Heafield 2011). */
  private readonly probing: string;
  /** The path of the copies of the test text, and their number. */
  private readonly copies: string;
  private copyCount = 1;
  private readonly options: RunOptions;
  /** The paths of the texts that both tools read. */
  private trainPath: string;
  private testPath: string;

  constructor(
    private readonly settings: Settings,
    private readonly folder: string,
    signal: AbortSignal,
  ) {
    this.model = join(folder, 'kneser');
    this.arpa = join(folder, 'kenlm.arpa');
    this.probing = join(folder, 'kenlm.probing');
    this.copies = join(folder, COPIES);
    this.trainPath = settings.train;
    this.testPath = settings.test;
    // Interrupted commands leave temporary files. In `folder` they are removed with it.
    this.options = { signal, env: { ...process.env, TMPDIR: folder } };
  }

  /**
   * Reads both texts, and writes a plain copy of a text that the two tools would read differently.
   *
   * @returns the number of tokens `<unk>` in both texts.
   */
  async prepare(): Promise<number> {
    const { train, test } = this.settings;
    const trainText = await survey(train);
    const testText = await survey(test);
    if (!trainText.isPlain) this.trainPath = await this.writeCopies(train, 1, 'train.txt');
    if (!testText.isPlain) this.testPath = await this.writeCopies(test, 1, 'test.txt');
    this.copyCount = Math.max(1, Math.ceil(STEADY_BYTES / testText.bytes));
    await this.writeCopies(test, this.copyCount, COPIES);
    return trainText.unknown + testText.unknown;
  }

  private async writeCopies(path: string, count: number, name: string): Promise<string> {
    const copies = join(this.folder, name);
    await pipeline(copiesOf(path, count), createWriteStream(copies));
    return copies;
  }

  /** Trains kneser's model. */
  async trainKneser() {
    const { order, memory } = this.settings;
    const args = [
      'train',
      this.trainPath,
      '--out',
      this.model,
      '--order',
      `${order}`,
      '--memory',
      memory,
      '--quiet',
      '--force',
    ];
    await rm(this.model, { recursive: true, force: true });
    const { seconds, peakBytes } = await this.kneser(args);
    return { train: { seconds, peakBytes }, modelBytes: await bytesOnDisk(this.model) };
  }

  /** Trains kneser with all skip patterns of the order. */
  async trainSkips(): Promise<Usage> {
    const out = join(this.folder, 'skips');
    const args = ['--skip', '--hold-out', '0', '--classes', '0', '--quiet', '--force'];
    const { order, memory } = this.settings;
    const usage = await this.kneser([
      'train',
      this.trainPath,
      '--out',
      out,
      '--order',
      `${order}`,
      '--memory',
      memory,
      ...args,
    ]);
    await rm(out, { recursive: true });
    return usage;
  }

  /** Trains kneser on the beginning of the text, and on the whole text. */
  async growth(): Promise<Growth> {
    const { order, memory } = this.settings;
    const beginning = join(this.folder, 'beginning.txt');
    const { size } = await stat(this.trainPath);
    const end = Math.floor(size / GROWTH);
    await pipeline(createReadStream(this.trainPath, { end: end - 1 }), createWriteStream(beginning));
    const seconds = async (text: string): Promise<number> => {
      const out = join(this.folder, 'growth');
      const args = ['train', text, '--out', out, '--order', `${order}`, '--memory', memory, '--quiet', '--force'];
      const usage = await this.kneser(args);
      await rm(out, { recursive: true });
      return usage.seconds;
    };
    const small = await seconds(beginning);
    await rm(beginning);
    return { beginning: (small / end) * 1e6, all: ((await seconds(this.trainPath)) / size) * 1e6 };
  }

  /** Trains KenLM's model: an ARPA file, and the binary model made from it. */
  async trainKenlm() {
    const { order, kenlmMemory } = this.settings;
    await rm(this.probing, { force: true });
    const args = [
      '-o',
      `${order}`,
      '-S',
      kenlmMemory,
      '-T',
      this.folder,
      '--text',
      this.trainPath,
      '--arpa',
      this.arpa,
    ];
    // Where a text is too small for an estimate, both tools use the discounts 0.5, 1 and 1.5.
    const lmplz = await this.kenlm('lmplz', [...args, '--skip_symbols', '--discount_fallback']);
    const buildBinary = await this.kenlm('build_binary', ['probing', this.arpa, this.probing]);
    const { size: modelBytes } = await stat(this.probing);
    return {
      train: inSequence(lmplz, buildBinary),
      trainParts: { lmplz: usage(lmplz), buildBinary: usage(buildBinary) },
      modelBytes,
    };
  }

  /** Builds KenLM's quantised trie from the ARPA file. */
  async buildTrie(): Promise<Trie> {
    const trie = join(this.folder, 'kenlm.trie');
    const args = ['-q', '8', '-b', '8', '-a', '22', '-T', this.folder, 'trie', this.arpa, trie];
    const { seconds, peakBytes } = await this.kenlm('build_binary', args);
    const { size: bytes } = await stat(trie);
    await rm(trie);
    return { seconds, peakBytes, bytes };
  }

  async removeArpa(): Promise<void> {
    await rm(this.arpa);
  }

  /** Scores the test text with kneser, as a whole command. */
  async scoreKneser() {
    const output = await this.kneser(['perplexity', this.model, this.testPath, '--json']);
    const { total } = JSON.parse(output.stdout) as { total: Perplexities };
    const { oov, tokens, perplexity, perplexityExcludingOov } = total;
    return { score: usage(output), perplexities: { oov, tokens, perplexity, perplexityExcludingOov } };
  }

  /** Scores the test text with KenLM, as a whole command. */
  async scoreKenlm() {
    const output = await this.query(this.testPath);
    return { score: usage(output), perplexities: parseSummary(output.stdout) };
  }

  /** The speed of kneser in the long run [tokens/s], with one thread, and with one thread for each core. */
  async steadyKneser(): Promise<{ one: number; all: number }> {
    const { options } = this;
    const task = { model: this.model, warmUp: this.testPath, text: this.copies, threads: [1, availableParallelism()] };
    const [one, all] = await measureSteady(task, options.env, options.signal);
    return { one, all };
  }

  /**
   * The speed of KenLM's `query` in the long run [tokens/s]. `query` does not report its time of loading, so the time that it takes for
   * an empty text is subtracted.
   *
   * @param tokens the number of tokens of the test text.
   */
  async steadyKenlm(tokens: number): Promise<number | null> {
    const rounds: number[] = [];
    for (let round = 0; round < STEADY_ROUNDS; round++) {
      const loading = await this.query(undefined);
      const all = await this.query(this.copies);
      rounds.push(all.seconds - loading.seconds);
    }
    const seconds = median(rounds);
    return seconds > 0 ? (tokens * this.copyCount) / seconds : null;
  }

  private kneser(args: readonly string[]) {
    return run(process.execPath, [PROGRAM, ...args], this.options);
  }

  private kenlm(program: string, args: readonly string[], input?: string) {
    const options = input === undefined ? this.options : { ...this.options, input };
    return run(join(this.settings.kenlm, program), args, options);
  }

  private query(input: string | undefined) {
    return this.kenlm('query', ['-v', 'summary', this.probing], input);
  }
}

/** The properties of a text on which the comparison depends. */
interface Survey {
  /** Length of the text, decompressed [bytes]. */
  readonly bytes: number;
  /** Number of tokens `<unk>` in the text. */
  readonly unknown: number;
  /** Whether both tools read the file alike: KenLM drops the `</s>` of a last line without line end, and may not read gzip. */
  readonly isPlain: boolean;
}

/** Reads a text. @throws UsageError if the text is empty, or if it has tokens `<s>` or `</s>`, which the two tools treat differently. */
async function survey(path: string): Promise<Survey> {
  const reserved = new WordList();
  let unknown = 0;
  let marks = 0;
  let bytes = 0;
  let last = NEWLINE;
  const tokenizer = new Tokenizer({
    token: (text, from, to, hash) => {
      const word = reserved.find(text, from, to, hash);
      if (word === UNK) unknown++;
      else if (word > 0) marks++;
    },
    line: () => undefined,
  });
  for await (const chunk of readBytes(path)) {
    tokenizer.feed(chunk);
    bytes += chunk.length;
    last = chunk[chunk.length - 1];
  }
  tokenizer.end();
  if (bytes === 0) throw new UsageError(`${path}: this text is empty`);
  if (marks > 0) throw new UsageError(`${path}: has ${marks} tokens <s> or </s>; remove them: each line is a sentence`);
  return { bytes, unknown, isPlain: last === NEWLINE && (await stat(path)).size === bytes };
}

/** Yields the bytes of a text `count` times, decompressed, each time with a line end after the last line. */
async function* copiesOf(path: string, count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    let last = NEWLINE;
    for await (const chunk of readBytes(path)) {
      last = chunk[chunk.length - 1];
      yield chunk;
    }
    if (last !== NEWLINE) yield Uint8Array.of(NEWLINE);
  }
}

async function bytesOnDisk(folder: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    const stats = await stat(join(folder, name));
    if (stats.isFile()) sum += stats.size;
  }
  return sum;
}

function usage({ seconds, peakBytes }: Usage): Usage {
  return { seconds, peakBytes };
}

/** The usage of two commands that run one after the other: the sum of their times, and the larger peak of memory. */
function inSequence(first: Usage, second: Usage): Usage {
  const known = first.peakBytes !== null && second.peakBytes !== null;
  const peakBytes = known ? Math.max(first.peakBytes, second.peakBytes) : null;
  return { seconds: first.seconds + second.seconds, peakBytes };
}

/** Reads the figures that `query -v summary` prints. */
function parseSummary(text: string): Perplexities {
  const figure = (name: string): number => {
    const match = new RegExp(`^${name}:\\s*(\\S+)$`, 'm').exec(text);
    if (!match) throw new Error(`query: printed no “${name}”:\n${text}`);
    return Number(match[1]);
  };
  return {
    oov: figure('OOVs'),
    tokens: figure('Tokens'),
    perplexity: finite(figure('Perplexity including OOVs')),
    perplexityExcludingOov: finite(figure('Perplexity excluding OOVs')),
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
