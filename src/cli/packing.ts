import { standard } from '../base/node/standard-streams.js';
import type { PackReport } from '../tools/pack.js';
import type { UnpackReport } from '../tools/unpack.js';
import type { NewModelFlags } from './new-model.js';
import { bytes, print, whole } from './output.js';

/** Prints the report of `kneser pack` or `kneser unpack`. @param next the command that the last line suggests. */
export async function printPacked(
  report: PackReport | UnpackReport,
  { json = false, quiet = false }: NewModelFlags,
  next: string,
): Promise<void> {
  const { out, keys, bytes: size, seconds } = report;
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) {
    standard.stderr.write(`${out}: ${whole(keys)} values, ${bytes(size)}, ${seconds.toFixed(1)} s\nNext: ${next}\n`);
  }
}
