import { KneserError } from '../../base/errors.js';
import { checkByteOrder } from '../../base/byte-order.js';
import type { VocabularyChoice } from '../../count/vocabulary.js';
import { choosePatterns, formatPattern, isContiguous, type Pattern } from '../../tables/pattern.js';
import { prunesAnything, pruningByCounts, skipPatternError, type Pruning } from '../../tables/pruning.js';
import { describeTokenization, Tokenization } from '../../text/tokenization.js';
import { WordOrder } from '../../text/word-order.js';
import { checkBuildOptions, orderOf, pretrainedTokenizer, type BuildOptions } from './options.js';

/**
 * The plan of a training, made before it begins. `options.ts` has a row for each option: its check, default, flags, and description in a
 * resume record. `budget.ts` divides the memory among the stages. This file checks the options, and fills in the defaults.
 */

/** The plan of a build: its options, checked and with defaults filled in. */
export interface BuildPlan {
  readonly order: number;
  /** The patterns that the mixture interpolates. The model may have more tables, because the contexts of each pattern need a table of their own (`withContexts`). */
  readonly patterns: readonly Pattern[];
  /** The choice of the words that the model knows. */
  readonly vocabulary: VocabularyChoice;
  readonly tokenization: Tokenization;
  /** How the tables are pruned; `undefined` if they are not. */
  readonly pruning: Pruning | undefined;
}

/** Checks the options of a build, and opens its tokenizer. @throws KNESER_OPTION, KNESER_TOKENIZER, KNESER_PLATFORM */
export async function planBuild(options: BuildOptions): Promise<BuildPlan> {
  checkByteOrder();
  checkBuildOptions(options);
  const order = orderOf(options);
  const patterns = choosePatterns(order, options.patterns ?? {});
  const { vocabulary = { kind: 'all' } } = options;
  const { tokenization: given = {}, lowercase = false, wordOrder } = options;
  const info = describeTokenization(given, lowercase);
  const tokenization = await Tokenization.open(info, pretrainedTokenizer(options), WordOrder.of(wordOrder, lowercase));
  return { order, patterns, vocabulary, pruning: choosePruning(order, patterns, options), tokenization };
}

function choosePruning(
  order: number,
  patterns: readonly Pattern[],
  { prune, modelM = 0 }: BuildOptions,
): Pruning | undefined {
  if (!prune) return undefined;
  const pruning = pruningByCounts(prune, order);
  if (!prunesAnything(pruning)) return undefined;
  if (modelM > 0)
    throw new KneserError('KNESER_OPTION', 'modelM: excludes prune, which drops n-grams that Model M needs');
  const skipping = patterns.find(pattern => !isContiguous(pattern));
  if (skipping) throw skipPatternError('prune: ', formatPattern(skipping));
  return pruning;
}
