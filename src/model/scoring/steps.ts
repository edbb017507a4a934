import { allSettled } from '../../base/all-settled.js';
import { keepsBlocks } from '../lookup/visit-blocks.js';

// Scoring is written as generators that yield promises of blocks that must be read: with loaded tables they yield nothing, and run to their end at
// once.

/** Runs a generator to its end, and awaits each promise that it yields. @param check called after each promise; it throws to stop the run. */
export async function runAwaiting<T>(steps: Generator<Promise<void>, T, void>, check?: () => void): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await step.value;
    check?.();
  }
}

/** Runs a generator that yields nothing to its end. */
export function runAtOnce<T>(steps: Generator<Promise<void>, T, void>): T {
  const step = steps.next();
  if (!step.done) throw new Error('a loaded model waited for its store');
  return step.value;
}

/**
 * Runs generators that do not depend on each other. Those of a small batch wait for their blocks at the same time; those of a large one run one
 * after another, so that the blocks of only one are in memory.
 *
 * @param words number of words of the batch.
 */
export function* together(
  words: number,
  all: readonly Generator<Promise<void>, void, void>[],
): Generator<Promise<void>, void, void> {
  if (!keepsBlocks(words)) {
    for (const steps of all) yield* steps;
    return;
  }
  const waiting: Promise<void>[] = [];
  for (const steps of all) {
    const step = steps.next();
    if (!step.done) waiting.push(step.value.then(() => runAwaiting(steps)));
  }
  if (waiting.length > 0) yield allSettled(waiting);
}
