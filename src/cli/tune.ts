import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import { DEFAULT_WEIGHTS } from '../model/scoring/weights.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { addDocumentFlags, documentOptions, TEXT_FILES } from './documents.js';
import { interruption } from './interruption.js';
import { print, warn } from './output.js';
import { withProgress } from './progress.js';
import { printTuning } from './tuning.js';
import { quoted } from '../base/quoted.js';

const HELP = `
Example:
  kneser tune model valid.txt`;

/** Flags of `kneser tune`. */
interface TuneFlags extends DocumentOptions {
  readonly name: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser tune`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .argument('<file...>', `held-out ${TEXT_FILES}`)
    .option(
      '--name <name>',
      `name of the weights; scoring uses the weights named ${DEFAULT_WEIGHTS} by default`,
      DEFAULT_WEIGHTS,
    );
  addDocumentFlags(command)
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(path: string, files: readonly string[], flags: TuneFlags): Promise<void> {
  const { tune } = await import('../train/tune.js');
  const signal = interruption();
  const report = await withProgress(flags.quiet ?? false, progress =>
    tune({
      model: path,
      files,
      ...documentOptions(flags),
      name: flags.name,
      onWarning: warn,
      signal,
      ...progress,
    }),
  );
  if (flags.json) {
    await print(JSON.stringify({ name: flags.name, ...report }) + '\n');
    return;
  }
  await printTuning(flags.name, report);
  if (flags.quiet) return;
  const chosen = flags.name === DEFAULT_WEIGHTS ? '' : ` --weights ${quoted(flags.name)}`;
  standard.stderr.write(`Next: kneser perplexity ${quoted(path)} FILE${chosen}\n`);
}
