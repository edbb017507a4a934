import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import type { ExportReport } from '../tools/arpa/export.js';
import { interruption } from './interruption.js';
import { bytes, print, whole } from './output.js';
import { withProgress } from './progress.js';

const HELP = `
Example:
  kneser export model --arpa model.arpa.gz`;

/** Flags of `kneser export`. */
interface ExportFlags {
  readonly arpa: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser export`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .requiredOption('--arpa <file>', 'the ARPA file, compressed if its name ends in .gz')
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(model: string, { arpa, json = false, quiet = false }: ExportFlags): Promise<void> {
  const { exportArpa } = await import('../tools/arpa/export.js');
  const signal = interruption();
  const report = await withProgress(quiet, progress => exportArpa({ model, file: arpa, signal, ...progress }));
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) standard.stderr.write(summary(report));
}

function summary({ file, order, ngrams, bytes: size, seconds }: ExportReport): string {
  const all = ngrams.reduce((sum, count) => sum + count, 0);
  return `${file}: order ${order}, ${whole(all)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\n`;
}
