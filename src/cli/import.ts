import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import { KneserError } from '../base/errors.js';
import { isFile } from '../base/node/file-head.js';
import { readBytes } from '../text/formats/bytes.js';
import { peek } from '../text/formats/peek.js';
import { decode } from '../text/surface.js';
import type { ImportReport } from '../tools/arpa/import.js';
import { COUNTS_OPTION_NAMES, MACHINE_OPTION_NAMES } from '../train/plan/options.js';
import { given, givenFlags } from './given.js';
import { addBuildFlags, type BuildFlags } from './build-flags.js';
import { buildOptions } from './build-options.js';
import { interruption } from './interruption.js';
import { bytes, print, warn, whole } from './output.js';
import { withProgress } from './progress.js';
import { summary as trainSummary } from './train.js';
import { parseNumber, parseWhole } from './values.js';
import { addNewModelFlags, type NewModelFlags } from './new-model.js';
import { quoted } from '../base/quoted.js';

const HELP = `
An ARPA file becomes a back-off model with the numbers of the file. Files of n-gram counts (words, a tab, a count) become the model that
training on the counted text would make. kneser counts, SRILM's ngram-count -write, Google's Web 1T and Google Books write such files.
The first line of a file shows which kind it is. The flags from --order to --skip-blank are for counts.

Examples:
  kneser import model.arpa.gz --out model
  kneser import counts-*.gz --out model --order 5
  kneser counts model | kneser import - --counts --out again`;

/** The options of {@link importCounts} that training has, too. */
const OPTIONS = [...COUNTS_OPTION_NAMES, ...MACHINE_OPTION_NAMES];

/** Flags of `kneser import`. */
interface ImportFlags extends BuildFlags, NewModelFlags {
  readonly unk?: number;
  readonly counts?: boolean;
}

/** `kneser import`. */
export function define(command: Command): void {
  command
    .argument('<file...>', 'an ARPA file, or files of n-gram counts, also with .gz or .zst; - for standard input')
    .requiredOption('-o, --out <dir>', 'folder of the model')
    .option(
      '--unk <log10>',
      'log10 p of <unk>, if the ARPA file has none, or instead of the value in the file',
      parseNumber('-7'),
    )
    .option('--counts', 'read n-gram counts (default: by the first line of the file; ARPA from a pipe)');
  addCountsFlags(command);
  addNewModelFlags(command).addHelpText('after', HELP).action(run);
}

/** Declares the flags that are for counts alone. */
function addCountsFlags(command: Command): Command {
  command.option(
    '-n, --order <n>',
    'order of the model made from counts (default: length of the longest n-grams)',
    parseWhole,
  );
  return addBuildFlags(command, OPTIONS, ['-n,']);
}

async function run(files: readonly string[], flags: ImportFlags, command: Command): Promise<void> {
  if (flags.counts ?? (await holdsCounts(files[0]))) await runCounts(files, flags);
  else await runArpa(files, flags, command);
}

/** The line that begins an ARPA file, behind lines of any other form. */
const DATA_LINE = /^[ \t]*\\data\\[ \t]*\r?$/m;
/** Words, a tab and a number, perhaps with columns behind it; or words, a space and a number. */
const COUNT_LINE = /^[^\t]+(\t| (?=[^\s,]+\r?$))[+-]?\d*\.?\d+(e[+-]?\d+)?([\t,]|\r?$)/i;

/**
 * Whether the first line of a file has the form of n-gram counts. A count that is not a whole number has it, too, so that the reader of counts
 * refuses it by its line. A pipe is not examined, because its bytes can be read only once.
 */
async function holdsCounts(path: string): Promise<boolean> {
  if (!(await isFile(path))) return false;
  const source = readBytes(path);
  try {
    const { head } = await peek(source);
    const text = decode(head);
    return !DATA_LINE.test(text) && COUNT_LINE.test(/\S[^\n]*/.exec(text)?.[0] ?? '');
  } catch {
    // A file that cannot be read is refused by name later.
    return false;
  } finally {
    await source.return(undefined);
  }
}

async function runCounts(files: readonly string[], flags: ImportFlags): Promise<void> {
  const { out, unk, force = false, json = false, quiet = false } = flags;
  if (unk !== undefined) {
    throw new KneserError('KNESER_OPTION', 'unk: is for ARPA files; counts have occurrences of <unk>, or none');
  }
  const { importCounts } = await import('../train/import-counts.js');
  const signal = interruption();
  const options = await buildOptions(flags, OPTIONS);
  const report = await withProgress(quiet, progress =>
    importCounts({ files, out, ...options, force, signal, ...progress }),
  );
  report.warnings.forEach(warn);
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) standard.stderr.write(trainSummary(report));
}

async function runArpa(files: readonly string[], flags: ImportFlags, command: Command): Promise<void> {
  const { out, unk, force = false, json = false, quiet = false } = flags;
  const [file, ...others] = files;
  if (others.length > 0) {
    throw new KneserError(
      'KNESER_OPTION',
      `${file}: is no file of n-gram counts, and only one ARPA file is imported at a time`,
    );
  }
  const misplaced = givenFlags(command, addCountsFlags).at(0);
  if (misplaced) {
    throw new KneserError(
      'KNESER_OPTION',
      `${misplaced.attributeName()}: is for n-gram counts, and ${file} has none; leave ${misplaced.long ?? ''} out, or pass --counts`,
    );
  }
  const { importArpa } = await import('../tools/arpa/import.js');
  const signal = interruption();
  const report = await withProgress(quiet, progress =>
    importArpa({ file, out, ...given({ unk }), force, signal, ...progress }),
  );
  report.warnings.forEach(warn);
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) standard.stderr.write(summary(report));
}

function summary({ out, order, ngrams, bytes: size, seconds }: ImportReport): string {
  const all = ngrams.reduce((sum, count) => sum + count, 0);
  return (
    `${out}: order ${order}, ${whole(all)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\n` +
    `Next: kneser perplexity ${quoted(out)} FILE\n`
  );
}
