/**
 * Memory that threads can share, zeroed. A page has such memory only if it is cross-origin isolated; elsewhere this is memory of
 * one thread.
 */
export function sharedMemory(bytes: number): ArrayBufferLike {
  return canShare() ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/** Whether threads can share memory. */
export function canShare(): boolean {
  return typeof SharedArrayBuffer === 'function';
}
