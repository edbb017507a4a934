import { canShare } from '../src/base/shared-memory.js';
import type { Sentence } from '../src/text/sentences.js';
import { sentError, type TextPart, type TrainReply, type TrainRequest, type WorkerScope } from './messages.js';
import { textSource } from './text.js';
import { startThread } from './threads.js';
import { trainInMemory } from './training.js';

// The worker that trains. The thread of the page sends the text to the worker, and gets progress and the model from it.
const scope = globalThis as unknown as WorkerScope<TrainRequest, TrainReply>;

/** About how many bytes of values one message has. */
const BYTES_A_MESSAGE = 1 << 22;

type Parts = Extract<TrainRequest, { kind: 'parts' }>;

/** Called with each message that has parts of the text. */
let receive: (message: Parts) => void = () => undefined;

scope.onmessage = ({ data }) => {
  if (data.kind === 'parts') receive(data);
  else void run(data).catch((error: unknown) => scope.postMessage({ kind: 'failed', ...sentError(error) }));
};

async function run(request: Extract<TrainRequest, { kind: 'train' }>): Promise<void> {
  const { text, anyBytes, memory, threads } = request;
  const options = {
    ...request.options,
    onProgress: (progress: Extract<TrainReply, { kind: 'progress' }>['progress']) =>
      scope.postMessage({ kind: 'progress', progress }),
  };
  const source =
    'whole' in text
      ? textSource(text.whole, anyBytes)
      : text.partsAre === 'sentences'
        ? { sentences: requestedParts() as AsyncIterable<Sentence> }
        : textSource(requestedParts() as AsyncIterable<string | Uint8Array>, anyBytes);
  const settings = { name: 'the model trained', memory, threads: canShare() ? threads : 1, startThread };
  const { model, report } = await trainInMemory(options, source, settings);
  await sendEntries(model.store.entries());
  scope.postMessage({ kind: 'trained', report, files: model.files });
}

/** Yields the parts of the text: asks the page for the next parts when it needs them. */
async function* requestedParts(): AsyncGenerator<TextPart> {
  for (;;) {
    const { parts, done } = await new Promise<Parts>(resolve => {
      receive = resolve;
      scope.postMessage({ kind: 'more' });
    });
    yield* parts;
    if (done) return;
  }
}

/** Sends the keys and values of a model to the page. */
async function sendEntries(all: AsyncIterable<readonly [Uint8Array, Uint8Array]>): Promise<void> {
  let entries: (readonly [Uint8Array, Uint8Array])[] = [];
  let bytes = 0;
  for await (const entry of all) {
    entries.push(entry);
    bytes += entry[1].length;
    if (bytes < BYTES_A_MESSAGE) continue;
    scope.postMessage({ kind: 'entries', entries });
    entries = [];
    bytes = 0;
  }
  scope.postMessage({ kind: 'entries', entries });
}
