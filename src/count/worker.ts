import { parentPort, workerData } from 'node:worker_threads';
import { systemCode } from '../errors.js';
import { Counter, type CountPlan, type CountResult, type CountTask } from './counter.js';
import type { EncodedBlock } from './table-writer.js';

/** What a thread is made with. */
export interface WorkerPlan extends CountPlan {
  /** How many of its messages of blocks are not written yet: one number, shared. */
  readonly underWay: Int32Array;
}

/** What a counting thread is sent. */
export type WorkerRequest = { readonly task: CountTask } | { readonly finish: true };

/** What it answers: blocks as they fill up, then the result of the task; its unigram counts at the end. */
export type WorkerReply =
  | { readonly kind: 'blocks'; readonly blocks: EncodedBlock[] }
  | { readonly kind: 'result'; readonly result: CountResult }
  | { readonly kind: 'finished'; readonly unigrams: Uint32Array }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined };

/** Blocks are sent on when this many are ready. */
const BLOCKS_A_MESSAGE = 64;
/** So many messages of blocks may be on their way to the store before a thread waits. */
const MESSAGES_UNDER_WAY = 4;

const port = parentPort;
if (port) {
  const plan = workerData as WorkerPlan;
  const { underWay } = plan;
  const send = (reply: WorkerReply, moved: ArrayBuffer[] = []): void => port.postMessage(reply, moved);
  let blocks: EncodedBlock[] = [];
  const sendBlocks = (): void => {
    if (blocks.length === 0) return;
    Atomics.add(underWay, 0, 1);
    send(
      { kind: 'blocks', blocks },
      blocks.map(({ value }) => value.buffer as ArrayBuffer),
    );
    blocks = [];
    for (let waiting = Atomics.load(underWay, 0); waiting >= MESSAGES_UNDER_WAY; waiting = Atomics.load(underWay, 0)) {
      Atomics.wait(underWay, 0, waiting);
    }
  };
  const counter = new Counter(plan, block => {
    blocks.push(block);
    if (blocks.length >= BLOCKS_A_MESSAGE) sendBlocks();
  });
  port.on('message', (request: WorkerRequest) => {
    try {
      if ('finish' in request) {
        counter.close();
        send({ kind: 'finished', unigrams: counter.unigrams });
        port.close();
        return;
      }
      const result = counter.run(request.task);
      sendBlocks();
      send({ kind: 'result', result });
    } catch (error) {
      // An error that is cloned to another thread loses its code.
      send({
        kind: 'failed',
        message: error instanceof Error ? error.message : String(error),
        code: systemCode(error),
      });
    }
  });
}
