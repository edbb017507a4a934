import { expect } from 'vitest';
import { KneserError } from '#kneser/src/base/errors.js';

/** The message with which a tokenizer's file or a text is refused; `undefined` if nothing is thrown. */
export function tokenizerRefusal(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof KneserError && error.code === 'KNESER_TOKENIZER') return error.message;
    throw error;
  }
}

/** The message with which a limit is refused. */
export function refusedLimit(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(KneserError);
    expect(error).toMatchObject({ code: 'KNESER_LIMIT', exitCode: 2 });
    return (error as KneserError).message;
  }
  return expect.unreachable('nothing was refused');
}

/** What an error says, and its code. */
export async function refusal(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof KneserError)) throw new Error(`expected a KneserError, not ${String(error)}`);
  return { code: error.code, message: error.message };
}
