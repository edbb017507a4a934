/** Exit code of a command that was interrupted. */
const INTERRUPTED = 130;

const abort = new AbortController();
let isAwaited = false;

/**
 * The abort signal for commands that write files: on SIGINT and SIGTERM it is aborted, and the command stops and removes its unfinished
 * files. If a command has not called this function, SIGINT and SIGTERM end the process at once.
 */
export function interruption(): AbortSignal {
  isAwaited = true;
  return abort.signal;
}

/** Stops the command on SIGINT and SIGTERM; a second signal ends the process at once. */
export function stopOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!abort.signal.aborted && isAwaited) {
        abort.abort();
        return;
      }
      // Leaving waits for reads that are under way, and a read of a silent pipe never ends: a further signal kills the process then.
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
      if (abort.signal.aborted) process.kill(process.pid, signal);
      else process.exit(INTERRUPTED);
    });
  }
}
