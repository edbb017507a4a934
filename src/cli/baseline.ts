import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import {
  DEFAULT_ORDERS,
  SHARED_OPTION_NAMES,
  type BaselineOptions,
  type BaselineProgress,
  type BaselineTexts,
} from '../baseline/options.js';
import type { BaselineReport } from '../baseline/report.js';
import type { WordOrderName } from '../text/word-order.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { MIXTURE_DEFAULTS } from '../train/plan/mixture-options.js';
import { given } from './given.js';
import { addBuildFlags, type BuildFlags } from './build-flags.js';
import { buildOptions } from './build-options.js';
import { addDocumentFlags, documentOptions, NAMED_TEXT_FILES } from './documents.js';
import { print, printTable, warn } from './output.js';
import { TITLES, withDisplay, type ProgressDisplay } from './progress.js';
import { addResamplingFlags } from './resampling.js';
import { parseNames, parseOrders, parseWhole } from './values.js';

const HELP = `
A model's name is its smoothing and its order: mkn5 is interpolated modified Kneser-Ney of order 5, glm5 the mixture over skip
patterns (generalized language model). Each model is trained separately, and the mixtures are tuned on the --valid files.

Examples:
  kneser baseline --train train.txt --valid valid.txt --test news.txt web.txt --out baseline
  kneser baseline --corpus ptb --data ptb-folder --out ptb-baseline
  kneser baseline --corpus ptb --data ptb-folder --orders 2,3,5 --word-orders all   # how much the order of words tells`;

/** Flags of `kneser baseline`. */
interface BaselineFlags extends Omit<BuildFlags, 'classes'>, DocumentOptions {
  readonly train?: readonly string[];
  readonly valid?: readonly string[];
  readonly test?: readonly string[];
  readonly corpus?: string;
  readonly data?: string;
  readonly orders: readonly number[];
  readonly wordOrders?: readonly string[];
  readonly wordOrder?: WordOrderName;
  readonly classes?: number;
  readonly subsamples?: number;
  readonly out?: string;
  readonly force?: boolean;
  readonly keepModels?: string;
  readonly resamples: number;
  readonly seed: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser baseline`. */
export function define(command: Command): void {
  command
    .option('--train <file...>', `training text: ${NAMED_TEXT_FILES}`)
    .option('--valid <file...>', 'text to tune the mixture on')
    .option('--test <file...>', 'text to measure; each file is a domain')
    .option('--corpus <name>', 'a corpus of the catalogue instead: brown, ptb, wikitext-2, wikitext-103, text8, 1b')
    .option('--data <dir>', 'folder of the corpus files, which are checked against the catalogue')
    .option('-n, --orders <list>', 'orders, such as 2-5 or 3,5', parseOrders, DEFAULT_ORDERS)
    .option(
      '--word-orders <list>',
      'compare word orders, such as forward,backward,shuffle-local:3, or all; by modified Kneser-Ney alone',
      parseNames,
    )
    .option(
      '--classes <n>',
      `word classes of the mixture (0: no class model; default: ${MIXTURE_DEFAULTS.classes})`,
      parseWhole,
    )
    .option('-o, --out <dir>', 'folder for the report (Markdown, JSON, HTML) and the table of tokens')
    .option('--keep-models <dir>', 'folder in which the models are kept')
    .option(
      '--subsamples <n>',
      'train every model n more times, on 90 % of the sentences, to say how well the test text ranks the models',
      parseWhole,
    );
  addResamplingFlags(command);
  addBuildFlags(command, SHARED_OPTION_NAMES);
  addDocumentFlags(command)
    .option('-f, --force', 'replace an existing report and existing models')
    .option('--json', 'print the report as one JSON object')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(flags: BaselineFlags): Promise<void> {
  const { train, valid, test, corpus, data, out, keepModels, wordOrders, subsamples } = flags;
  const shared = await buildOptions(flags, SHARED_OPTION_NAMES);
  const { baseline } = await import('../baseline/baseline.js');
  const report = await withDisplay(flags.quiet ?? false, async display => {
    const options: BaselineOptions = {
      // The library refuses texts that are missing or too many.
      ...(given({ train, valid, test, corpus, data }) as BaselineTexts),
      ...shared,
      orders: flags.orders,
      resamples: flags.resamples,
      seed: flags.seed,
      ...documentOptions(flags),
      force: flags.force ?? false,
      ...given({ classes: flags.classes, out, keepModels, subsamples }),
      ...(wordOrders ? { wordOrders: wordOrders.join() === 'all' ? 'all' : (wordOrders as WordOrderName[]) } : {}),
      ...(display ? { onProgress: progress => show(display, progress) } : {}),
    };
    return baseline(options);
  });
  report.warnings.forEach(warn);
  if (flags.json) await print(JSON.stringify(report) + '\n');
  else await printReport(report);
  const table = wordOrders ? '' : ', tokens.tsv.gz';
  if (out !== undefined && !flags.quiet) standard.stderr.write(`${out}: baseline.md, .json and .html${table}\n`);
}

function show(display: ProgressDisplay, { model, stage, done, total, unit }: BaselineProgress): void {
  display.update(`${model}: ${TITLES[stage]}`, done, total, unit);
}

async function printReport(report: BaselineReport): Promise<void> {
  const { summaryOf, tablesOf } = await import('../baseline/tables.js');
  await print(`${summaryOf(report)}\n`);
  for (const { title, head, rows, notes = [] } of tablesOf(report)) {
    await print(`\n${title}\n\n`);
    await printTable(head, rows);
    for (const note of notes) await print(`${note}\n`);
  }
}
