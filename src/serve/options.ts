import {
  checkFunction,
  checkPath,
  checkPaths,
  checkText,
  checkThreads,
  optionError,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import type { WorkOptions } from '../base/progress.js';
import { OPEN_OPTIONS, type OpenOptions } from '../model/api.js';

/** The models that are served, the address, and the limits. */
export interface ServeOptions extends Omit<OpenOptions, 'startingWeights' | 'blockMemory'>, WorkOptions {
  /** The models: paths of folders or packed files, or addresses; `NAME=PATH` gives a model another name than that of its file. */
  readonly models: readonly string[];
  /** The port; 0 takes any free port. Default 8080. */
  readonly port?: number;
  /** The address to listen at. An address of other machines than this one needs `apiKeyFile`. Default `127.0.0.1`. */
  readonly host?: string;
  /** A file with the keys of clients, one a line: requests must have one of them as `Authorization: Bearer KEY`. Default: none is needed. */
  readonly apiKeyFile?: string;
  /** Number of threads that score long lists of sentences and documents. Default: one for each core. */
  readonly threads?: number;
  /** The longest body of a request, and the longest line of JSON lines [bytes]. Default 8 MiB. */
  readonly maxBody?: number;
  /** How long a request may take to arrive, and how long its answer may take [seconds]. Default 60. */
  readonly timeout?: number;
  /** Called with one sentence for each thing that does not prevent serving. */
  readonly onWarning?: (warning: string) => void;
}

/** The longest body that can be allowed: a string of JavaScript has at most 2^29 units. */
const MOST_BODY = 2 ** 28;
const MOST_SECONDS = 86_400;

/** The checks of {@link ServeOptions}. */
export const SERVE_OPTIONS: OptionTable<ServeOptions> = {
  models: required(checkPaths),
  port: wholeNumber(0, 65_535),
  host: (name, value) => {
    if (checkText(name, value) === '') throw optionError(name, value, 'an address such as 127.0.0.1');
  },
  apiKeyFile: checkPath,
  threads: checkThreads,
  maxBody: wholeNumber(1024, MOST_BODY),
  timeout: (name, value) => {
    if (typeof value === 'number' && value > 0 && value <= MOST_SECONDS) return;
    throw optionError(name, value, `a number of seconds above 0, at most ${MOST_SECONDS}`);
  },
  onWarning: checkFunction,
  smoothing: OPEN_OPTIONS.smoothing,
  weights: OPEN_OPTIONS.weights,
  order: OPEN_OPTIONS.order,
  tables: OPEN_OPTIONS.tables,
  ...WORK_OPTIONS,
};

/** The limits of a server, as {@link ServeOptions} describes them. */
export interface Limits {
  /** [bytes] */
  readonly maxBody: number;
  /** [ms], where the option is in seconds. */
  readonly timeout: number;
  readonly threads: number;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** The most tokens that one request may read or draw: their scores and texts are in memory at once. */
export const MOST_TOKENS = 2 ** 20;
/** The most prompts or sentences of one request. */
export const MOST_TEXTS = 2 ** 14;
