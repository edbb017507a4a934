import { KneserError } from '../base/errors.js';
import type { PatternChoice } from '../tables/pattern.js';
import { MIXTURE_DEFAULTS, QUALITIES } from '../train/plan/mixture-options.js';
import type { BuildFlags } from './build-flags.js';
import { given } from './given.js';

/** The library's option `patterns`; `undefined` without skip patterns. @throws KNESER_OPTION */
export function patternChoice(flags: BuildFlags): PatternChoice | undefined {
  const { skip = false, patterns, maxGap } = flags;
  const mixture = mixtureOf(flags);
  if (skip && patterns) {
    throw new KneserError(
      'KNESER_OPTION',
      '--skip counts all skip patterns, --patterns only the named ones: pass one of the two flags',
    );
  }
  if (!mixture) {
    if (maxGap === undefined && flags.maxPatterns === undefined) return undefined;
    throw new KneserError(
      'KNESER_OPTION',
      '--max-gap and --max-patterns limit the patterns of --skip: pass --skip too',
    );
  }
  const { maxPatterns = skip ? mixture.maxPatterns : undefined } = flags;
  return {
    skip,
    ...(patterns ? { list: patterns } : {}),
    ...given({ maxGap, maxPatterns }),
  };
}

/** The value of the flag `holdOut`; without the flag, the default of the mixture if `--skip` or `--patterns` is given. */
export function holdOutChoice(flags: BuildFlags): number | undefined {
  return flags.holdOut ?? (mixtureOf(flags) && MIXTURE_DEFAULTS.holdOut);
}

/**
 * The value of the flag `modelM`; without the flag, and without `classes`, that of `--quality`, if `--skip` or `--patterns` is given. A model of order
 * 1 has no Model M.
 */
export function modelMChoice(flags: BuildFlags): number | undefined {
  const { modelM, classes, order } = flags;
  return modelM ?? (classes === undefined && order !== 1 ? mixtureOf(flags)?.modelM : undefined);
}

/** The value of the flag `classes`; without the flag, the classes that `--quality` stands for, if `--skip` or `--patterns` is given. @throws KNESER_OPTION */
export function classChoice(flags: BuildFlags): number | readonly number[] | undefined {
  const { classes, quality } = flags;
  const mixture = mixtureOf(flags);
  if (quality && !mixture) {
    throw new KneserError(
      'KNESER_OPTION',
      `--quality ${quality} is for the mixture over skip patterns: pass --skip or --patterns too`,
    );
  }
  return classes ?? mixture?.classes;
}

/** The mixture that the flags ask for; `undefined` without skip patterns. */
function mixtureOf({
  skip,
  patterns,
  quality = 'fast',
}: BuildFlags): (typeof QUALITIES)[keyof typeof QUALITIES] | undefined {
  return skip === true || patterns !== undefined ? QUALITIES[quality] : undefined;
}
