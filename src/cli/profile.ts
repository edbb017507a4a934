import { checkPath } from '../base/check.js';
import type { Command } from 'commander';
import { givenOptions } from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { standard } from '../base/node/standard-streams.js';
import type { ProfileOptions, ProfileReport } from '../documents/profile.js';
import type { DrawingOptions } from '../model/generation/options.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { addBuildFlags, type BuildFlags } from './build-flags.js';
import { given, givenFlags } from './given.js';
import { addDocumentFlags, documentOptions, TEXT_FILES } from './documents.js';
import { addDrawingFlags } from './drawing.js';
import { interruption } from './interruption.js';
import { print, printTable, warn } from './output.js';
import { withProgress } from './progress.js';
import { addModelFlags, openOptions, type ModelFlags } from './smoothing.js';
import { tokenizationChoice } from './tokenization.js';
import { parseWhole } from './values.js';

const HELP = `
Lengths, unigrams, stopwords and symbols are those of the whole texts; types, Zipf's and Heaps' law are those of equally many tokens.
p is the probability of a distance at least as large if the documents (or sentences) of both texts were of one kind.

Examples:
  kneser profile corpus.txt --json
  kneser profile human.txt --against generated.txt --stopwords en --html profile.html
  kneser profile test.txt --model model --top-p 0.95 --seed 7`;

/** Flags of `kneser profile`. */
interface ProfileFlags extends DocumentOptions, DrawingOptions, ModelFlags, BuildFlags {
  readonly against?: readonly string[];
  readonly model?: string;
  readonly samples?: number;
  readonly stopwords?: string;
  readonly lowercase?: boolean;
  readonly resamples?: number;
  readonly seed?: number;
  readonly html?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser profile`. */
export function define(command: Command): void {
  command
    .argument('<text...>', TEXT_FILES)
    .option('--against <file...>', 'a second text to compare the text with')
    .option('--model <dir>', 'a model with whose samples the text is compared')
    .option('--samples <n>', 'sentences drawn from the model (default: as many as the text has)', parseWhole)
    .option('--stopwords <list>', 'en: English function words; or a file of words (default: none)')
    .option('--resamples <n>', 'permutations of each test (default: 999)', parseWhole)
    .option('--seed <n>', 'seed of permutations and samples (default: 1)', parseWhole);
  addDrawingFlags(command);
  addReadingFlags(command);
  addModelFlags(command);
  addDocumentFlags(command)
    .option('--html <page>', 'write the profile as a web page with plots')
    .option('--json', 'print the profile as one JSON object')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run);
}

/** Declares the flags that say how text is read, which a model knows itself. */
function addReadingFlags(command: Command): Command {
  return addBuildFlags(command, ['tokenization', 'lowercase']);
}

async function run(files: readonly string[], flags: ProfileFlags, command: Command): Promise<void> {
  const { profile } = await import('../documents/profile.js');
  const { refuseInput, writeWhole } = await import('../documents/output.js');
  const { against, samples, stopwords, resamples, seed, lowercase, html, json = false, quiet = false } = flags;
  const reading = givenFlags(command, addReadingFlags).map(flag => flag.attributeName());
  const opening = givenFlags(command, addModelFlags).at(0)?.attributeName();
  if (flags.model !== undefined && reading.length > 0) {
    throw new KneserError(
      'KNESER_OPTION',
      `${reading[0]}: excludes model, since the text is read as the model reads text`,
    );
  }
  if (flags.model === undefined && opening !== undefined) {
    throw new KneserError('KNESER_OPTION', `${opening}: belongs to model; name a model, or leave it out`);
  }
  if (html !== undefined) {
    checkPath('html', html);
    await refuseInput(html, 'html', [
      ...files,
      ...(against ?? []),
      ...[flags.model, stopwords].filter(path => path !== undefined),
    ]);
  }
  const { DRAWING_NAMES } = await import('../model/generation/options.js');
  const options: ProfileOptions = {
    files,
    ...documentOptions(flags),
    ...given({ against, samples, stopwords, resamples, seed, lowercase }),
    ...givenOptions(flags, DRAWING_NAMES),
    ...(reading.some(name => name !== 'lowercase') ? { tokenization: await tokenizationChoice(flags) } : {}),
    signal: interruption(),
    onWarning: warn,
  };
  const { LanguageModel } = await import('../model/language-model.js');
  const model = flags.model === undefined ? undefined : await LanguageModel.open(flags.model, openOptions(flags));
  try {
    const report = await withProgress(quiet || !standard.stderr.isTTY, progress =>
      profile({ ...options, ...progress, ...(model ? { model } : {}) }),
    );
    if (html !== undefined) {
      const { profilePage } = await import('../documents/profile-page.js');
      await writeWhole(html, profilePage(report));
    }
    if (json) await print(JSON.stringify(report) + '\n');
    else await printReport(report);
  } finally {
    await model?.close();
  }
}

async function printReport(report: ProfileReport): Promise<void> {
  const { distanceHead, distanceRows, figureRows } = await import('../documents/profile-page.js');
  const { conventionsLine } = await import('../documents/conventions.js');
  const { text, against, copied8, reason, unit, resamples } = report;
  await printTable(['', text.name, ...(against ? [against.name] : [])], figureRows(report));
  await print('\n');
  await printTable(distanceHead(report), distanceRows(report));
  if (against) {
    await print(`\np: ${reason === null ? `${resamples} permutations of ${unit}s` : `none, because ${reason}`}\n`);
  }
  if (copied8 !== null)
    await print(`8-grams of the second text that are in the first: ${(100 * copied8).toFixed(2)} %\n`);
  await print(`\n${conventionsLine(report.conventions)}\n`);
}
