import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import { peakBytes } from './usage.js';

/** Milliseconds between two looks at a child's memory. */
const POLL = 5;
/** Characters of a failed command's standard error that are shown. */
const SHOWN_ERROR = 2000;

/** The time and memory that a command took. */
export interface Usage {
  readonly seconds: number;
  /** The largest resident set, in bytes; `null` if the system does not tell it, or the command ended at once. */
  readonly peakBytes: number | null;
}

/** The time and memory that a command took, and its standard output. */
export interface Output extends Usage {
  readonly stdout: string;
}

/** How to run a command. */
export interface RunOptions {
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  /** The file that is its standard input; empty if not given. */
  readonly input?: string;
}

/**
 * Runs a command to its end. Its memory is `VmHWM`, the peak that Linux records for a process, read every 5 ms: memory that
 * the command takes only in its last milliseconds may be missed.
 *
 * @throws Error with the end of its standard error where it fails; the signal's reason, once the command has ended.
 */
export async function run(
  command: string,
  args: readonly string[],
  { signal, env, input }: RunOptions,
): Promise<Output> {
  signal.throwIfAborted();
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
  try {
    return await new Promise<Output>((resolve, reject) => {
      const started = performance.now();
      const child = spawn(command, args, { stdio: [stdin, 'pipe', 'pipe'], env });
      let peak: number | null = null;
      const poll = setInterval(() => (peak = peakBytes(child.pid) ?? peak), POLL);
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
          const how = code === null ? (killedBy ?? 'an unknown end') : `exit code ${code}`;
          if (signal.aborted) reject(signal.reason as Error);
          else if (code === 0) resolve({ seconds, peakBytes: peak, stdout });
          else reject(new Error(`${[basename(command), ...args].join(' ')}: ${how}\n${stderr.trimEnd()}`));
        }),
      );
    });
  } finally {
    if (stdin !== 'ignore') closeSync(stdin);
  }
}
