import type { TuneReport } from '../smoothing/weights.js';
import { print, printTable, whole } from './output.js';

/** Prints how a set of weights was tuned, and the share of the probability that each pattern gives. */
export async function printTuning(name: string, report: TuneReport): Promise<void> {
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
