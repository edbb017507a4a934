/**
 * Memory that other threads can be lent. A page has such memory only if it is isolated from other sites; where there is none,
 * it is memory of this thread.
 */
export function sharedMemory(bytes: number): ArrayBufferLike {
  return canShare() ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/** Whether threads can share memory. */
export function canShare(): boolean {
  return typeof SharedArrayBuffer === 'function';
}
