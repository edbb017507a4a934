import { KneserError } from '../base/errors.js';
import type { DocumentOptions } from '../text/formats/documents.js';
import type { TrainOptions } from '../train/plan/options.js';
import { train, type TrainReport } from '../train/train.js';
import { bytes, whole } from './output.js';
import { documentOptions } from './options.js';
import { ProgressDisplay } from './progress.js';
import { resumeCommand } from './resume-command.js';
import { tokenizationChoice, type TokenizationFlags } from './tokenization.js';
import { vocabularyChoice, type VocabularyFlags } from './vocabulary.js';

/** The options of `kneser train`, as commander hands them over. */
export interface TrainFlags extends VocabularyFlags, TokenizationFlags, DocumentOptions {
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
  readonly lowercase?: boolean;
  readonly skipBlank?: boolean;
  readonly reserved: 'refuse' | 'drop';
  readonly force?: boolean;
  readonly resume?: boolean;
  readonly quiet?: boolean;
}

/** `kneser train`. */
export async function runTrain(files: readonly string[], flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const { memory, threads } = flags;
  const vocabulary = await vocabularyChoice(flags);
  const display = await ProgressDisplay.create(flags.quiet ?? false);
  let report: TrainReport;
  try {
    report = await train({
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
      ...(flags.quiet ? {} : { onResume: reached => void process.stderr.write(resumeNotice(flags.out, reached)) }),
      signal,
      ...(display ? { onProgress: progress => display.show(progress) } : {}),
    });
  } finally {
    display?.end();
  }
  for (const warning of report.warnings) process.stderr.write(`kneser: warning: ${warning}\n`);
  if (!flags.quiet) process.stderr.write(summary(report));
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

/** What a mixture over skip patterns takes unless told otherwise: sentences to tune it on, and a class model. */
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
