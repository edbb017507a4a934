/**
 * Options of every worker thread: it takes no flags of the command line. A worker inherits them unless told otherwise, and fails to
 * load its file under `--input-type` or `--eval`, which belong to the program alone. V8's flags hold for the whole process, and
 * NODE_OPTIONS for workers too.
 */
export const WORKER_OPTIONS: { readonly execArgv: string[] } = { execArgv: [] };
