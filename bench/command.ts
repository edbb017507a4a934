import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { KneserError } from '../src/base/errors.js';

/** An error that the caller must correct, such as a wrong option: exit code 2, and no stack trace. */
export class UsageError extends Error {}

/**
 * Runs a command of this folder to its end, and sets the exit code: the result of `act`; the code of a `KneserError`; 2 for a
 * {@link UsageError} and for arguments that `parseArgs` refuses; 130 when interrupted; 1 for any other error.
 *
 * @param name the name of the command, for messages.
 * @param act does the work. Gets a folder for temporary files, which is always removed, and a signal that is aborted on Ctrl-C.
 */
export async function runCommand(
  name: string,
  act: (folder: string, signal: AbortSignal) => Promise<number>,
): Promise<void> {
  const controller = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), 'kneser-bench-'));
  for (const interrupt of ['SIGINT', 'SIGTERM'] as const) process.on(interrupt, () => controller.abort());
  try {
    process.exitCode = await act(folder, controller.signal);
  } catch (error) {
    const interrupted = controller.signal.aborted;
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${name}: ${interrupted ? 'interrupted' : message}\n`);
    process.exitCode = interrupted ? 130 : exitCodeOf(error);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  // A measurement that was interrupted still has timers.
  if (controller.signal.aborted) process.exit(130);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof KneserError) return error.exitCode;
  const { code } = error as NodeJS.ErrnoException;
  return error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS') ? 2 : 1;
}

/** Lets an interruption arrive: a loop that waits for nothing else would keep it out. @throws the reason of the signal once it is aborted. */
export async function checkInterrupted(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}

/** The whole number of a flag. @throws UsageError if the text is none from `least` to `most`. */
export function wholeNumber(flag: string, text: string, least = 1, most: number = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `of at least ${least}`;
  throw new UsageError(`${flag} ${text}: give a whole number ${range}`);
}

/** The engine and the machine, on which figures depend. */
export function machine(): { node: string; platform: string; cpu: string } {
  return { node: process.version, platform: `${process.platform} ${process.arch}`, cpu: cpus()[0].model };
}
