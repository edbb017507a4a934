import { expect, test } from 'vitest';
import { train } from '#kneser/native-free/train.js';

test('a stream whose read is pending is cancelled and released', async () => {
  const controller = new AbortController();
  let cancelled = 0;
  const stream = new ReadableStream<string>({
    start: queue => queue.enqueue('the cat\n'),
    // The second read is due, and nothing comes.
    pull: queue => (queue.desiredSize === 1 ? queueMicrotask(() => controller.abort('enough')) : undefined),
    cancel: () => void cancelled++,
  });
  await expect(train({ text: stream, signal: controller.signal, order: 2 })).rejects.toMatchObject({
    code: 'KNESER_ABORTED',
  });
  expect([cancelled, stream.locked]).toEqual([1, false]);
});

test('a stream that ends is released', async () => {
  const { signal } = new AbortController();
  const text = new Blob(['the cat\nthe dog\n']).stream();
  const { model } = await train({ text, signal, order: 2 });
  expect([(await model.vocabulary()).has('dog'), text.locked]).toEqual([true, false]);
  await model.close();
});
