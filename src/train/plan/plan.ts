import { KneserError } from '../../base/errors.js';
import { checkByteOrder } from '../../base/byte-order.js';
import { choosePatterns, formatPattern, isContiguous, type Pattern } from '../../tables/pattern.js';
import { pruningByCounts, skipPatternError, type Pruning } from '../../tables/pruning.js';
import type { PretrainedTokenizer } from '../../text/pretrained.js';
import { describeTokenization, Tokenization } from '../../text/tokenization.js';
import { WordOrder } from '../../text/word-order.js';
import {
  checkBuildOptions,
  pretrainedTokenizer,
  settingsOf,
  type BuildOptions,
  type BuildSettings,
} from './options.js';

/**
 * The plan of a training, made before it begins. `options.ts` has a row for each option: its check, default, flags, and description in a
 * resume record; `mixture-options.ts`, `pattern-choice.ts` and `vocabulary-choice.ts` check the values that need more than a line.
 * `train-options.ts` adds the options of Node. `budget.ts` divides the memory among the stages. This file makes the plan.
 */

/** The plan of a build: its options, checked and with defaults filled in. */
export interface BuildPlan extends Omit<BuildSettings, 'patterns' | 'prune' | 'tokenization' | 'wordOrder'> {
  /** The patterns that the mixture interpolates. The model may have more tables, because the contexts of each pattern need a table of their own (`withContexts`). */
  readonly patterns: readonly Pattern[];
  readonly tokenization: Tokenization;
  /** The tokenizer, if the options give the content of its file. */
  readonly tokenizerFile: PretrainedTokenizer | undefined;
  /** How the tables are pruned; `undefined` if they are not. */
  readonly pruning: Pruning | undefined;
}

/** Checks the options of a build, and opens its tokenizer. @throws KNESER_OPTION, KNESER_TOKENIZER, KNESER_PLATFORM */
export async function planBuild(options: BuildOptions): Promise<BuildPlan> {
  checkByteOrder();
  checkBuildOptions(options);
  const settings = settingsOf(options);
  const { order, lowercase, wordOrder } = settings;
  const patterns = choosePatterns(order, settings.patterns);
  const info = describeTokenization(settings.tokenization, lowercase);
  const tokenizerFile = pretrainedTokenizer(settings);
  const tokenization = await Tokenization.open(info, tokenizerFile, WordOrder.of(wordOrder, lowercase));
  return { ...settings, patterns, pruning: choosePruning(patterns, settings), tokenization, tokenizerFile };
}

function choosePruning(patterns: readonly Pattern[], { order, prune, modelM }: BuildSettings): Pruning | undefined {
  if (!prune.some(threshold => threshold > 0)) return undefined;
  if (modelM > 0)
    throw new KneserError('KNESER_OPTION', 'modelM: excludes prune, which drops n-grams that Model M needs');
  const skipping = patterns.find(pattern => !isContiguous(pattern));
  if (skipping) throw skipPatternError('prune: ', formatPattern(skipping));
  return pruningByCounts(prune, order);
}
