/** Exit code of a command that was interrupted. */
const INTERRUPTED = 130;

const abort = new AbortController();
let isAwaited = false;

/**
 * For commands that write files: the signal on which they stop by themselves and remove what is unfinished. Commands that
 * do not ask for it are ended at once.
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
