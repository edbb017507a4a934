import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects at once what is not used any more. V8 does it when its own heap is full, and arrays are outside of that: it lets
 * tens of megabytes of them lie about, however little memory there is to be.
 *
 * @param pages whether the pages that this leaves empty are given back too.
 */
export function collect(pages: boolean): void {
  gc ??= findCollector();
  gc();
  if (pages) gc();
}

let gc: (() => void) | undefined;

/** V8's own function, which only a new context has, and only with this flag. */
function findCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('globalThis.gc');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? (found as () => void) : () => undefined;
}
