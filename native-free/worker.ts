import { canShare } from '../src/base/shared-memory.js';
import type { Sentence } from '../src/text/sentences.js';
import { sentError, type TrainReply, type TrainRequest, type WorkerScope } from './messages.js';
import { textSource } from './text.js';
import { startThread } from './threads.js';
import { trainInMemory } from './training.js';

// The worker that trains. The page's own thread sends it the text, and gets progress and the model.
const scope = globalThis as unknown as WorkerScope<TrainRequest, TrainReply>;

/** Bytes of values that are sent in one message. */
const SENT_BYTES = 1 << 22;

type Items = Extract<TrainRequest, { kind: 'items' }>;

let receive: (items: Items) => void = () => undefined;

scope.onmessage = ({ data }) => {
  if (data.kind === 'items') receive(data);
  else void run(data).catch((error: unknown) => scope.postMessage({ kind: 'failed', ...sentError(error) }));
};

async function run(request: Extract<TrainRequest, { kind: 'train' }>): Promise<void> {
  const { text, anyBytes, memory, threads, into, force } = request;
  const options = {
    ...request.options,
    onProgress: (progress: Extract<TrainReply, { kind: 'progress' }>['progress']) =>
      scope.postMessage({ kind: 'progress', progress }),
  };
  const source =
    'whole' in text
      ? textSource(text.whole, anyBytes)
      : text.items === 'sentences'
        ? { sentences: items() as AsyncIterable<Sentence> }
        : textSource(items() as AsyncIterable<string | Uint8Array>, anyBytes);
  const place = { name: into ?? 'the model trained', memory, threads: canShare() ? threads : 1, startThread };
  const { model, report } = await trainInMemory(options, source, place);
  if (into === undefined) await sendValues(model.store.entries());
  else await (await import('./indexeddb.js')).keepModel(model, into, { force });
  scope.postMessage({ kind: 'trained', report, files: model.files });
}

/** The items of a text, asked for as they are needed. */
async function* items(): AsyncGenerator<Sentence | Uint8Array> {
  for (;;) {
    const { items, done } = await new Promise<Items>(resolve => {
      receive = resolve;
      scope.postMessage({ kind: 'more' });
    });
    yield* items;
    if (done) return;
  }
}

async function sendValues(values: AsyncIterable<readonly [Uint8Array, Uint8Array]>): Promise<void> {
  let entries: (readonly [Uint8Array, Uint8Array])[] = [];
  let bytes = 0;
  for await (const entry of values) {
    entries.push(entry);
    bytes += entry[1].length;
    if (bytes < SENT_BYTES) continue;
    scope.postMessage({ kind: 'values', entries });
    entries = [];
    bytes = 0;
  }
  scope.postMessage({ kind: 'values', entries });
}
