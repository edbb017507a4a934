import { Option, type Command } from 'commander';
import { refuseWithout } from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { standard } from '../base/node/standard-streams.js';
import type { OverlapOptions, OverlapReport, OverlapRow } from '../documents/overlap.js';
import type { RecitationFigures, RecitationReport } from '../documents/recitation.js';
import type { OutputLine } from '../documents/output.js';
import { given } from './given.js';
import { addDocumentFlags, documentOptions } from './documents.js';
import { interruption } from './interruption.js';
import { figure, print, printTable, warn, whole } from './output.js';
import { withDisplay } from './progress.js';
import { parseNumber, parseWhole } from './values.js';

const HELP = `
A hit is an n-gram of a benchmark item that is in at least 1 and at most --max-documents documents of the training text; an n-gram
in more documents is boilerplate. An item is contaminated if it has at least --min-hits distinct hits, which cover at least the
share --min-coverage of its tokens.

Examples:
  kneser overlap --train crawl.jsonl.gz --test benchmark.jsonl --json
  kneser overlap --model model --test benchmark.jsonl --rewritten rewritten.jsonl --unseen fresh.jsonl
  kneser overlap --model model --trap planted.txt
  kneser overlap --train crawl.jsonl.gz --test gsm8k.jsonl --query question --answer answer --out rows.jsonl`;

/** Flags of `kneser overlap`. */
interface OverlapFlags extends Omit<
  OverlapOptions,
  'onProgress' | 'onReport' | 'onWarning' | 'signal' | 'test' | 'train'
> {
  readonly train?: readonly string[];
  readonly model?: string;
  readonly rewritten?: readonly string[];
  readonly unseen?: readonly string[];
  readonly starts?: number;
  readonly trap?: readonly string[];
  readonly against?: string;
  readonly controls?: number;
  readonly test?: readonly string[];
  readonly out?: string;
  readonly html?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser overlap`. */
export function define(command: Command): void {
  command
    .option('--train <file...>', 'the training text: files and folders')
    .option('--model <dir>', 'instead of --train: measure how much of the benchmark this model can recite')
    .option('--test <file...>', 'the benchmark: files whose documents are its items; may be left out with --trap')
    .option('--n <n>', 'length of the n-grams (default: 13, with --model 5)', parseWhole)
    .addOption(
      new Option(
        '--normalize <how>',
        'gpt3: compare lower-cased words without punctuation; none: compare tokens between white space (default: gpt3)',
      ).choices(['gpt3', 'none']),
    )
    .option('--query <field>', 'the member that holds the question of an item')
    .option('--answer <field>', 'the member that holds the answer: hits are its n-grams')
    .option('--min-hits <k>', 'least number of distinct hits of a contaminated item (default: 1)', parseWhole)
    .option(
      '--min-coverage <share>',
      'least share of the tokens of a contaminated item that lie in hits (default: 0)',
      parseNumber('0.5'),
    )
    .option('--max-documents <k>', 'n-grams in more training documents than this are no hits (default: 10)', parseWhole)
    .option(
      '--scores <field>',
      'a member with a number for each item: compare its means over clean and contaminated items',
    )
    .option('--id <field>', 'the member that names items (default: id)')
    .option('--seed <n>', 'seed of the bootstrap and of the random strings (default: 1)', parseWhole)
    .option('--rewritten <file...>', 'with --model: the same items in other words')
    .option('--unseen <file...>', 'with --model: a control, similar items that the model surely has not seen')
    .option(
      '--starts <k>',
      'with --model: positions of an item from which the model must predict n tokens (default: 5)',
      parseWhole,
    )
    .option('--trap <file...>', 'with --model: strings planted in its training text, each compared with random strings')
    .option('--against <dir>', 'with --trap: a model of text without the planted strings, whose perplexity is compared')
    .option('--controls <m>', 'with --trap: number of random strings for each planted one (default: 999)', parseWhole);
  addDocumentFlags(command)
    .option('-o, --out <file>', 'file for one row for each item: .jsonl, also with .gz or .zst')
    .option('--html <page>', 'write the report as a web page')
    .option('--json', 'print the report as one JSON object')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(flags: OverlapFlags): Promise<void> {
  if (flags.model !== undefined) {
    await runModel(flags.model, flags);
    return;
  }
  const { overlap } = await import('../documents/overlap.js');
  const { PageItems, overlapPage } = await import('../documents/pages.js');
  const { checkOutput, refuseInput, refuseTwice, writeLines, writeWhole, jsonRow } =
    await import('../documents/output.js');
  const { expandInputs } = await import('../text/formats/input.js');
  const { train, test, out, html, json = false, quiet = false, ...others } = flags;
  const { n, normalize, query, answer, minHits, minCoverage, maxDocuments, scores, id, seed } = others;
  refuseWithout(flags, ['rewritten', 'unseen', 'starts', 'trap', 'against', 'controls'], '--model');
  if (test === undefined) throw new KneserError('KNESER_OPTION', 'test: is missing; name the benchmark');
  if (train === undefined)
    throw new KneserError('KNESER_OPTION', 'train: is missing; name the training text, or a model (--model)');
  const signal = interruption();
  const inputs = (await expandInputs([...train, ...test], {})).map(({ path }) => path);
  if (out !== undefined) await checkOutput(out, inputs);
  if (html !== undefined) await refuseInput(html, 'html', inputs);
  refuseTwice({ out, html });
  let report: OverlapReport | undefined;
  const options: OverlapOptions = {
    train,
    test,
    ...documentOptions(others),
    ...given({ n, normalize, query, answer, minHits, minCoverage, maxDocuments, scores, id, seed }),
    signal,
    onWarning: warn,
    onReport: found => (report = found),
  };
  const items = new PageItems();
  const write = (row: OverlapRow): OutputLine => {
    items.add(row);
    return jsonRow(row);
  };
  await withDisplay(quiet || !standard.stderr.isTTY, async display => {
    const found = overlap(display ? { ...options, onProgress: progress => display.show(progress) } : options);
    if (out !== undefined) await writeLines(out, rowsOf(found, write), signal);
    else for await (const row of found) items.add(row);
  });
  if (!report) return;
  if (html !== undefined) await writeWhole(html, overlapPage(report, items));
  if (json) await print(JSON.stringify(report) + '\n');
  else {
    await printReport(report);
    await print(`\n${report.n}-grams; tokenizer: ${report.conventions.tokenizer ?? ''}\n`);
    if (report.scores) await print('How the scores were made is not known: they are from the input.\n');
  }
}

/** Flags that belong to --train, and cannot be combined with --model. */
const TRAIN_FLAGS = ['normalize', 'minHits', 'minCoverage', 'maxDocuments', 'scores', 'out', 'html'] as const;

/** `kneser overlap --model MODEL`. */
async function runModel(path: string, flags: OverlapFlags): Promise<void> {
  if (flags.train)
    throw new KneserError(
      'KNESER_OPTION',
      'train: excludes model: items are sought in a text, or a model recites them',
    );
  refuseWithout(flags, TRAIN_FLAGS, '--train; leave it or --model out');
  const { recitation } = await import('../documents/recitation.js');
  const { test, rewritten, unseen, query, answer, n, starts, trap, against, controls, seed } = flags;
  const report = await recitation({
    model: path,
    ...documentOptions(flags),
    ...given({ test, rewritten, unseen, query, answer, n, starts, trap, against, controls, seed }),
    signal: interruption(),
    onWarning: warn,
  });
  if (flags.json) await print(JSON.stringify(report) + '\n');
  else {
    await printRecitation(report);
    const { conventionsLine } = await import('../documents/conventions.js');
    await print(`\n${conventionsLine(report.conventions)}\n`);
  }
}

async function printRecitation({ original, rewritten, unseen, gap, traps = [] }: RecitationReport): Promise<void> {
  const row = (name: string, found: RecitationFigures | undefined): string[][] =>
    found
      ? [
          [
            name,
            whole(found.items),
            whole(found.tooShort),
            figure(found.accuracy, 4),
            figure(found.similarAccuracy, 4),
            figure(found.rougeAccuracy, 4),
            figure(found.perplexity, 3),
          ],
        ]
      : [];
  if (original.items > 0) {
    await printTable(
      ['items', 'number', 'too short', 'accuracy', 'alike by edits', 'by ROUGE-L', 'perplexity'],
      [
        ...row('original', original),
        ...row('rewritten', rewritten),
        ...(gap ? [['gap', '', '', figure(gap.accuracy, 4), '', '', figure(gap.perplexity, 4)]] : []),
        ...row('unseen', unseen),
      ],
    );
  }
  if (gap)
    await print('\nA gap alone proves nothing: rewritten items differ in style, too. Compare with unseen items.\n');
  if (traps.length === 0) return;
  if (original.items > 0) await print('\n');
  await printTable(
    ['trap', 'perplexity', 'ratio', 'p'],
    traps.map(({ text, perplexity, ratio = null, p }) => [
      text.slice(0, 60),
      figure(perplexity, 2),
      figure(ratio, 4),
      figure(p, 4),
    ]),
  );
}

async function* rowsOf<Row>(rows: AsyncIterable<OverlapRow>, write: (row: OverlapRow) => Row): AsyncGenerator<Row[]> {
  for await (const row of rows) yield [write(row)];
}

async function printReport(report: OverlapReport): Promise<void> {
  const { items, tooShort, contaminated, withHits, ngrams, found, distinct, tokens, covered, boilerplate } = report;
  const share = (part: number, all: number): string => (all === 0 ? '–' : `${((100 * part) / all).toFixed(2)} %`);
  await printTable(
    ['benchmark', 'number', 'share'],
    [
      ['items', whole(items), ''],
      ['too short to judge', whole(tooShort), share(tooShort, items)],
      ['with a hit', whole(withHits), share(withHits, items)],
      ['contaminated', whole(contaminated), share(contaminated, items)],
      ['n-grams', whole(ngrams), ''],
      ['n-grams found', whole(found), share(found, ngrams)],
      ['distinct n-grams found', whole(distinct), ''],
      ['boilerplate n-grams', whole(boilerplate), ''],
      ['tokens', whole(tokens), ''],
      ['tokens covered', whole(covered), share(covered, tokens)],
    ],
  );
  const { scores } = report;
  if (!scores) return;
  const { all, clean, contaminated: dirty, difference, interval } = scores;
  await print('\n');
  await printTable(
    ['mean score', 'all', 'clean', 'contaminated', 'difference', '95 % interval'],
    [
      [
        '',
        ...[all, clean, dirty, difference].map(value => figure(value, 4)),
        interval ? `${figure(interval[0], 4)} to ${figure(interval[1], 4)}` : '–',
      ],
    ],
  );
}
