import { pack, type PackReport } from '../tools/pack.js';
import { unpack, type UnpackReport } from '../tools/unpack.js';
import type { Progress } from '../base/progress.js';
import { bytes, print, whole } from './output.js';
import { ProgressDisplay } from './progress.js';

/** The options of `kneser pack` and `kneser unpack`. */
export interface PackFlags {
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser pack`. */
export async function runPack(model: string, flags: PackFlags, signal: AbortSignal): Promise<void> {
  await run(flags, options => pack({ model, ...options, signal }), `kneser score ${flags.out}`);
}

/** `kneser unpack`. */
export async function runUnpack(file: string, flags: PackFlags, signal: AbortSignal): Promise<void> {
  await run(flags, options => unpack({ file, ...options, signal }), `kneser perplexity ${flags.out} FILE`);
}

interface Options {
  readonly out: string;
  readonly force: boolean;
  readonly onProgress?: (progress: Progress) => void;
}

/** @param next a command that one may want next. */
async function run(
  { out, force = false, json = false, quiet = false }: PackFlags,
  act: (options: Options) => Promise<PackReport | UnpackReport>,
  next: string,
): Promise<void> {
  const display = await ProgressDisplay.create(quiet);
  let report: PackReport | UnpackReport;
  try {
    report = await act({ out, force, ...(display ? { onProgress: progress => display.show(progress) } : {}) });
  } finally {
    display?.end();
  }
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) process.stderr.write(summary(report) + `Next: ${next}\n`);
}

function summary({ out, keys, bytes: size, seconds }: PackReport | UnpackReport): string {
  return `${out}: ${whole(keys)} values, ${bytes(size)}, ${seconds.toFixed(1)} s\n`;
}
