import { KneserError } from '../base/errors.js';
import { baseline } from '../baseline/baseline.js';
import type { BaselineOptions, BaselineProgress, BaselineTexts } from '../baseline/options.js';
import { summaryOf, tablesOf } from '../baseline/tables.js';
import type { BaselineReport } from '../baseline/report.js';
import type { DocumentOptions } from '../text/formats/documents.js';
import { documentOptions } from './options.js';
import { print, printTable } from './output.js';
import { ProgressDisplay, TITLES } from './progress.js';
import { tokenizationChoice, type TokenizationFlags } from './tokenization.js';
import { vocabularyChoice, type VocabularyFlags } from './vocabulary.js';

/** The options of `kneser baseline`, as commander hands them over. */
export interface BaselineFlags extends VocabularyFlags, TokenizationFlags, DocumentOptions {
  readonly train?: readonly string[];
  readonly valid?: readonly string[];
  readonly test?: readonly string[];
  readonly corpus?: string;
  readonly data?: string;
  readonly orders: readonly number[];
  readonly classes: number;
  readonly out?: string;
  readonly force?: boolean;
  readonly keepModels?: string;
  readonly resamples: number;
  readonly seed: number;
  readonly memory?: number;
  readonly threads?: number;
  readonly lowercase?: boolean;
  readonly skipBlank?: boolean;
  readonly reserved: 'refuse' | 'drop';
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser baseline`. */
export async function runBaseline(flags: BaselineFlags): Promise<void> {
  const { out, keepModels, memory, threads } = flags;
  const texts = textsOf(flags);
  const vocabulary = await vocabularyChoice(flags);
  const display = await ProgressDisplay.create(flags.quiet ?? false);
  let report: BaselineReport;
  try {
    const options: BaselineOptions = {
      ...texts,
      orders: flags.orders,
      classes: flags.classes,
      resamples: flags.resamples,
      seed: flags.seed,
      tokenization: await tokenizationChoice(flags),
      ...documentOptions(flags),
      lowercase: flags.lowercase ?? false,
      skipBlank: flags.skipBlank ?? false,
      reserved: flags.reserved,
      force: flags.force ?? false,
      ...(out === undefined ? {} : { out }),
      ...(keepModels === undefined ? {} : { keepModels }),
      ...(memory === undefined ? {} : { memory }),
      ...(threads === undefined ? {} : { threads }),
      ...(vocabulary ? { vocabulary } : {}),
      ...(display ? { onProgress: progress => show(display, progress) } : {}),
    };
    report = await baseline(options);
  } finally {
    display?.end();
  }
  for (const warning of report.warnings) process.stderr.write(`kneser: warning: ${warning}\n`);
  if (flags.json) await print(JSON.stringify(report) + '\n');
  else await printReport(report);
  if (out !== undefined && !flags.quiet) process.stderr.write(`${out}: baseline.md, .json and .html, tokens.tsv.gz\n`);
}

function show(display: ProgressDisplay, { model, stage, done, total, unit }: BaselineProgress): void {
  const title = stage === 'load' ? 'loading tables' : stage === 'score' ? 'scoring' : TITLES[stage];
  display.update(`${model}: ${title}`, done, total, unit);
}

async function printReport(report: BaselineReport): Promise<void> {
  await print(`${summaryOf(report)}\n`);
  for (const { title, head, rows, notes = [] } of tablesOf(report)) {
    await print(`\n${title}\n\n`);
    await printTable(head, rows);
    for (const note of notes) await print(`${note}\n`);
  }
}

function textsOf({ train, valid, test, corpus, data }: BaselineFlags): BaselineTexts {
  if (corpus !== undefined) {
    if (train || valid || test) {
      throw new KneserError('KNESER_OPTION', '--corpus has its own texts: leave out --train, --valid and --test');
    }
    return { corpus, ...(data === undefined ? {} : { data }) };
  }
  if (!train || !valid || !test) {
    throw new KneserError('KNESER_OPTION', 'name texts with --train, --valid and --test, or a corpus with --corpus');
  }
  if (data !== undefined) throw new KneserError('KNESER_OPTION', '--data is the folder of a --corpus: name that too');
  return { train, valid, test };
}
