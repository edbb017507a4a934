import type { Command } from 'commander';
import { importArpa, type ImportReport } from '../tools/arpa/import.js';
import { interruption } from './interruption.js';
import { bytes, print, warn, whole } from './output.js';
import { withProgress } from './progress.js';

const HELP = `
Example:
  kneser import model.arpa.gz --out model`;

/** Flags of `kneser import`. */
interface ImportFlags {
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser import`. */
export function define(command: Command): void {
  command
    .argument('<file>', 'the ARPA file, a .gz file, or - for standard input')
    .requiredOption('-o, --out <dir>', 'folder of the model')
    .option('-f, --force', 'replace a model that is there')
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(file: string, { out, force = false, json = false, quiet = false }: ImportFlags): Promise<void> {
  const signal = interruption();
  const report = await withProgress(quiet, progress => importArpa({ file, out, force, signal, ...progress }));
  report.warnings.forEach(warn);
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) process.stderr.write(summary(report));
}

function summary({ out, order, ngrams, bytes: size, seconds }: ImportReport): string {
  const all = ngrams.reduce((sum, count) => sum + count, 0);
  return (
    `${out}: order ${order}, ${whole(all)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\n` +
    `Next: kneser perplexity ${out} FILE\n`
  );
}
