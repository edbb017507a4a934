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

/** Milliseconds that work may go on before others have their turn. */
const WORK_MS = 50;

/** Called often within long work: now and then gives a promise to wait for, in which others have their turn. */
export type Pause = () => Promise<void> | undefined;

/** @param check called after each turn; stops the work by throwing. */
export function pauses(check: () => void = () => undefined): Pause {
  let last = performance.now();
  return () => {
    if (performance.now() - last < WORK_MS) return undefined;
    return nextTurn().then(() => {
      last = performance.now();
      check();
    });
  };
}
