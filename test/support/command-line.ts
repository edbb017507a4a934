import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { expect } from 'vitest';
import { PROGRAM } from '#kneser/bench/program.js';
import { runCommandLine } from '#kneser/src/cli/run.js';
import { temporaryFolder } from './models.js';
import { NODE_FLAGS } from './node-flags.js';

/** Options of a run of the command line. */
export interface RunOptions {
  /** Standard input; empty unless given. */
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: number | undefined;
  /** An open file for standard output. */
  readonly output?: number;
}

/** Whether options say something about the process, such as its working folder: the command then needs a process of its own. */
function needsProcess({ cwd, env, user, output }: RunOptions): boolean {
  return [cwd, env, user, output].some(option => option !== undefined);
}

/** The end of a run of the command line: exit code and output. */
export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when the last run in this process ends, because only one command may run in it at a time. */
let last: Promise<unknown> = Promise.resolve();

/** The command line, and a folder for its inputs and outputs. */
export class CommandLine {
  /** Removed when the tests of the file are over. */
  readonly folder: string;
  /** Where the commands have their temporary files. */
  readonly temporary: string;
  private serial = 0;

  constructor(name: string) {
    this.folder = temporaryFolder(name);
    this.temporary = join(this.folder, 'temporary');
    mkdirSync(this.temporary);
  }

  /** A path in the folder at which no file exists. */
  fresh(name = 'model'): string {
    return join(this.folder, `${name}-${++this.serial}`);
  }

  /** A new file in the folder. */
  file(content: string | Uint8Array, ending = '.txt'): string {
    const path = this.fresh('text') + ending;
    writeFileSync(path, content);
    return path;
  }

  /** Starts a command in a process of its own, as users do. The caller ends its standard input. */
  start(args: readonly string[], options: Omit<RunOptions, 'output'> = {}): ChildProcessWithoutNullStreams {
    return this.spawn(args, options) as ChildProcessWithoutNullStreams;
  }

  private spawn(args: readonly string[], options: RunOptions): ChildProcess {
    const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], {
      stdio: ['pipe', options.output ?? 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
      env: { ...process.env, TMPDIR: this.temporary, ...options.env },
    });
    // A command may end before it has read all its input.
    child.stdin?.on('error', () => undefined);
    return child;
  }

  /** Runs a command to its end: in this process, or, if an option concerns the process, in a process of its own. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    if (needsProcess(options)) return this.runAsProcess(args, options);
    const run = last.then(() => this.runHere(args, options.input));
    last = run.catch(() => undefined);
    return run;
  }

  /** Runs a command to its end in a process of its own, as users do. */
  async runAsProcess(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    const child = this.spawn(args, options);
    child.stdin?.end(options.input ?? '');
    return outcome(child);
  }

  private async runHere(args: readonly string[], input: string | Uint8Array = ''): Promise<Run> {
    const stdin = Readable.from(input.length === 0 ? [] : [Buffer.from(input)]);
    const [stdout, stderr] = [new Collector(), new Collector()];
    const { TMPDIR } = process.env;
    process.env.TMPDIR = this.temporary;
    try {
      const status = await runCommandLine(args, { stdin, stdout, stderr });
      return { status, stdout: stdout.text(), stderr: stderr.text() };
    } finally {
      process.env.TMPDIR = TMPDIR;
    }
  }

  /** Runs a command, checks that it succeeds, and returns its standard output. */
  async print(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.run(args, options);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  }

  /** Runs a command with `--json`, and returns the JSON objects that it prints, one a line. */
  async json<T>(args: readonly string[], options: RunOptions = {}): Promise<T[]> {
    return parseLines<T>(await this.print([...args, '--json'], options));
  }

  /** Runs `train`, and checks that nothing is written to standard error. */
  async train(args: readonly string[], options: RunOptions = {}): Promise<void> {
    expect(await this.run(['train', ...args, '--quiet'], options)).toEqual({ status: 0, stdout: '', stderr: '' });
  }

  /** Runs a command, checks that it fails with an exit code and prints nothing to standard output, and returns its message. */
  async refuse(status: number, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const run = await this.run(args, options);
    expect(run).toMatchObject({ status, stdout: '' });
    // The message must be for people: no stack trace, and no message of an internal error.
    expect(run.stderr).not.toMatch(/^ {4}at |Cannot read properties|is not a function|undefined/m);
    return run.stderr;
  }
}

/** A stream that keeps the text written to it. */
class Collector extends Writable {
  private readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** Collects the output of a started command until it ends. */
export async function outcome(child: ChildProcess): Promise<Run> {
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout: stdout(), stderr: stderr() };
}

function collect(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/** Waits until the further output of a stream matches a pattern, and returns that output. */
export function seen(stream: Readable, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (chunk: Buffer): void => {
      text += chunk.toString();
      if (!pattern.test(text)) return;
      stream.off('data', take);
      resolve(text);
    };
    stream.on('data', take);
    stream.once('end', () => reject(new Error(`the stream ended after ${JSON.stringify(text)}`)));
  });
}

/** The objects of a text that has one JSON value a line. */
export function parseLines<T>(text: string): T[] {
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  return lines.map(line => JSON.parse(line) as T);
}

/** The version of the package. */
export function packageVersion(): string {
  const path = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
