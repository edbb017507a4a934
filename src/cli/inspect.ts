import type { Command } from 'commander';
import type { ModelInfo } from '../model/api.js';
import type { TokenizationInfo } from '../text/tokenization.js';
import type { Pruning } from '../tables/pruning.js';
import { bytes, figure, print, printTable, whole } from './output.js';
import { printTuning } from './tuning.js';

const HELP = `
D1, D2 and D3+ are the discounts of modified Kneser-Ney for n-grams with adjusted counts of 1, 2, and 3 or more.

Example:
  kneser inspect model`;

/** `kneser inspect`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(path: string, flags: { readonly json?: boolean }): Promise<void> {
  const { SMOOTHINGS } = await import('../smoothing/index.js');
  const { LanguageModel } = await import('../model/language-model.js');
  const model = await LanguageModel.open(path);
  try {
    const { info } = model;
    if (flags.json) {
      await print(JSON.stringify(info) + '\n');
      return;
    }
    const isBackoff = SMOOTHINGS[info.smoothing].needs === 'back-offs';
    const text = isBackoff
      ? `${SMOOTHINGS[info.smoothing].title} without counts`
      : `${whole(info.sentences)} sentences, ${whole(info.tokens)} tokens`;
    await print(
      `${path}: order ${info.order}, ${text}, ` +
        `vocabulary ${whole(info.vocabulary)}, ${bytes(info.bytes)}, format ${info.version}, identity ${info.identity}, made ${info.created}\n` +
        `tokens: ${describeTokens(info.options.tokenization)}\n` +
        `${info.options.wordOrder ? `word order: ${info.options.wordOrder}\n` : ''}\n`,
    );
    if (isBackoff) {
      await printTable(
        ['pattern', 'types'],
        info.tables.map(({ pattern, types }) => [pattern, whole(types)]),
      );
      return;
    }
    const { pruning } = info;
    if (pruning) await print(`pruned: ${describe(pruning)}\n\n`);
    await printTable(
      ['pattern', 'types', ...(pruning ? ['dropped'] : []), 'tokens', 'D1', 'D2', 'D3+', ''],
      info.tables.map(table => [
        table.pattern,
        whole(table.types),
        ...(pruning ? [whole(table.dropped)] : []),
        whole(table.tokens),
        ...table.discounts.map(discount => figure(discount, 5)),
        table.fallback ? 'fallback' : '',
      ]),
    );
    if (info.clusterings.length > 0) await print(`\n${describeClasses(info)}\n`);
    for (const { name, ...report } of info.weights) {
      await print('\n');
      await printTuning(name, report);
    }
  } finally {
    await model.close();
  }
}

/** How a model was pruned, in words. */
function describe(pruning: Pruning): string {
  if ('entropy' in pruning)
    return `n-grams without which perplexity rises by less than ${pruning.entropy} were dropped`;
  return `n-grams that occur at most as often as the threshold of their order were dropped, thresholds ${pruning.counts.join()}`;
}

/** The class models in one line: `classes: 300, 100; Model M with the 100 classes`. */
function describeClasses({ clusterings, modelM }: Pick<ModelInfo, 'clusterings' | 'modelM'>): string {
  const ofModelM = modelM === null ? '' : `; Model M with the ${clusterings[modelM - 1]} classes`;
  return `classes: ${clusterings.join(', ')}${ofModelM}`;
}

/** The tokenization in one line: `words (de), sentences: segment, normalize: NFC`. */
function describeTokens({ tokenizer, locale, sentences, normalize }: TokenizationInfo): string {
  return `${tokenizer}${locale === undefined ? '' : ` (${locale})`}, sentences: ${sentences}, normalize: ${normalize}`;
}
