import { prune, type PruneReport } from '../tools/prune/prune.js';
import { bytes, whole } from './output.js';
import { ProgressDisplay } from './progress.js';

/** The options of `kneser prune`. */
export interface PruneFlags {
  readonly out: string;
  readonly prune?: readonly number[];
  readonly entropy?: number;
  readonly force?: boolean;
  readonly quiet?: boolean;
}

/** `kneser prune`. */
export async function runPrune(model: string, flags: PruneFlags, signal: AbortSignal): Promise<void> {
  const { out, quiet = false, ...how } = flags;
  const display = await ProgressDisplay.create(quiet);
  let report: PruneReport;
  try {
    report = await prune({
      model,
      out,
      ...how,
      signal,
      ...(display ? { onProgress: progress => display.show(progress) } : {}),
    });
  } finally {
    display?.end();
  }
  if (!quiet) process.stderr.write(summary(report));
}

function summary({ out, tables, bytes: size, seconds }: PruneReport): string {
  const kept = tables.reduce((sum, { types }) => sum + types, 0);
  const all = tables.reduce((sum, { dropped }) => sum + dropped, kept);
  return (
    `${out}: ${whole(kept)} of ${whole(all)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\n` +
    `Next: kneser perplexity ${out} FILE\n`
  );
}
