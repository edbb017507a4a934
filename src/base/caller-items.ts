import { itemsUnlessAborted } from './unless-aborted.js';

/** The part of a `ReadableStream` that is needed here. */
interface StreamOf<T> {
  getReader(): {
    read(): Promise<IteratorResult<T, unknown>>;
    cancel(): Promise<void>;
    releaseLock(): void;
  };
}

/** As {@link itemsUnlessAborted}; a signal also cancels a `ReadableStream` that owes an item, and releases it. */
export function callerItems<T>(
  items: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal | undefined,
  name: string,
): Iterable<T> | AsyncIterable<T> {
  const isStream = signal && 'getReader' in items;
  return itemsUnlessAborted(isStream ? readFrom(items as unknown as StreamOf<T>) : items, signal, name);
}

/** The items of a stream. The stream's own iterator ends (`return`) only when the read that is pending has ended; this one cancels that read. */
function readFrom<T>(stream: StreamOf<T>): AsyncIterable<T> {
  const reader = stream.getReader();
  const iterator: AsyncIterator<T, unknown> = {
    next: async () => {
      const item = await reader.read();
      if (item.done) reader.releaseLock();
      return item;
    },
    return: async () => {
      const cancelled = reader.cancel();
      reader.releaseLock();
      await cancelled;
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
