/**
 * Zeroed memory that threads can share. In a web page that is not cross-origin isolated it is ordinary memory, for one thread.
 */
export function sharedMemory(bytes: number): ArrayBufferLike {
  return canShare() ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/** Whether threads can share memory. */
export function canShare(): boolean {
  return typeof SharedArrayBuffer === 'function';
}
