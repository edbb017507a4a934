interface Scheduling {
  readonly setImmediate?: (act: () => void) => void;
}

const { setImmediate } = globalThis as Scheduling;

/** Waits until the event loop has run once: signals, timers, messages and the store's writes get their turn. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    // Browsers have no setImmediate. setTimeout(0) is as quick as long as calls are rare: nested ones are delayed by 4 ms.
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve);
  });
}

/** Milliseconds of uninterrupted work, after which the event loop runs once. */
const WORK_MS = 50;

/** Called often within long work. Returns a promise when {@link WORK_MS} have passed; the work awaits it, and the event loop runs meanwhile. */
export type Pause = () => Promise<void> | undefined;

/** Makes a {@link Pause}. @param check called after each run of the event loop; throws to stop the work. */
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
