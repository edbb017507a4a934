import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { PROGRAM } from '../../bench/program.js';
import { cpuSeconds, peakBytes } from '../../bench/usage.js';
import { NODE_FLAGS } from '../support/node-flags.js';

/** In a test, the commands have the flags of the process of the test; the harness measures commands as users run them. */
const FLAGS = process.execArgv.filter(flag => NODE_FLAGS.includes(flag));

/** A command that takes longer than this counts as a hang [ms]. */
const TIME_LIMIT = 120_000;
/** Time between two readings of a command's memory and processor time [ms]. */
const POLL = 5;

/** The moment at which a command is killed: in milliseconds after its start, or after it first wrote a certain line to standard error. */
export interface KillMoment {
  readonly after: number;
  readonly line?: string;
  /** The signal. Default SIGKILL. */
  readonly signal?: NodeJS.Signals;
}

/** Options of running a command. */
export interface CommandOptions {
  readonly cwd?: string;
  /** The folder for its temporary files. */
  readonly temporary?: string;
  /** The user who runs it. */
  readonly uid?: number;
  /** The most files that it may have open. */
  readonly descriptors?: number;
  readonly input?: string;
  /** An open file for its standard output. */
  readonly output?: number;
  readonly kill?: KillMoment | undefined;
  /** Time after which it counts as a hang and is killed [ms]; 0 for no limit. */
  readonly timeLimit?: number;
}

/** The end of a command: exit code, output, memory and time. */
export interface CommandResult {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
  /** Time from the signal of `kill` to the end of the command [ms]; `undefined` if the command ended before. */
  readonly killedFor: number | undefined;
  /** The largest resident set [bytes], and the processor time on all cores [s]; `undefined` if the system does not tell. */
  readonly peakBytes: number | undefined;
  readonly cpuSeconds: number | undefined;
}

/** Runs `kneser` in a process of its own, to its end or until it is killed. */
export async function kneser(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { cwd, temporary, uid, descriptors, input = '', output, kill, timeLimit = TIME_LIMIT } = options;
  const command = [process.execPath, ...FLAGS, PROGRAM, ...args];
  const limited = descriptors ? ['bash', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'bash', ...command] : command;
  const started = performance.now();
  const child = spawn(limited[0], limited.slice(1), {
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
    env: { ...process.env, ...(temporary === undefined ? {} : { TMPDIR: temporary }) },
    stdio: ['pipe', output ?? 'pipe', 'pipe'],
    timeout: timeLimit,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A command that ends early does not read its input.
  child.stdin?.on('error', () => undefined).end(input);
  let killed: number | undefined;
  if (kill) killAt(child, kill, () => (killed = performance.now()));
  let [peak, cpu]: (number | undefined)[] = [];
  const poll = setInterval(() => {
    peak = peakBytes(child.pid) ?? peak;
    cpu = cpuSeconds(child.pid) ?? cpu;
  }, POLL);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    const ended = performance.now();
    return {
      code: code ?? signal ?? 'lost',
      stdout,
      stderr,
      milliseconds: ended - started,
      killedFor: killed === undefined ? undefined : ended - killed,
      peakBytes: peak,
      cpuSeconds: cpu,
    };
  } finally {
    clearInterval(poll);
  }
}

function killAt(child: ChildProcess, { after, line, signal = 'SIGKILL' }: KillMoment, onKill: () => void): void {
  const begin = (): void => {
    const timer = setTimeout(() => {
      onKill();
      child.kill(signal);
    }, after);
    child.once('close', () => clearTimeout(timer));
  };
  if (line === undefined) {
    begin();
    return;
  }
  let text = '';
  const look = (chunk: string): void => {
    text += chunk;
    if (!text.includes(line)) return;
    child.stderr?.off('data', look);
    begin();
  };
  child.stderr?.on('data', look);
}

/**
 * Judges the failure of a command: it must end with the exit code, and say why in one line for people.
 *
 * @returns the fault of the failure in words; `undefined` if there is none.
 */
export function judgeFailure(
  { code, stderr }: Pick<CommandResult, 'code' | 'stderr'>,
  expected: number,
  message: RegExp,
): string | undefined {
  const shown = stderr.trim().split('\n').slice(-3).join(' | ');
  if (code !== expected) return `ended with ${code} instead of ${expected}: ${shown}`;
  if (/^\s+at /m.test(stderr)) return `a stack trace: ${shown}`;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  return last.startsWith('kneser: ') && message.test(stderr) ? undefined : `says ${shown}`;
}
