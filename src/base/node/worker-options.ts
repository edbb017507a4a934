import { workerError } from '../errors.js';

/**
 * Options of every worker thread: it gets no flags of Node's command line. By default a worker inherits the flags of the program, and
 * under `--input-type` or `--eval` it would fail to load its file. V8's flags and NODE_OPTIONS hold for workers all the same.
 */
export const WORKER_OPTIONS: { readonly execArgv: string[] } = { execArgv: [] };

/** The error of a thread that failed: {@link workerError} if its file could not be loaded. @param address the address of the file. */
export function threadError(address: URL, error: Error): Error {
  const { code } = error as NodeJS.ErrnoException;
  const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
  return isMissing ? workerError(address) : error;
}
