interface Scheduling {
  readonly setImmediate?: (act: () => void) => void;
}

const { setImmediate } = globalThis as Scheduling;

/** Waits until the event loop has run once: signals, timers, messages and the store's writes get their turn. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    // Browsers have no setImmediate. setTimeout is as quick, unless calls are nested: those are delayed by 4 ms.
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve);
  });
}

/** The longest work without a run of the event loop [ms]. */
const WORK_MS = 50;

/**
 * A function that long work calls often. When {@link WORK_MS} have passed since the last run of the event loop, it returns a promise. While
 * the work awaits this promise, the event loop runs.
 */
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

/** Runs work to its end: a generator, between whose steps the event loop runs. @param pause as {@link pauses} makes it. */
export async function runInTurns<T>(steps: Iterator<void, T, void>, pause: Pause): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await pause();
  }
}

/** Runs work to its end at once. @param steps as for {@link runInTurns}. */
export function runToEnd<T>(steps: Iterator<void, T, void>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
