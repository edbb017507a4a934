import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { refuseWithout } from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { standard } from '../base/node/standard-streams.js';
import type { Kept } from '../documents/choices.js';
import type { BucketChoice, SampleChoice, SelectOptions } from '../documents/select-options.js';
import type { SelectionReport } from '../documents/selection-report.js';
import type { Shard } from '../documents/stream.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { shardOption } from './annotate.js';
import { given } from './given.js';
import { addDocumentFlags, documentOptions } from './documents.js';
import { interruption } from './interruption.js';
import { figure, print, printBytes, printTable, warn, whole } from './output.js';
import { withDisplay } from './progress.js';
import { parseNumber, parseWhole } from './values.js';

const HELP = `
Give exactly one method: --min/--max, --keep, --buckets, --at, --sample, --resample, --top or --label. A document whose figure
is null or missing is never chosen. The chosen documents go to standard output, and a summary to standard error. With --out,
--out-dir, --dry-run or --label the whole report goes to standard output.

Examples:
  kneser select annotated.jsonl.gz --by kneser.perplexity --keep middle 0.5 --within language --out half.jsonl.gz
  kneser select annotated.jsonl.gz --by kneser.perplexity --buckets head:30,middle:60,tail --out-dir buckets
  kneser select ratios.jsonl.gz --by kneser.against.log10Ratio --resample 100000 --min-tokens 100 --out chosen.jsonl.gz
  kneser select marked.jsonl --by kneser.perplexity --label harmful=true`;

/** Flags of `kneser select`. */
interface SelectFlags extends DocumentOptions {
  readonly by: string;
  readonly min?: number;
  readonly max?: number;
  readonly keep?: readonly [string, number];
  readonly of?: string;
  readonly buckets?: readonly [string[], number[]];
  readonly at?: readonly [string[], number[]];
  readonly sample?: readonly [string, number?];
  readonly segments?: number;
  readonly ratio?: number;
  readonly count?: number;
  readonly resample?: number;
  readonly top?: number;
  readonly temperature?: number;
  readonly logBase?: number;
  readonly label?: { readonly field: string; readonly value: string };
  readonly within?: string;
  readonly lengthBins?: number;
  readonly minTokens?: number;
  readonly tokens?: string;
  readonly id?: string;
  readonly seed?: number;
  readonly shard?: Shard;
  readonly resamples?: number;
  readonly sampleRate?: number;
  readonly out?: string;
  readonly outDir?: string;
  readonly report?: string;
  readonly html?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The flags that choose a method; two of them make one method together. */
const METHODS = [['min', 'max'], ['keep'], ['buckets'], ['at'], ['sample'], ['resample'], ['top'], ['label']] as const;

/** `kneser select`. */
export function define(command: Command): void {
  command
    .argument('<file...>', 'files of objects with numbers: JSON lines or Parquet; folders of such files')
    .requiredOption(
      '--by <path>',
      'the figure to choose by: the path of a number in the objects, such as kneser.perplexity',
    )
    .option('--min <x>', 'keep documents with a figure of at least x', parseNumber('5'))
    .option('--max <y>', 'keep documents with a figure of at most y', parseNumber('500'))
    .option('--keep <which>', 'keep a share of the documents by rank: lowest 0.3, middle 0.5 or highest 0.1', parseKeep)
    .option('--of <unit>', 'whether --keep takes a share of the documents or of the tokens (default: documents)')
    .option('--buckets <list>', 'divide at percentiles of the figure: head:30,middle:60,tail', parseBuckets)
    .option('--at <list>', 'divide at fixed limits of the figure: head:340,middle:520,tail', parseBuckets)
    .option(
      '--sample <how>',
      'take a random sample: gaussian 0.3 or stepwise 0.3 (BERTIN); or add weights: inverse (SoftDedup)',
      parseSample,
    )
    .option('--segments <k>', 'number of different weights of --sample inverse (default: 20)', parseWhole)
    .option('--ratio <x>', 'highest weight of --sample inverse divided by the lowest (default: 10)', parseNumber('10'))
    .option(
      '--count <n>',
      'with --sample inverse: draw n documents with probabilities proportional to their weights',
      parseWhole,
    )
    .option('--resample <n>', 'draw n documents with probabilities proportional to 10^figure (DSIR)', parseWhole)
    .option('--temperature <t>', 'divide the figures of --resample by t (default: 1)', parseNumber('1'))
    .option('--log-base <b>', 'the figures of --resample are logarithms to this base (default: 10)', parseNumber('10'))
    .option('--top <n>', 'keep the n documents with the highest figures', parseWhole)
    .option(
      '--label <field=value>',
      'choose nothing: measure how well the figure separates documents whose field has this value',
      parseLabel,
    )
    .option('--within <field>', 'take shares and quantiles separately for each value of this member')
    .option('--length-bins <k>', 'take shares and quantiles separately in k groups of similar length', parseWhole)
    .option('--min-tokens <n>', 'leave out documents of fewer tokens (default: 0)', parseWhole)
    .option('--tokens <path>', 'path of the number of tokens in the objects (default: tokens beside the figure)')
    .option('--id <field>', 'the member that names documents in the report (default: id)')
    .option('--seed <n>', 'seed of random choices (default: 1)', parseWhole)
    .addOption(shardOption())
    .option(
      '--sample-rate <share>',
      'look at a random share of the documents only, such as 0.01: a first look at large files, with --dry-run',
      parseNumber('0.01'),
    )
    .option('--resamples <n>', 'bootstrap resamples for the intervals of --label (default: 200)', parseWhole);
  addDocumentFlags(command)
    .option('-o, --out <file>', 'file to write: .jsonl, also with .gz or .zst (default: standard output)')
    .option('--out-dir <dir>', 'folder for one file for each bucket of --buckets or --at')
    .option('--report <file>', 'write the report to a JSON file')
    .option('--html <page>', 'write the report as a web page: the distribution, its cuts, documents on both sides')
    .option('--dry-run', 'print the report, but write no documents')
    .option('--json', 'print the report as one JSON object')
    .option('-q, --quiet', 'no progress, no report on standard error')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(files: readonly string[], flags: SelectFlags): Promise<void> {
  const { selectSome } = await import('../documents/select.js');
  const { checkOutput, chunksOf, packingOf, refuseInput, refuseTwice, writeBuckets, writeLines, writeWhole } =
    await import('../documents/output.js');
  const { expandInputs } = await import('../text/formats/input.js');
  const { out, outDir, report: reportFile, dryRun = false, json = false, quiet = false, label } = flags;
  const buckets = bucketsOf(flags);
  refuseTogether(flags, buckets);
  const signal = interruption();
  const inputs = (await expandInputs(files, documentOptions(flags))).map(({ path }) => path);
  const paths = new Map(
    (outDir === undefined ? [] : (buckets?.names ?? [])).map(name => [
      name,
      join(outDir ?? '', `${name}.jsonl${packingOf(inputs[0])}`),
    ]),
  );
  for (const path of [...paths.values(), ...(out === undefined ? [] : [out])]) await checkOutput(path, inputs);
  const others = { report: reportFile, html: flags.html };
  refuseTwice({ out, ...others });
  for (const path of paths.values()) refuseTwice({ 'out-dir': path, ...others });
  if (reportFile !== undefined) await refuseInput(reportFile, 'report', inputs);
  if (flags.html !== undefined) await refuseInput(flags.html, 'html', inputs);
  let report: SelectionReport | undefined;
  const options: SelectOptions = {
    ...choiceOptions(flags, buckets),
    ...documentOptions(flags),
    files,
    by: flags.by,
    signal,
    onReport: found => (report = found),
    onWarning: warn,
  };
  await withDisplay(quiet || !standard.stderr.isTTY, async display => {
    const rows = selectSome(display ? { ...options, onProgress: progress => display.show(progress) } : options);
    if (dryRun || label) await toEnd(rows);
    else if (outDir !== undefined) await writeBuckets(paths, rows, signal);
    else if (out !== undefined) await writeLines(out, rows, signal);
    else for await (const chunk of chunksOf(rows, signal)) await printBytes(chunk);
  });
  if (!report) return;
  if (reportFile !== undefined) await writeWhole(reportFile, JSON.stringify(report) + '\n');
  if (flags.html !== undefined) {
    const { selectionPage } = await import('../documents/pages.js');
    await writeWhole(flags.html, selectionPage(report));
  }
  const isStdoutFree = dryRun || label !== undefined || out !== undefined || outDir !== undefined;
  if (json && isStdoutFree) await print(JSON.stringify(report) + '\n');
  else if (isStdoutFree && !quiet) await printReport(report, flags);
  else if (!quiet) standard.stderr.write(`${summary(report, flags)}\n`);
}

function refuseTogether(flags: SelectFlags, buckets?: BucketChoice): void {
  const { out, outDir, json, dryRun, label } = flags;
  const refuse = (message: string): never => {
    throw new KneserError('KNESER_OPTION', message);
  };
  const methods = METHODS.filter(names => names.some(name => flags[name] !== undefined));
  if (methods.length !== 1) {
    const list = METHODS.map(names => names.map(name => `--${name}`).join(' and ')).join(', ');
    refuse(`select: it takes one method, not ${methods.length}: ${list}; there is no default`);
  }
  if (buckets && outDir === undefined && !dryRun)
    refuse('buckets: name the folder for their files (--out-dir), or take --dry-run');
  if (!buckets && outDir !== undefined) refuse('outDir: is the folder of --buckets or --at; name one file with --out');
  if (outDir !== undefined && out !== undefined) refuse('out: the files of buckets are in --out-dir; leave it out');
  if (label && out !== undefined)
    refuse('out: with --label no documents are chosen; leave it out (--report takes the figures)');
  if (json && !dryRun && !label && (out ?? outDir) === undefined) {
    refuse('json: standard output has the documents; name a file for them (--out), or for the report (--report)');
  }
}

/** The library's options for the flags that choose documents. */
function choiceOptions(flags: SelectFlags, buckets: BucketChoice | undefined): Omit<SelectOptions, 'files' | 'by'> {
  const { keep, of, sample, min, max, resample, top, label, temperature, logBase } = flags;
  const { minTokens, tokens, within, lengthBins, seed, shard, sampleRate, resamples, id } = flags;
  const kept = keep && {
    which: keep[0] as Kept,
    share: keep[1],
    ...(of === undefined ? {} : { of: of as 'tokens' }),
  };
  if (!keep) refuseWithout(flags, ['of'], '--keep');
  if (sample?.[0] !== 'inverse') refuseWithout(flags, ['segments', 'ratio', 'count'], '--sample inverse');
  return given({
    keep: kept,
    sample: sample && sampleOf(sample, flags),
    buckets,
    ...{ min, max, resample, top, label, temperature, logBase },
    ...{ minTokens, tokens, within, lengthBins, seed, shard, sampleRate, resamples, id },
  });
}

function sampleOf([how, share]: readonly [string, number?], flags: SelectFlags): SampleChoice {
  const { segments, ratio, count } = flags;
  return { how, ...given({ share, segments, ratio, count }) } as SampleChoice;
}

function bucketsOf({ buckets, at }: SelectFlags): BucketChoice | undefined {
  if (at) return { names: at[0], at: at[1] };
  return buckets && { names: buckets[0], percentiles: buckets[1] };
}

async function toEnd(rows: AsyncIterator<unknown>): Promise<void> {
  while (!(await rows.next()).done);
}

/** Reads `lowest:0.3`. */
function parseKeep(text: string): [string, number] {
  const [word, share] = wordAndNumber(text);
  if (word !== undefined && share !== undefined) return [word, share];
  throw new InvalidArgumentError('It takes a word and a share, such as lowest 0.3.');
}

/** Reads `gaussian:0.3`, or a word alone. */
function parseSample(text: string): [string, number?] {
  const [word, share] = wordAndNumber(text);
  if (word !== undefined) return share === undefined ? [word] : [word, share];
  throw new InvalidArgumentError('It takes a word and a share, such as gaussian 0.3, or inverse.');
}

/** The parts of `lowest:0.3`, which `joinShares` made of `lowest 0.3`; the number may be missing. */
function wordAndNumber(text: string): [word?: string, number?: number] {
  const [, word, number] = /^([a-z]+)(?::(\d+\.?\d*|\.\d+))?$/.exec(text) ?? ([] as (string | undefined)[]);
  return word === undefined ? [] : number === undefined ? [word] : [word, Number(number)];
}

/** Reads `head:30,middle:60,tail`: names, and ends of all but the last bucket. */
function parseBuckets(text: string): [string[], number[]] {
  const parts = text.split(',').map(part => part.split(':'));
  const ends = parts.slice(0, -1).map(part => (part.length === 2 && part[1] !== '' ? Number(part[1]) : NaN));
  const last = parts.at(-1);
  if (ends.some(Number.isNaN) || last?.length !== 1) {
    throw new InvalidArgumentError(
      'It takes names, each with the end of its bucket but the last, such as head:30,middle:60,tail.',
    );
  }
  return [parts.map(([name]) => name), ends];
}

/** Reads `harmful=true`. */
function parseLabel(text: string): { readonly field: string; readonly value: string } {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It takes a member and its value, such as harmful=true.');
  return { field: text.slice(0, at), value: text.slice(at + 1) };
}

/** The numbers of documents in one line; of a shard, those of all shards. */
function summary({ all, kept, withoutFigure }: SelectionReport, { minTokens = 0, shard }: SelectFlags): string {
  const share = all.documents === 0 ? 0 : kept.documents / all.documents;
  const fewer = minTokens > 0 ? `, or with fewer than ${whole(minTokens)} tokens` : '';
  const missing = withoutFigure === 0 ? '' : `; ${whole(withoutFigure)} without a figure${fewer}`;
  const ofShard = shard ? `, of which shard ${shard.part}/${shard.parts} has its part` : '';
  return `${whole(kept.documents)} of ${whole(all.documents)} documents kept (${(100 * share).toFixed(1)} %)${ofShard}${missing}`;
}

/** A figure of any size, with six digits. */
function shown(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(6)));
}

async function printReport(report: SelectionReport, flags: SelectFlags): Promise<void> {
  const { by, all, kept, quantiles, within, buckets, cuts, label } = report;
  if (label) {
    await printLabel(label);
    await printConventions(report);
    return;
  }
  await print(`${summary(report, flags)}\n`);
  if (all.tokens !== null && kept.tokens !== null)
    await print(`${whole(kept.tokens)} of ${whole(all.tokens)} tokens kept\n`);
  await print('\n');
  await printTable(
    [`percentile of ${by}`, 'all', 'kept'],
    quantiles.map(row => [`${row.percentile}`, shown(row.all), shown(row.kept)]),
  );
  if (buckets) {
    await print('\n');
    await printTable(
      ['bucket', 'documents', 'tokens'],
      buckets.map(({ name, documents, tokens }) => [name, whole(documents), tokens === null ? '–' : whole(tokens)]),
    );
  }
  if (within) {
    await print('\n');
    await printTable(
      ['within', 'all', 'kept', 'share'],
      within.map(({ name, all, kept, share }) => [name, whole(all), whole(kept), figure(share, 3)]),
    );
  }
  for (const { of, at, below, above } of cuts ?? []) {
    await print(`\ncut of ${of} at ${shown(at)}\n`);
    for (const { id, figure: value, text } of [...[...below].reverse(), ...above]) {
      await print(
        `${value < at ? '  ' : '> '}${shown(value)}\t${id}\t${(text ?? '').replaceAll(/\s+/g, ' ').slice(0, 100)}\n`,
      );
    }
  }
  await printConventions(report);
}

/** Says how the figures were computed, with numbers of documents if there are several ways. */
async function printConventions({ conventions }: SelectionReport): Promise<void> {
  const { conventionsLine } = await import('../documents/conventions.js');
  await print('\n');
  for (const { documents, ...own } of conventions) {
    await print(`${conventions.length > 1 ? `${whole(documents)} documents: ` : ''}${conventionsLine(own)}\n`);
  }
}

async function printLabel(label: NonNullable<SelectionReport['label']>): Promise<void> {
  const range = (interval: readonly [number, number] | null): string =>
    interval ? `${shown(interval[0])} to ${shown(interval[1])}` : '–';
  const side = label.direction === 'higher' ? 'at least' : 'at most';
  await print(`${whole(label.labelled)} of ${whole(label.documents)} documents have ${label.field}=${label.value}\n\n`);
  await printTable(
    ['figure', 'value', '95 % interval'],
    [
      ['AUC (1: labelled documents have higher figures)', shown(label.auc), range(label.aucInterval)],
      ['average precision', shown(label.averagePrecision), range(label.averagePrecisionInterval)],
      ['best F1', shown(label.f1), range(label.f1Interval)],
      [`its threshold: ${side}`, shown(label.threshold), range(label.thresholdInterval)],
      [
        `precision at recall 0.5: ${side} ${shown(label.thresholdAtRecall50)}`,
        shown(label.precisionAtRecall50),
        range(label.precisionAtRecall50Interval),
      ],
      [
        `precision at recall 0.9: ${side} ${shown(label.thresholdAtRecall90)}`,
        shown(label.precisionAtRecall90),
        range(label.precisionAtRecall90Interval),
      ],
    ],
  );
}
