import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import { peakBytes } from './usage.js';

/** Time between two readings of the memory of a child process [ms]. */
const POLL_INTERVAL = 5;
/** An error message has this many last characters of the standard error of a failed command. */
const SHOWN_ERROR = 2000;

/** The time and memory that a command took. */
export interface Usage {
  readonly seconds: number;
  /** The largest resident set [bytes]; `null` if the system does not tell it, or the command ended at once. */
  readonly peakBytes: number | null;
}

/** The time and memory that a command took, and its standard output. */
export interface Output extends Usage {
  readonly stdout: string;
}

/** Options of {@link run}. */
export interface RunOptions {
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  /** The file that the command gets as standard input. Default: standard input is empty. */
  readonly input?: string;
}

/**
 * Runs a command to its end. Reads its memory every 5 ms: `VmHWM`, the peak that Linux records for a process. So the peak may lack
 * memory that the command takes only in its last milliseconds.
 *
 * @throws Error with the end of the standard error, if the command fails; after an abort, the reason of the signal, once the command
 *   has ended.
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
      const poll = setInterval(() => (peak = peakBytes(child.pid) ?? peak), POLL_INTERVAL);
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
