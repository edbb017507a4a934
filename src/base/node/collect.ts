import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of typed arrays from which on a collection is worth its time, 30 to 100 ms. */
const WORTH_COLLECTING = 16 << 20;

/**
 * Collects garbage at once, unless typed arrays take less than 16 MB. By itself V8 collects when its heap is full, but the memory of typed
 * arrays is outside of this heap: tens of megabytes of unused arrays can remain, more than a small --memory allows.
 *
 * @param pages whether to collect twice, which makes V8 return empty pages of its heap to the system.
 */
export function collect(pages: boolean): void {
  if (process.memoryUsage().arrayBuffers < WORTH_COLLECTING) return;
  gc ??= findCollector();
  gc();
  if (pages) gc();
}

let gc: (() => void) | undefined;

/** V8's function `gc`, from a context that is made while the flag `--expose-gc` is set. */
function findCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('globalThis.gc');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? (found as () => void) : () => undefined;
}
