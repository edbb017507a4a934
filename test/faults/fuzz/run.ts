import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { KneserError } from '../../../src/base/errors.js';
import { Coverage } from './coverage.js';
import { mutate, pick, type Random } from './mutate.js';
import { Wrong, type Target } from './target.js';

/** The most bytes of memory that an input may leave in use: far more than any parser needs. */
const MOST_MEMORY = 512 << 20;
/** The most inputs that are kept because they made new code run. */
const KEPT = 4000;

/** An input that broke a promise, and the broken promise in words. */
export interface Finding {
  readonly reason: string;
  readonly bytes: Uint8Array;
}

/** The progress of a run. */
export interface Progress {
  cases: number;
  /** Number of inputs that are mutated: the seeds, and inputs that made new code run. */
  kept: number;
  /** Number of blocks of code that ran. */
  places: number;
}

/** Options of a run. */
export interface RunOptions {
  readonly random: Random;
  /** Whether inputs that make new code run are kept, to be mutated again. */
  readonly guided: boolean;
  /** Called with every input before it is tried. */
  readonly before?: (bytes: Uint8Array) => void;
  readonly found: (finding: Finding) => void;
  /** Whether to try another input. */
  readonly goOn: (progress: Progress) => boolean;
}

/** Tries a target's seeds, then mutations of them. @param folder the target's own folder, alone in its parent folder. */
export async function runTarget(target: Target, folder: string, options: RunOptions): Promise<Progress> {
  const { random, guided, before, found, goOn } = options;
  const words = (target.words ?? []).map(word => new TextEncoder().encode(word));
  const kept = [...target.seeds];
  const progress: Progress = { cases: 0, kept: kept.length, places: 0 };
  const coverage = guided ? new Coverage() : undefined;
  await coverage?.start();
  const attempt = async (bytes: Uint8Array): Promise<void> => {
    before?.(bytes);
    const reason = await breach(target, bytes, folder);
    if (reason !== undefined) found({ reason, bytes });
    progress.cases++;
  };
  for (const seed of target.seeds) await attempt(seed);
  await coverage?.news();
  while (goOn(progress)) {
    const input = pick(random, kept);
    const bytes = target.mutate?.(input, random) ?? mutate(input, kept, words, random);
    await attempt(bytes);
    if (coverage && (await coverage.news()) > 0) {
      // Seeds are never dropped.
      if (kept.length < KEPT) kept.push(bytes);
      else kept[target.seeds.length + Math.floor(random() * (KEPT - target.seeds.length))] = bytes;
    }
    progress.kept = kept.length;
    progress.places = coverage?.size ?? 0;
  }
  coverage?.stop();
  return progress;
}

/** Every input must give a result or an error that names the fault. @returns how this input breaks that promise; `undefined` if it does not. */
export async function breach(target: Target, bytes: Uint8Array, folder: string): Promise<string | undefined> {
  const memory = used();
  try {
    await target.run(bytes);
  } catch (error) {
    if (!(error instanceof KneserError)) return describe(error);
    if (!target.names.test(error.message)) return `a message that names nothing: ${shown(error.message)}`;
    if (UNCLEAR.test(error.message)) return `an unclear message: ${shown(error.message)}`;
  }
  if (used() - memory > MOST_MEMORY) return `${Math.round((used() - memory) / 2 ** 20)} MB in use`;
  const polluted =
    Object.getOwnPropertyNames(Object.prototype).length + Object.getOwnPropertyNames(Array.prototype).length;
  if (polluted !== UNPOLLUTED || Object.keys({}).length > 0) return 'a prototype was changed';
  if (readdirSync(dirname(folder)).length > 1) return 'a file outside its folder';
  return undefined;
}

/** A message without paths and numbers, so that findings with the same cause are equal. */
function shown(message: string): string {
  return message
    .replace(/\S*\/(?=input|fuzzed)/g, '')
    .replace(/\d+/g, '0')
    .slice(0, 200);
}

/** Messages of failed assumptions, which do not tell the caller what is wrong. */
const UNCLEAR = /\[object |Cannot read prop|is not a function|is not iterable|Cannot convert/;

const UNPOLLUTED =
  Object.getOwnPropertyNames(Object.prototype).length + Object.getOwnPropertyNames(Array.prototype).length;

function used(): number {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

/** The error and the place in the code that threw it: equal for findings with the same cause. */
function describe(error: unknown): string {
  if (error instanceof Wrong) return error.message;
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const place = /\n\s+at .*?([^/\s()]+\/[^/\s()]+:\d+):\d+\)?/.exec(error.stack ?? '')?.[1] ?? '';
  return `${error.name}: ${error.message.slice(0, 150)} (${place})`;
}
