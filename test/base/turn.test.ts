import { expect, test } from 'vitest';
import { checkAborted } from '#kneser/src/base/errors.js';
import { pauses, runInTurns, runToEnd } from '#kneser/src/base/turn.js';

function* count(to: number): Generator<void, number, void> {
  for (let i = 0; i < to; i++) yield;
  return to;
}

test('work gives its result, at once and in turns', async () => {
  expect(runToEnd(count(5))).toBe(5);
  expect(await runInTurns(count(5), pauses())).toBe(5);
});

test('work without an end stops when it is aborted', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort());
  const pause = pauses(() => checkAborted(controller.signal, 'counting'));
  await expect(runInTurns(count(Infinity), pause)).rejects.toThrow(/counting was interrupted/);
});
