import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects garbage at once. V8 collects when its own heap is full; the memory of typed arrays is outside of that heap, so tens of
 * megabytes of unused arrays can remain: more than a small --memory allows.
 *
 * @param pages whether to collect twice, after which V8 returns empty pages to the system.
 */
export function collect(pages: boolean): void {
  gc ??= findCollector();
  gc();
  if (pages) gc();
}

let gc: (() => void) | undefined;

/** V8's function `gc`: a context that is made while this flag is set has it. */
function findCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('globalThis.gc');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? (found as () => void) : () => undefined;
}
