import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects at once what is not used any more. V8 does it when its own heap is full, and arrays are outside of that: it lets
 * tens of megabytes of them lie about, however little memory there is to be.
 */
export function collect(): void {
  gc ??= findCollector();
  gc();
  // Gives back the pages that the first left empty.
  gc();
}

let gc: (() => void) | undefined;

/** V8's own function, which only a new context has, and only with this flag. */
function findCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('globalThis.gc');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? (found as () => void) : () => undefined;
}
