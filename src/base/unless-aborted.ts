import { abortedError, checkAborted } from './errors.js';

/** Waits for work that goes on for others, until a signal aborts the waiting. @param name of the work, for the message. @throws KNESER_ABORTED */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, name: string): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abortedError(name, signal.reason));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.finally(() => signal.removeEventListener('abort', stop)).then(resolve, reject);
  });
}

/**
 * The items of a caller's iterable, for `for await`. While an asynchronous iterable owes an item, the signal ends the waiting; the iterable
 * is then told to end (`return`), but not waited for: it may never answer. A synchronous iterable never waits and is returned as it is.
 *
 * @param name of the work, for the message.
 * @throws KNESER_ABORTED
 */
export function itemsUnlessAborted<T>(
  items: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal | undefined,
  name: string,
): Iterable<T> | AsyncIterable<T> {
  return signal && Symbol.asyncIterator in items ? abortable(items, signal, name) : items;
}

async function* abortable<T>(
  items: AsyncIterable<T>,
  signal: AbortSignal,
  name: string,
): AsyncGenerator<T, void, void> {
  const iterator = items[Symbol.asyncIterator]();
  let isDue = true;
  let fail: (error: unknown) => void;
  const stop = (): void => fail(abortedError(name, signal.reason));
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      checkAborted(signal, name);
      // One listener for all items, and no race of promises: that would take as long as to tokenize a sentence.
      const item = await new Promise<IteratorResult<T, unknown>>((resolve, reject) => {
        fail = reject;
        Promise.resolve(iterator.next()).then(resolve, reject);
      });
      if (item.done) return;
      isDue = false;
      yield item.value;
      isDue = true;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    const ending = signal.aborted || !isDue ? iterator.return?.() : undefined;
    if (signal.aborted) Promise.resolve(ending).catch(() => undefined);
    else await ending;
  }
}
