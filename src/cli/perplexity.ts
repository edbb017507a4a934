import type { Command } from 'commander';
import { KneserError } from '../base/errors.js';
import { standard } from '../base/node/standard-streams.js';
import type { PerplexityByReport } from '../documents/perplexity-by.js';
import type { Perplexity } from '../model/scoring/perplexity.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { given } from './given.js';
import { addDocumentFlags, documentOptions, TEXT_FILES } from './documents.js';
import { figure, print, printTable, warn, warnOfReplaced, warnOfSkipped, whole } from './output.js';
import { withDisplay } from './progress.js';
import { addSentenceEndFlags, type SentenceEndFlags } from './sentence-ends.js';
import { addCacheFlag, addModelFlags, mentionWeights, openOptions, type ModelFlags } from './smoothing.js';
import { parseThreads, parseWhole } from './values.js';

const HELP = `
Example:
  kneser perplexity model valid.txt test.txt`;

/** Flags of `kneser perplexity`. */
interface PerplexityFlags extends ModelFlags, SentenceEndFlags, DocumentOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly threads?: number;
  readonly cache?: boolean;
  readonly by?: string;
  readonly types?: boolean;
  readonly budget?: number;
  readonly seed?: number;
  readonly resamples?: number;
}

/** `kneser perplexity`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .argument('<file...>', TEXT_FILES)
    .option('--json', 'print one JSON object');
  addModelFlags(command);
  addSentenceEndFlags(command);
  addCacheFlag(command).option('-t, --threads <n>', 'threads that score (default: one a core)', parseThreads);
  command
    .option(
      '--by <field>',
      'measure each domain: documents with the same value of this member, or with --by file, of the same file',
    )
    .option('--types', 'with --by: also print the mean loss over types, for bands of counts in the training text')
    .option('--budget <tokens>', 'with --by: measure random documents of each domain with this many tokens', parseWhole)
    .option('--resamples <n>', 'bootstrap resamples for the intervals of --by (default: 1000)', parseWhole)
    .option('--seed <n>', 'seed of the sample and of the intervals of --by (default: 1)', parseWhole);
  addDocumentFlags(command).option('-q, --quiet', 'no progress').addHelpText('after', HELP).action(run);
}

async function run(path: string, paths: readonly string[], flags: PerplexityFlags): Promise<void> {
  if (flags.by !== undefined) {
    await runByDomain(path, paths, flags, flags.by);
    return;
  }
  const own = (['types', 'budget', 'seed', 'resamples'] as const).find(name => flags[name] !== undefined);
  if (own) throw new KneserError('KNESER_OPTION', `${own}: belongs to --by`);
  const { LanguageModel } = await import('../model/language-model.js');
  const { PerplexitySum } = await import('../model/scoring/perplexity.js');
  const { expandInputs, sizeOf } = await import('../text/formats/input.js');
  const inputs = await expandInputs(paths, flags, warn);
  const model = await LanguageModel.open(path, openOptions(flags));
  try {
    const knownBytes = sizeOf(inputs);
    let done = 0;
    const total = new PerplexitySum();
    const files: ({ file: string } & Perplexity)[] = [];
    let replaced = 0;
    let skipped = 0;
    // Progress is shown only on a terminal.
    await withDisplay(flags.quiet === true || !standard.stderr.isTTY, async display => {
      for (const { path: file, bytes } of inputs) {
        const sum = await model.sumOfFile(file, {
          ...documentOptions(flags),
          expectedBytes: knownBytes ?? NaN,
          start: flags.start,
          end: flags.end,
          cache: flags.cache ?? false,
          ...given({ threads: flags.threads }),
          onProgress: progress => {
            if (progress.stage !== 'score') display?.show(progress);
            else display?.show({ ...progress, done: done + progress.done, total: knownBytes });
          },
        });
        done += bytes ?? 0;
        total.add(sum);
        replaced += sum.replaced;
        skipped += sum.skipped;
        files.push({ file, ...sum.figures(), ...(flags.missing === 'skip' ? { skipped: sum.skipped } : {}) });
      }
    });
    if (!flags.quiet) mentionWeights(model.info, flags);
    warnOfSkipped(skipped);
    warnOfReplaced(replaced);
    const figures = total.figures();
    if (figures.tokens === 0) warn('there is no text to measure');
    if (flags.json)
      await print(
        JSON.stringify({ files, total: { ...figures, ...(flags.missing === 'skip' ? { skipped } : {}) } }) + '\n',
      );
    else await printFigures([...files, { file: 'total', ...figures }]);
  } finally {
    await model.close();
  }
}

/** `kneser perplexity --by FIELD`. */
async function runByDomain(path: string, files: readonly string[], flags: PerplexityFlags, by: string): Promise<void> {
  if (flags.cache || !flags.start || !flags.end) {
    throw new KneserError('KNESER_OPTION', 'by: takes neither --cache nor --no-start nor --no-end');
  }
  const { LanguageModel } = await import('../model/language-model.js');
  const { perplexityBy } = await import('../documents/perplexity-by.js');
  const { types, budget, seed, resamples, threads } = flags;
  await using model = await LanguageModel.open(path, openOptions(flags));
  const report = await withDisplay(flags.quiet === true || !standard.stderr.isTTY, display =>
    perplexityBy({
      model,
      files,
      by,
      ...documentOptions(flags),
      ...given({ types, budget, seed, resamples, threads }),
      ...(display ? { onProgress: progress => display.show(progress) } : {}),
      onWarning: warn,
    }),
  );
  if (!flags.quiet) mentionWeights(model.info, flags);
  if (flags.json) await print(JSON.stringify(report) + '\n');
  else {
    await printDomains(report);
    const { conventionsLine } = await import('../documents/conventions.js');
    await print(`\n${conventionsLine(report.conventions)}\n`);
  }
}

async function printDomains({ by, domains, micro, macro, types }: PerplexityByReport): Promise<void> {
  await printTable(
    [by, 'documents', 'tokens', 'OOV', 'perplexity', '95 % interval', 'bits/token', 'bits/byte'],
    [
      ...[...domains, { name: 'micro', ...micro }].map(row => [
        row.name,
        whole(row.documents),
        whole(row.tokens),
        whole(row.oov),
        figure(row.perplexity, 3),
        row.interval ? `${figure(row.interval[0], 2)} to ${figure(row.interval[1], 2)}` : '–',
        figure(row.bitsPerToken, 4),
        figure(row.bitsPerByte, 4),
      ]),
      [
        'macro',
        '',
        '',
        '',
        figure(macro.perplexity, 3),
        '',
        figure(macro.bitsPerToken, 4),
        figure(macro.bitsPerByte, 4),
      ],
    ],
  );
  if (!types) return;
  await print('\n');
  await printTable(
    ['count in training', 'types', 'tokens', 'bits/type', 'bits/token'],
    types.map((row, i) => [
      i === 0 ? 'all' : row.from === row.to ? whole(row.from) : `${whole(row.from)} to ${whole(row.to)}`,
      whole(row.types),
      whole(row.tokens),
      figure(row.bitsPerType, 4),
      figure(row.bitsPerToken, 4),
    ]),
  );
}

async function printFigures(rows: readonly ({ file: string } & Perplexity)[]): Promise<void> {
  await printTable(
    ['file', 'sentences', 'tokens', 'OOV', 'perplexity', 'without OOV', 'bits/token', 'bits/char', 'bits/byte'],
    rows.map(row => [
      row.file,
      whole(row.sentences),
      whole(row.tokens),
      whole(row.oov),
      figure(row.perplexity, 3),
      figure(row.perplexityExcludingOov, 3),
      figure(row.bitsPerToken, 4),
      figure(row.bitsPerCharacter, 4),
      figure(row.bitsPerByte, 4),
    ]),
  );
}
