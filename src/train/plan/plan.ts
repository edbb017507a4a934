import type { VocabularyChoice } from '../../count/vocabulary.js';
import { KneserError } from '../../base/errors.js';
import type { BuildOptions } from './options.js';
import { checkByteOrder } from '../../base/byte-order.js';
import { choosePatterns, formatPattern, isContiguous, MAX_ORDER, type PatternChoice } from '../../tables/pattern.js';
import { prunesAnything, pruningByCounts, skipPatternError, type Pruning } from '../../tables/pruning.js';
import { describeTokenization, Tokenization, type PretrainedTokenizer } from '../../text/tokenization.js';

export { MAX_ORDER };
export const DEFAULT_ORDER = 5;

/** Pairs of classes are counted in a square table while words are clustered. */
export const MAX_CLASSES = 4000;

/** Less memory than this leaves no room for the buffers of a build. */
const LEAST_MEMORY = 64 << 20;

/** What follows from the options of a build. */
export interface BuildPlan {
  readonly order: number;
  readonly tokenization: Tokenization;
  readonly pruning: Pruning | undefined;
}

/** Checks the options of a build. @throws KNESER_OPTION, KNESER_TOKENIZER, KNESER_PLATFORM */
export async function planBuild(options: BuildOptions): Promise<BuildPlan> {
  checkByteOrder();
  const order = checkInteger('order', options.order ?? DEFAULT_ORDER, 1, MAX_ORDER);
  checkVocabularyChoice(options.vocabulary);
  if (options.classes !== undefined) checkInteger('classes', options.classes, 0, MAX_CLASSES);
  checkPatterns(order, options.patterns);
  const pruning = choosePruning(order, options);
  const { holdOut = 0 } = options;
  if (!(holdOut >= 0 && holdOut <= 0.5)) {
    throw new KneserError('KNESER_OPTION', `holdOut: ${holdOut} is not a share from 0 to 0.5`);
  }
  const info = describeTokenization(options.tokenization ?? {}, options.lowercase ?? false);
  return { order, pruning, tokenization: await Tokenization.open(info, pretrainedTokenizer(options)) };
}

/** The tokenizer that training was given as a `tokenizer.json`. */
export function pretrainedTokenizer({
  tokenization,
}: Pick<BuildOptions, 'tokenization'>): PretrainedTokenizer | undefined {
  return typeof tokenization?.tokenizer === 'object' ? tokenization.tokenizer : undefined;
}

/** @throws KNESER_OPTION */
export function checkInteger(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new KneserError(
    'KNESER_OPTION',
    `${name}: ${typeof value === 'number' ? value : JSON.stringify(value)} is not a whole number ${range}`,
  );
}

/** Checks the bytes of memory to aim for. @throws KNESER_OPTION */
export function checkMemory(bytes: number): number {
  if (Number.isSafeInteger(bytes) && bytes >= LEAST_MEMORY) return bytes;
  throw new KneserError('KNESER_OPTION', `memory: it takes a number of bytes of at least 64 MiB (64M), not ${bytes}`);
}

function checkPatterns(order: number, choice: PatternChoice = {}): void {
  if (choice.maxGap !== undefined) checkInteger('patterns.maxGap', choice.maxGap, 0, MAX_ORDER);
  if (choice.maxPatterns !== undefined) checkInteger('patterns.maxPatterns', choice.maxPatterns, 1, 2 ** MAX_ORDER);
  try {
    choosePatterns(order, choice);
  } catch (error) {
    throw new KneserError('KNESER_OPTION', `patterns: ${(error as Error).message}`);
  }
}

function choosePruning(order: number, { prune, patterns = {} }: BuildOptions): Pruning | undefined {
  if (!prune) return undefined;
  const pruning = pruningByCounts(prune, order);
  if (!prunesAnything(pruning)) return undefined;
  const skipping = choosePatterns(order, patterns).find(pattern => !isContiguous(pattern));
  if (skipping) throw skipPatternError('prune: ', formatPattern(skipping));
  return pruning;
}

function checkVocabularyChoice(choice: VocabularyChoice | undefined): void {
  if (choice?.kind === 'limit') checkInteger('vocabulary.limit', choice.limit, 1, Number.MAX_SAFE_INTEGER);
  if (choice?.kind === 'frequency') checkInteger('vocabulary.atLeast', choice.atLeast, 1, Number.MAX_SAFE_INTEGER);
}
