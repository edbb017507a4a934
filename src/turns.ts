/** Milliseconds that work may go on before signals, timers and writes have their turn. */
const WORK_MS = 50;

/** Called often within long work: now and then gives a promise to wait for, in which other things have their turn. */
export type Pause = () => Promise<void> | undefined;

/** @param check called after each turn; stops the work by throwing. */
export function pauses(check: () => void): Pause {
  let last = performance.now();
  return () => {
    if (performance.now() - last < WORK_MS) return undefined;
    return new Promise<void>(resolve => setImmediate(resolve)).then(() => {
      last = performance.now();
      check();
    });
  };
}
