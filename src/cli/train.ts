import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { BUILD_OPTION_NAMES, MACHINE_OPTION_NAMES } from '../train/plan/options.js';
import type { TrainReport } from '../train/train.js';
import { addBuildFlags, type BuildFlags } from './build-flags.js';
import { buildOptions } from './build-options.js';
import type { Invocation } from './command-row.js';
import { addDocumentFlags, documentOptions, TEXT_FILES } from './documents.js';
import { interruption } from './interruption.js';
import { bytes, print, warn, whole } from './output.js';
import { withProgress } from './progress.js';
import { resumeCommand } from './resume-command.js';
import { addNewModelFlags, type NewModelFlags } from './new-model.js';
import { quoted } from '../base/quoted.js';

const HELP = `
Without --skip and --patterns the model is interpolated modified Kneser-Ney (mkn). With one of these flags it also has a mixture over
skip patterns (glm, the generalized language model). The pattern 1_11 stands for n-grams of four words whose second word is skipped.

Examples:
  kneser train corpus.txt --out model --order 5
  kneser train corpus.txt --out model --order 5 --resume
  kneser train web.jsonl.gz --field content --tokenizer tokenizer.json --sentences segment --out subwords`;

/** Flags of `kneser train` that are declared here. The rows of the options declare the others. */
interface TrainFlags extends BuildFlags, NewModelFlags, DocumentOptions {
  readonly resume?: boolean;
}

/** The options that have flags. */
const OPTIONS = [...BUILD_OPTION_NAMES, ...MACHINE_OPTION_NAMES];

/** `kneser train`. */
export function define(command: Command, { args }: Invocation): void {
  command.argument('<file...>', TEXT_FILES).requiredOption('-o, --out <dir>', 'folder of the model');
  addBuildFlags(command, OPTIONS);
  addDocumentFlags(command).option(
    '--resume',
    'continue an interrupted training; if this training is interrupted, keep its finished parts',
  );
  addNewModelFlags(command)
    .addHelpText('after', HELP)
    .action((files: readonly string[], flags: TrainFlags) => run(files, flags, args));
}

async function run(files: readonly string[], flags: TrainFlags, args: readonly string[]): Promise<void> {
  const { out, force = false, resume = false, json = false, quiet = false } = flags;
  const { train } = await import('../train/train.js');
  const signal = interruption();
  const options = await buildOptions(flags, OPTIONS);
  const report = await withProgress(quiet, async progress =>
    train({
      files,
      ...documentOptions(flags),
      out,
      ...options,
      force,
      resume,
      resumeCommand: resumeCommand(args),
      ...(quiet ? {} : { onResume: reached => void standard.stderr.write(resumeNotice(out, reached)) }),
      signal,
      ...progress,
    }),
  );
  report.warnings.forEach(warn);
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) standard.stderr.write(summary(report));
}

function resumeNotice(out: string, reached: string | undefined): string {
  return reached === undefined
    ? `${out}: there is nothing to resume; training begins anew\n`
    : `${out}: resuming a training that had ${reached}\n`;
}

/** The size of a new model in one line, notes, and the command to run next. */
export function summary(report: TrainReport): string {
  const { out, order, sentences, tokens, vocabulary, tables, seconds, notes } = report;
  const ngrams = tables.reduce((sum, table) => sum + table.types, 0);
  return (
    `${out}: order ${order}, ${whole(sentences)} sentences, ${whole(tokens)} tokens, ${whole(vocabulary)} types, ` +
    `${whole(ngrams)} n-grams, ${bytes(report.bytes)}, ${seconds.toFixed(1)} s\n` +
    notes.map(note => `${note}\n`).join('') +
    `Next: kneser perplexity ${quoted(out)} FILE\n`
  );
}
