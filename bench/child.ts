import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Milliseconds between two looks at a child's memory. */
const POLL = 5;
/** Characters of a failed command's standard error that are shown. */
const SHOWN_ERROR = 2000;

/** What a command took. */
export interface Usage {
  readonly seconds: number;
  /** The largest resident set, in bytes; `null` where the system does not tell, or the command ended at once. */
  readonly peakBytes: number | null;
}

/** What a command took and printed. */
export interface Output extends Usage {
  readonly stdout: string;
}

/** The same of a command that may have failed. */
export interface Attempt extends Output {
  /** Its exit code, or the signal that ended it. */
  readonly ended: number | string;
  /** The end of its standard error. */
  readonly stderr: string;
  /** Time on all cores; `null` where the system does not tell. */
  readonly cpuSeconds: number | null;
}

/** How to run a command. */
export interface RunOptions {
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  /** The file that is its standard input; empty if not given. */
  readonly input?: string;
}

/**
 * Runs a command to its end.
 *
 * @throws Error with the end of its standard error where it fails; the signal's reason, once the command has ended.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Output> {
  const attempt = await tryToRun(command, args, options);
  if (attempt.ended === 0) return attempt;
  const how = typeof attempt.ended === 'number' ? `exit code ${attempt.ended}` : attempt.ended;
  throw new Error(`${[basename(command), ...args].join(' ')}: ${how}\n${attempt.stderr.trimEnd()}`);
}

/**
 * Runs a command to its end, whatever that is. Its memory is the `VmHWM` that Linux keeps of a process, looked at every 5 ms:
 * what it takes only in its last moments may be missed.
 *
 * @throws the signal's reason, once the command has ended; Error where it cannot be started.
 */
export async function tryToRun(
  command: string,
  args: readonly string[],
  { signal, env, input }: RunOptions,
): Promise<Attempt> {
  signal.throwIfAborted();
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
  try {
    return await new Promise<Attempt>((resolve, reject) => {
      const started = performance.now();
      const child = spawn(command, args, { stdio: [stdin, 'pipe', 'pipe'], env });
      const { pid } = child;
      let peakBytes: number | null = null;
      let cpuSeconds: number | null = null;
      const poll = setInterval(() => {
        peakBytes = peakOf(pid) ?? peakBytes;
        cpuSeconds = cpuOf(pid) ?? cpuSeconds;
      }, POLL);
      const stop = (): void => void child.kill();
      signal.addEventListener('abort', stop);
      let stdout = '';
      let stderr = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-SHOWN_ERROR)));
      let seconds = 0;
      child.on('exit', () => (seconds = (performance.now() - started) / 1000));
      const settle = (act: () => void): void => {
        clearInterval(poll);
        signal.removeEventListener('abort', stop);
        act();
      };
      child.on('error', error => settle(() => reject(error)));
      child.on('close', (code, killedBy) =>
        settle(() => {
          if (signal.aborted) reject(signal.reason as Error);
          else resolve({ seconds, peakBytes, cpuSeconds, stdout, stderr, ended: code ?? killedBy ?? 'an unknown end' });
        }),
      );
    });
  } finally {
    if (stdin !== 'ignore') closeSync(stdin);
  }
}

/** The peak of a process's resident set so far; `undefined` where there is none to be read. */
function peakOf(pid: number | undefined): number | undefined {
  if (process.platform !== 'linux' || pid === undefined) return undefined;
  try {
    const match = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return match ? Number(match[1]) * 1024 : undefined;
  } catch {
    return undefined; // It has just ended.
  }
}

/** Hundredths of a second are what Linux counts a process's time in, whatever the machine. */
const TICK = 0.01;

/** The time of a process on all cores so far. */
function cpuOf(pid: number | undefined): number | undefined {
  if (process.platform !== 'linux' || pid === undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in brackets, may hold anything; user and system time are the 14th and 15th field of all.
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return TICK * (Number(user) + Number(system));
  } catch {
    return undefined; // It has just ended.
  }
}
