import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the caller must change: exit code 2, and no stack. */
export class UsageError extends Error {}

/**
 * Runs a command of this folder to its end, and sets the exit code: what `act` returns, 2 for a {@link UsageError} and
 * for arguments that `parseArgs` refuses, 130 when interrupted, 1 for any other error.
 *
 * @param act gets a folder for its temporary files, which is removed whatever happens, and the signal that it is to stop.
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
    process.exitCode = interrupted ? 130 : isUsageError(error) ? 2 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  // A measurement that was interrupted still has timers.
  if (controller.signal.aborted) process.exit(130);
}

function isUsageError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS') === true;
}
