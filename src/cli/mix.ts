import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import type { MixOptions, MixReport } from '../tools/mix.js';
import { given } from './given.js';
import { addDocumentFlags, documentOptions } from './documents.js';
import { interruption } from './interruption.js';
import { bytes, print, printTable, warn, whole } from './output.js';
import { withProgress } from './progress.js';
import { parseNumbers } from './values.js';
import { addNewModelFlags, type NewModelFlags } from './new-model.js';
import { quoted } from '../base/quoted.js';

const HELP = `
The mixture is a back-off model with the n-grams of all models and the probabilities Σ λ p, as SRILM's ngram -mix-lm makes. The models
must have the same tokenizer; imported models can be mixed, too. Without --tune and --weights all weights are equal.

Examples:
  kneser mix news books --out mixed --tune valid.txt
  kneser mix news imported --out mixed --weights 0.8,0.2`;

/** Flags of `kneser mix`. */
interface MixFlags extends NewModelFlags, DocumentOptions, Pick<MixOptions, 'tune' | 'weights' | 'byLength'> {}

/** `kneser mix`. */
export function define(command: Command): void {
  command
    .argument('<model...>', 'models: folders, packed files or their addresses')
    .requiredOption('-o, --out <dir>', 'folder of the mixture')
    .option('--tune <file...>', 'held-out text to learn the weights on')
    .option('--weights <list>', 'the weight of each model, such as 0.7,0.3', parseNumbers)
    .option(
      '--by-length',
      'learn separate weights for histories by the length of the longest context in a model, and the models that have it',
    );
  addDocumentFlags(command);
  addNewModelFlags(command).addHelpText('after', HELP).action(run);
}

async function run(models: readonly string[], flags: MixFlags): Promise<void> {
  const { out, tune, weights, byLength, force = false, json = false, quiet = false } = flags;
  const { mix } = await import('../tools/mix.js');
  const signal = interruption();
  const report = await withProgress(quiet, progress =>
    mix({
      models,
      out,
      ...given({ tune, weights, byLength }),
      ...documentOptions(flags),
      force,
      signal,
      ...progress,
    }),
  );
  report.warnings.forEach(warn);
  if (json) await print(JSON.stringify(report) + '\n');
  else await printReport(models, report, quiet);
}

async function printReport(models: readonly string[], report: MixReport, quiet: boolean): Promise<void> {
  const { out, order, ngrams, buckets, tuned, bytes: size, seconds } = report;
  if (tuned) {
    const { perplexity, tokens, impossible } = tuned;
    const left = impossible > 0 ? `, of which ${whole(impossible)} have probability 0 and are left out` : '';
    await print(`perplexity of the text: ${perplexity.toFixed(2)} (${whole(tokens)} tokens${left})\n`);
  }
  const isSingle = buckets.length === 1;
  await printTable(
    [...(isSingle ? [] : ['longest context', 'of']), ...models],
    [...buckets]
      .sort((a, b) => (a.length ?? 0) - (b.length ?? 0))
      .map(bucket => [
        ...(isSingle ? [] : [String(bucket.length), bucket.models.map(i => models[i]).join(', ')]),
        ...bucket.weights.map(weight => weight.toFixed(4)),
      ]),
  );
  if (quiet) return;
  const all = ngrams.reduce((sum, count) => sum + count, 0);
  standard.stderr.write(
    `${out}: order ${order}, ${whole(all)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\nNext: kneser perplexity ${quoted(out)} FILE\n`,
  );
}
