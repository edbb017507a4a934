import { systemCode } from '../base/errors.js';
import { Counter, type CountPlan, type CountResult, type CountTask } from './counter.js';
import type { CountedBlock } from './context-output.js';
import type { Scratch } from './scratch.js';

/** A request to a counting thread: to do a task, or to close its files and send its unigram counts. */
export type ThreadRequest = { readonly task: CountTask } | { readonly finish: true };

/** A reply of a counting thread: blocks as they fill up, then the result of the task; after `finish` the unigram counts of all its tasks. */
export type ThreadReply =
  | { readonly kind: 'blocks'; readonly blocks: CountedBlock[] }
  | { readonly kind: 'result'; readonly result: CountResult }
  | { readonly kind: 'finished'; readonly unigrams: Uint32Array }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined };

/** The most blocks in one message. */
const BLOCKS_A_MESSAGE = 64;
/** A thread waits while this many of its messages of blocks, or more, are not written yet. */
const MESSAGES_UNDER_WAY = 4;

/**
 * Serves requests in a counting thread.
 *
 * @param scratch creates the files of sorted runs.
 * @param send sends a reply to the pool.
 * @returns a function that takes the next request.
 */
export function countInThread(
  plan: CountPlan,
  scratch: Scratch | undefined,
  send: (reply: ThreadReply) => void,
): (request: ThreadRequest) => void {
  const { underWay } = plan;
  let blocks: CountedBlock[] = [];
  const sendBlocks = (): void => {
    if (blocks.length === 0) return;
    if (underWay) Atomics.add(underWay, 0, 1);
    send({ kind: 'blocks', blocks });
    blocks = [];
    if (underWay) waitBelow(underWay, MESSAGES_UNDER_WAY);
  };
  const counter = new Counter(plan, scratch, block => {
    blocks.push(block);
    if (blocks.length >= BLOCKS_A_MESSAGE) sendBlocks();
  });
  return request => {
    try {
      if ('finish' in request) {
        counter.close();
        send({ kind: 'finished', unigrams: counter.unigrams });
        return;
      }
      const result = counter.run(request.task);
      sendBlocks();
      send({ kind: 'result', result });
    } catch (error) {
      // Errors lose their `code` when they are cloned to another thread.
      send({
        kind: 'failed',
        message: error instanceof Error ? error.message : String(error),
        code: systemCode(error),
      });
    }
  };
}

/** Stops this thread until a number in shared memory is less than `limit`. */
function waitBelow(shared: Int32Array, limit: number): void {
  for (let value = Atomics.load(shared, 0); value >= limit; value = Atomics.load(shared, 0))
    Atomics.wait(shared, 0, value);
}
