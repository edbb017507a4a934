/** Exit code of a command that was interrupted. */
const INTERRUPTED = 130;

const abort = new AbortController();
let isAwaited = false;

/**
 * The signal for commands that write files: when it is aborted, such a command stops by itself and removes its unfinished files. A
 * command that has not called this function is ended at once by SIGINT and SIGTERM.
 */
export function interruption(): AbortSignal {
  isAwaited = true;
  return abort.signal;
}

/** Stops the command on SIGINT and SIGTERM; a second signal ends the process at once. */
export function stopOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (abort.signal.aborted || !isAwaited) process.exit(INTERRUPTED);
      abort.abort();
    });
  }
}
