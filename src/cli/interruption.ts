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
      if (abort.signal.aborted || !isAwaited) process.exit(INTERRUPTED);
      abort.abort();
    });
  }
}
