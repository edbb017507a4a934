/** The errors that functions of callers threw. */
const fromCallers = new WeakSet();

/** Calls a function of a caller, such as `onProgress`, if there is one. An error that it throws is passed on unchanged ({@link isFromCaller}). */
export function callBack<Arguments extends unknown[]>(
  act: ((...given: Arguments) => void) | undefined,
  ...given: Arguments
): void {
  try {
    act?.(...given);
  } catch (error) {
    if (error instanceof Error) fromCallers.add(error);
    throw error;
  }
}

/** Whether a function of a caller threw an error: it does not tell of a file or of memory, and must reach the caller as it is. */
export function isFromCaller(error: unknown): boolean {
  return error instanceof Error && fromCallers.has(error);
}
