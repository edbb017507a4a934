import { abortedError, checkAborted } from './errors.js';

/** Waits for work that goes on for others, until a signal aborts the waiting. @param name of the work, for the message. @throws KNESER_ABORTED */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, name: string): Promise<T> {
  if (!signal) return work;
  checkAborted(signal, name);
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortedError(name, signal.reason));
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
