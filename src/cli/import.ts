import { importArpa, type ImportReport } from '../tools/arpa/import.js';
import { bytes, whole } from './output.js';
import { ProgressDisplay } from './progress.js';

/** The options of `kneser import`. */
export interface ImportFlags {
  readonly out: string;
  readonly force?: boolean;
  readonly quiet?: boolean;
}

/** `kneser import`. */
export async function runImport(
  file: string,
  { out, force = false, quiet = false }: ImportFlags,
  signal: AbortSignal,
): Promise<void> {
  const display = await ProgressDisplay.create(quiet);
  let report: ImportReport;
  try {
    report = await importArpa({
      file,
      out,
      force,
      signal,
      ...(display ? { onProgress: progress => display.show(progress) } : {}),
    });
  } finally {
    display?.end();
  }
  for (const warning of report.warnings) process.stderr.write(`kneser: warning: ${warning}\n`);
  if (!quiet) process.stderr.write(summary(report));
}

function summary({ out, order, ngrams, bytes: size, seconds }: ImportReport): string {
  const all = ngrams.reduce((sum, count) => sum + count, 0);
  return (
    `${out}: order ${order}, ${whole(all)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\n` +
    `Next: kneser perplexity ${out} FILE\n`
  );
}
