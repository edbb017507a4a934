interface Scheduling {
  readonly setImmediate?: (act: () => void) => void;
}

const { setImmediate } = globalThis as Scheduling;

/** Lets whatever else waits for this thread have its turn: signals, timers, messages, the store's writes. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    // A page has timers only; they are as soon, if not called too often.
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve);
  });
}
