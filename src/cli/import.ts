import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import type { ImportReport } from '../tools/arpa/import.js';
import { interruption } from './interruption.js';
import { bytes, print, warn, whole } from './output.js';
import { withProgress } from './progress.js';
import { parseNumber } from './values.js';

const HELP = `
Example:
  kneser import model.arpa.gz --out model`;

/** Flags of `kneser import`. */
interface ImportFlags {
  readonly out: string;
  readonly unk?: number;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser import`. */
export function define(command: Command): void {
  command
    .argument('<file>', 'the ARPA file, a .gz file, or - for standard input')
    .requiredOption('-o, --out <dir>', 'folder of the model')
    .option(
      '--unk <log10>',
      'log10 p of <unk>, instead of the value in the file or if the file has none',
      parseNumber('-7'),
    )
    .option('-f, --force', 'replace a model that is there')
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(file: string, flags: ImportFlags): Promise<void> {
  const { out, unk, force = false, json = false, quiet = false } = flags;
  const { importArpa } = await import('../tools/arpa/import.js');
  const signal = interruption();
  const report = await withProgress(quiet, progress =>
    importArpa({ file, out, ...(unk === undefined ? {} : { unk }), force, signal, ...progress }),
  );
  report.warnings.forEach(warn);
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) standard.stderr.write(summary(report));
}

function summary({ out, order, ngrams, bytes: size, seconds }: ImportReport): string {
  const all = ngrams.reduce((sum, count) => sum + count, 0);
  return (
    `${out}: order ${order}, ${whole(all)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\n` +
    `Next: kneser perplexity ${out} FILE\n`
  );
}
