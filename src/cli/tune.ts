import { DEFAULT_WEIGHTS, type TuneReport } from '../smoothing/weights.js';
import type { DocumentOptions } from '../text/formats/documents.js';
import { tune } from '../train/tune.js';
import { print, printTable, whole } from './output.js';
import { documentOptions } from './options.js';
import { ProgressDisplay } from './progress.js';

/** The options of `kneser tune`. */
export interface TuneFlags extends DocumentOptions {
  readonly name: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser tune`. */
export async function runTune(path: string, files: readonly string[], flags: TuneFlags): Promise<void> {
  const display = await ProgressDisplay.create(flags.quiet ?? false);
  let report: TuneReport;
  try {
    report = await tune({
      model: path,
      files,
      ...documentOptions(flags),
      name: flags.name,
      ...(display ? { onProgress: (done, total) => display.update('tuning weights', done, total, 'passes') } : {}),
    });
  } finally {
    display?.end();
  }
  if (flags.json) {
    await print(JSON.stringify({ name: flags.name, ...report }) + '\n');
    return;
  }
  await printReport(flags.name, report);
  if (flags.quiet) return;
  const chosen = flags.name === DEFAULT_WEIGHTS ? '' : ` --weights ${flags.name}`;
  process.stderr.write(`Next: kneser perplexity ${path} FILE${chosen}\n`);
}

/** How a set of weights was tuned, and what each pattern gives. */
export async function printReport(name: string, report: TuneReport): Promise<void> {
  const { sentences, tokens, mkn, tuned, cached, shares } = report;
  await print(
    `weights ${name}: tuned on ${whole(sentences)} sentences, ${whole(tokens)} tokens. Perplexity there: ` +
      `modified Kneser-Ney ${mkn.toFixed(2)}, tuned ${tuned.toFixed(2)}, with the cache ${cached.toFixed(2)}\n\n`,
  );
  const most = [...shares].sort((a, b) => b.share - a.share);
  await printTable(
    ['pattern', 'share of the probability'],
    most.map(({ pattern, share }) => [pattern, `${(100 * share).toFixed(2)} %`]),
  );
}
