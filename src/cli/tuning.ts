import type { TuneReport } from '../model/scoring/weights.js';
import { print, printTable, whole } from './output.js';

/** Prints the text on which weights were tuned, its perplexities, and the mean share of the probability that comes from each pattern. */
export async function printTuning(name: string, report: TuneReport): Promise<void> {
  const { sentences, tokens, mkn, tuned, cached, shares } = report;
  await print(
    `weights ${name}: tuned on ${whole(sentences)} sentences, ${whole(tokens)} tokens. Its perplexity: ` +
      `modified Kneser-Ney ${mkn.toFixed(2)}, tuned ${tuned.toFixed(2)}, with the cache ${cached.toFixed(2)}\n\n`,
  );
  const sorted = [...shares].sort((a, b) => b.share - a.share);
  await printTable(
    ['pattern', 'share of the probability'],
    sorted.map(({ pattern, share }) => [pattern, `${(100 * share).toFixed(2)} %`]),
  );
}
