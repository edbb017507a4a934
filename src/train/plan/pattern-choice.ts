import { checkFlag, checkText, listOf, members, wholeNumber, type OptionTable } from '../../base/check.js';
import { KneserError } from '../../base/errors.js';
import { choosePatterns, MAX_ORDER, type PatternChoice } from '../../tables/pattern.js';

const PATTERN_CHOICE: OptionTable<PatternChoice> = {
  skip: checkFlag,
  list: listOf(checkText),
  maxGap: wholeNumber(0, MAX_ORDER),
  // An order n has 2^(n − 1) patterns.
  maxPatterns: wholeNumber(1, 2 ** (MAX_ORDER - 1)),
};

/** Checks the choice of patterns of a model of this order. @throws KNESER_OPTION */
export function checkPatterns(order: number, choice: PatternChoice): void {
  members(PATTERN_CHOICE)('patterns', choice);
  const refuse = (member: string, reason: string): never => {
    throw new KneserError('KNESER_OPTION', `patterns.${member}: ${reason}`);
  };
  if (choice.list && choice.skip) refuse('skip', 'means all skip patterns, and list names some; give one of the two');
  const limit = (['maxGap', 'maxPatterns'] as const).find(name => choice[name] !== undefined);
  if (limit && choice.list) refuse(limit, 'limits the patterns of skip, and list names its own; leave it out');
  if (limit && !choice.skip) refuse(limit, 'limits skip patterns; give skip, too');
  if (choice.maxPatterns !== undefined && choice.maxPatterns < order) {
    refuse(
      'maxPatterns',
      `${choice.maxPatterns} is less than the ${order} contiguous patterns of a model of order ${order}`,
    );
  }
  try {
    choosePatterns(order, choice);
  } catch (error) {
    throw new KneserError('KNESER_OPTION', `patterns: ${(error as Error).message}`, { cause: error });
  }
}
