import { workerError } from '../errors.js';
/**
 * Options of every worker thread: it takes no flags of the command line. A worker inherits them unless told otherwise, and fails to
 * load its file under `--input-type` or `--eval`, which belong to the program alone. V8's flags hold for the whole process, and
 * NODE_OPTIONS for workers too.
 */
export const WORKER_OPTIONS: { readonly execArgv: string[] } = { execArgv: [] };

/** The error of a thread that ended; it says so if the thread's file could not be loaded. @param address the address of the file. */
export function threadError(address: URL, error: Error): Error {
  const { code } = error as NodeJS.ErrnoException;
  const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
  return isMissing ? workerError(address) : error;
}
