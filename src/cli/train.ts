import type { Command } from 'commander';
import { KneserError } from '../base/errors.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { MIXTURE_DEFAULTS, type TrainOptions } from '../train/plan/options.js';
import { train, type TrainReport } from '../train/train.js';
import { addBuildFlags } from './build-options.js';
import { addDocumentFlags, documentOptions, TEXT_FILES } from './documents.js';
import { interruption } from './interruption.js';
import { bytes, print, warn, whole } from './output.js';
import { withProgress } from './progress.js';
import { resumeCommand } from './resume-command.js';
import {
  addCleaningFlags,
  addTokenizationFlags,
  tokenizationChoice,
  type CleaningFlags,
  type TokenizationFlags,
} from './tokenization.js';
import { parseSize, parseThreads } from './values.js';
import { addVocabularyFlags, vocabularyChoice, type VocabularyFlags } from './vocabulary.js';

const HELP = `
Without --skip or --patterns the model is interpolated modified Kneser-Ney (mkn). With one of them it is also a mixture
over skip patterns, a generalized language model (glm): the pattern 1_11 counts n-grams of four words without the second.

Examples:
  kneser train corpus.txt --out model --order 5
  kneser train corpus.txt --out model --order 5 --resume
  kneser train web.jsonl.gz --field content --tokenizer tokenizer.json --sentences segment --out subwords`;

/** Flags of `kneser train`. */
interface TrainFlags extends VocabularyFlags, TokenizationFlags, CleaningFlags, DocumentOptions {
  readonly out: string;
  readonly order: number;
  readonly memory?: number;
  readonly threads?: number;
  readonly skip?: boolean;
  readonly patterns?: readonly string[];
  readonly maxGap?: number;
  readonly maxPatterns?: number;
  readonly holdOut?: number;
  readonly classes?: number;
  readonly prune?: readonly number[];
  readonly force?: boolean;
  readonly resume?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser train`. */
export function define(command: Command): void {
  command.argument('<file...>', TEXT_FILES).requiredOption('-o, --out <dir>', 'folder of the model');
  addBuildFlags(command, ['order'])
    .option('-m, --memory <size>', 'memory to aim for, such as 512M or 4G (default: half of the machine)', parseSize)
    .option('-t, --threads <n>', 'threads that count (default: one a core)', parseThreads);
  addVocabularyFlags(command);
  addBuildFlags(command, ['patterns', 'holdOut', 'classes', 'prune']);
  addTokenizationFlags(command);
  addDocumentFlags(command);
  addCleaningFlags(command)
    .option('-f, --force', 'replace a model that is there')
    .option('--resume', 'continue a training that was interrupted; if this one is interrupted, keep its progress')
    .option('--json', 'print one JSON object with the figures of the model')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(files: readonly string[], flags: TrainFlags): Promise<void> {
  const { memory, threads, quiet = false, json = false } = flags;
  const signal = interruption();
  const vocabulary = await vocabularyChoice(flags);
  const report = await withProgress(quiet, async progress =>
    train({
      files,
      ...documentOptions(flags),
      out: flags.out,
      order: flags.order,
      ...(memory === undefined ? {} : { memory }),
      ...(threads === undefined ? {} : { threads }),
      ...(vocabulary ? { vocabulary } : {}),
      ...mixtureOptions(flags),
      ...(flags.prune ? { prune: flags.prune } : {}),
      tokenization: await tokenizationChoice(flags),
      lowercase: flags.lowercase ?? false,
      skipBlank: flags.skipBlank ?? false,
      reserved: flags.reserved,
      force: flags.force ?? false,
      resume: flags.resume ?? false,
      resumeCommand: resumeCommand(process.argv.slice(2)),
      ...(quiet ? {} : { onResume: reached => void process.stderr.write(resumeNotice(flags.out, reached)) }),
      signal,
      ...progress,
    }),
  );
  report.warnings.forEach(warn);
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) process.stderr.write(summary(report));
}

function resumeNotice(out: string, reached: string | undefined): string {
  return reached === undefined
    ? `${out}: there is nothing to resume; training begins anew\n`
    : `${out}: resuming a training that had ${reached}\n`;
}

function summary(report: TrainReport): string {
  const { out, order, sentences, tokens, vocabulary, tables, seconds, notes } = report;
  const ngrams = tables.reduce((sum, table) => sum + table.types, 0);
  return (
    `${out}: order ${order}, ${whole(sentences)} sentences, ${whole(tokens)} tokens, ${whole(vocabulary)} types, ` +
    `${whole(ngrams)} n-grams, ${bytes(report.bytes)}, ${seconds.toFixed(1)} s\n` +
    notes.map(note => `${note}\n`).join('') +
    `Next: kneser perplexity ${out} FILE\n`
  );
}

/** The options of a mixture: `--skip` and `--patterns` also hold sentences out and make classes, unless told otherwise. */
function mixtureOptions(flags: TrainFlags): Pick<TrainOptions, 'patterns' | 'holdOut' | 'classes'> {
  const { skip = false, patterns, maxGap, maxPatterns } = flags;
  if (!skip && !patterns && (maxGap !== undefined || maxPatterns !== undefined)) {
    throw new KneserError(
      'KNESER_OPTION',
      '--max-gap and --max-patterns limit skip patterns: pass --skip or --patterns too',
    );
  }
  if (skip && patterns) {
    throw new KneserError(
      'KNESER_OPTION',
      '--skip means all skip patterns, --patterns those that it names: pass one of them',
    );
  }
  if (!skip && !patterns) return { holdOut: flags.holdOut ?? 0, classes: flags.classes ?? 0 };
  return {
    patterns: {
      skip,
      ...(patterns ? { list: patterns } : {}),
      ...(maxGap === undefined ? {} : { maxGap }),
      ...(maxPatterns === undefined ? {} : { maxPatterns }),
    },
    holdOut: flags.holdOut ?? MIXTURE_DEFAULTS.holdOut,
    classes: flags.classes ?? MIXTURE_DEFAULTS.classes,
  };
}
