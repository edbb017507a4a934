import { checkInteger, checkList } from '../../base/check.js';
import { KneserError } from '../../base/errors.js';
import { MOST_CLUSTERINGS } from '../../tables/pattern.js';

/** The most classes of words: pairs of classes are counted in a square table while words are clustered. */
const MOST_CLASSES = 4000;

/** The values with which `kneser train --skip` and `kneser baseline` train a mixture, if no flag gives others. */
export const MIXTURE_DEFAULTS = { holdOut: 0.02, classes: 300 } as const;

/**
 * The mixture by the value of the flag `--quality`. `best` has three clusterings, Model M with the classes of the second one, and leaves out the skip
 * patterns that need most text: at order 5 those that keep three words before the predicted one.
 */
export const QUALITIES = {
  fast: { classes: MIXTURE_DEFAULTS.classes, modelM: undefined, maxPatterns: undefined },
  best: { classes: [300, 100, 600], modelM: 2, maxPatterns: 13 },
} as const;

/** The names of {@link QUALITIES}. */
export const QUALITY_NAMES = Object.keys(QUALITIES) as (keyof typeof QUALITIES)[];

/** By clustering, the number of classes that is asked for. */
export function clusteringSizes(classes: number | readonly number[]): number[] {
  return (typeof classes === 'number' ? [classes] : classes).filter(count => count > 0);
}

/** Checks a number of classes, or a list of the different numbers of several clusterings. @throws KNESER_OPTION */
export function checkClasses(value: number | readonly number[]): void {
  if (typeof value === 'number') {
    checkInteger('classes', value, 0, MOST_CLASSES);
    return;
  }
  checkList('classes', value);
  for (const count of value) checkInteger('classes', count, 1, MOST_CLASSES);
  if (value.length > MOST_CLUSTERINGS || new Set(value).size < value.length) {
    throw new KneserError(
      'KNESER_OPTION',
      `classes: ${value.join()} is not a list of at most ${MOST_CLUSTERINGS} different numbers, one a clustering`,
    );
  }
}

/** Checks the number of a clustering. @throws KNESER_OPTION */
export function checkModelM(
  value: number,
  { order, classes }: { readonly order: number; readonly classes: number | readonly number[] },
): void {
  const most = clusteringSizes(classes).length;
  checkInteger('modelM', value, 0, MOST_CLUSTERINGS);
  const refuse = (message: string): never => {
    throw new KneserError('KNESER_OPTION', `modelM: ${message}`);
  };
  if (value > most) refuse(`there is no clustering ${value}; classes (--classes) asks for ${most}`);
  if (value > 0 && order === 1) refuse('a model of order 1 has no words before the next one');
}
