import { exportArpa, type ExportReport } from '../tools/arpa/export.js';
import { bytes, whole } from './output.js';
import { ProgressDisplay } from './progress.js';

/** The options of `kneser export`. */
export interface ExportFlags {
  readonly arpa: string;
  readonly quiet?: boolean;
}

/** `kneser export`. */
export async function runExport(
  model: string,
  { arpa, quiet = false }: ExportFlags,
  signal: AbortSignal,
): Promise<void> {
  const display = await ProgressDisplay.create(quiet);
  let report: ExportReport;
  try {
    report = await exportArpa({
      model,
      file: arpa,
      signal,
      ...(display ? { onProgress: progress => display.show(progress) } : {}),
    });
  } finally {
    display?.end();
  }
  if (!quiet) process.stderr.write(summary(report));
}

function summary({ file, order, ngrams, bytes: size, seconds }: ExportReport): string {
  const all = ngrams.reduce((sum, count) => sum + count, 0);
  return `${file}: order ${order}, ${whole(all)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\n`;
}
