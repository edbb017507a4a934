import type { Command } from 'commander';
import { KneserError } from '../base/errors.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import type { TrainOptions } from '../train/plan/options.js';
import { train, type TrainReport } from '../train/train.js';
import { addDocumentFlags, documentOptions, TEXT_FILES } from './documents.js';
import { interruption } from './interruption.js';
import { bytes, warn, whole } from './output.js';
import { withProgress } from './progress.js';
import { resumeCommand } from './resume-command.js';
import {
  addCleaningFlags,
  addTokenizationFlags,
  tokenizationChoice,
  type CleaningFlags,
  type TokenizationFlags,
} from './tokenization.js';
import { parseNames, parseNumber, parseSize, parseThreads, parseThresholds, parseWhole } from './values.js';
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
  readonly quiet?: boolean;
}

/** `kneser train`. */
export function define(command: Command): void {
  command
    .argument('<file...>', TEXT_FILES)
    .requiredOption('-o, --out <dir>', 'folder of the model')
    .option('-n, --order <n>', 'length of the longest n-grams, 1 to 12', parseWhole, 5)
    .option('-m, --memory <size>', 'memory to aim for, such as 512M or 4G (default: half of the machine)', parseSize)
    .option('-t, --threads <n>', 'threads that count (default: one a core)', parseThreads);
  addVocabularyFlags(command)
    .option('--skip', 'count all skip patterns of the order too, and tune a mixture of them on held-out sentences')
    .option('--patterns <list>', 'count these skip patterns, such as 1_11,11_1', parseNames)
    .option('--max-gap <n>', 'leave out patterns that skip more than n words in a row', parseWhole)
    .option('--max-patterns <n>', 'count at most n patterns, the contiguous ones included', parseWhole)
    .option(
      '--hold-out <share>',
      'share of sentences to tune on instead of counting (default with --skip: 0.02)',
      parseNumber('0.02'),
    )
    .option('--classes <n>', 'word classes of the class model mixed in (default with --skip: 300)', parseWhole)
    .option(
      '--prune <list>',
      'drop rare n-grams: one threshold for each order, the last also for higher ones. ' +
        '0,0,1 drops n-grams of order 3 and up that were seen once',
      parseThresholds,
    );
  addTokenizationFlags(command);
  addDocumentFlags(command);
  addCleaningFlags(command)
    .option('-f, --force', 'replace a model that is there')
    .option('--resume', 'continue a training that was interrupted; if this one is interrupted, keep its progress')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(files: readonly string[], flags: TrainFlags): Promise<void> {
  const { memory, threads, quiet = false } = flags;
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
  if (!quiet) process.stderr.write(summary(report));
}

function resumeNotice(out: string, reached: string | undefined): string {
  return reached === undefined
    ? `${out}: there is nothing to resume; training begins anew\n`
    : `${out}: resuming a training that had ${reached}\n`;
}

function summary(report: TrainReport): string {
  const { out, order, sentences, tokens, vocabulary, tables, seconds } = report;
  const ngrams = tables.reduce((sum, table) => sum + table.types, 0);
  const fallbacks = tables.filter(table => table.fallback).map(table => table.pattern);
  return (
    `${out}: order ${order}, ${whole(sentences)} sentences, ${whole(tokens)} tokens, ${whole(vocabulary)} types, ` +
    `${whole(ngrams)} n-grams, ${bytes(report.bytes)}, ${seconds.toFixed(1)} s\n` +
    (fallbacks.length > 0
      ? `The text is too small to estimate the discounts of ${fallbacks.join(', ')}: 0.5, 1 and 1.5 are used there.\n`
      : '') +
    `Next: kneser perplexity ${out} FILE\n`
  );
}

/** Defaults of `--skip` and `--patterns`: the share of sentences to tune the mixture on, and its word classes. */
const DEFAULT_HOLD_OUT = 0.02;
const DEFAULT_CLASSES = 300;

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
    holdOut: flags.holdOut ?? DEFAULT_HOLD_OUT,
    classes: flags.classes ?? DEFAULT_CLASSES,
  };
}
