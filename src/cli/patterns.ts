import { KneserError } from '../base/errors.js';
import type { PatternChoice } from '../tables/pattern.js';
import { MIXTURE_DEFAULTS, QUALITIES } from '../train/plan/mixture-options.js';
import { given } from './given.js';

/** The values of the flags for skip patterns and for the mixture over them. */
export interface PatternFlags {
  readonly skip?: boolean;
  readonly patterns?: readonly string[];
  readonly maxGap?: number;
  readonly maxPatterns?: number;
  readonly holdOut?: number;
  readonly classes?: number | readonly number[];
  readonly modelM?: number;
  readonly quality?: keyof typeof QUALITIES;
}

/** The library's option `patterns`; `undefined` without skip patterns. @throws KNESER_OPTION */
export function patternChoice(flags: PatternFlags): PatternChoice | undefined {
  const { skip = false, patterns, maxGap, quality = 'fast' } = flags;
  if (skip && patterns) {
    throw new KneserError(
      'KNESER_OPTION',
      '--skip counts all skip patterns, --patterns only the named ones: pass one of the two flags',
    );
  }
  if (!isMixture(flags)) {
    if (maxGap === undefined && flags.maxPatterns === undefined) return undefined;
    throw new KneserError(
      'KNESER_OPTION',
      '--max-gap and --max-patterns limit skip patterns: pass --skip or --patterns too',
    );
  }
  const { maxPatterns = skip ? QUALITIES[quality].maxPatterns : undefined } = flags;
  return {
    skip,
    ...(patterns ? { list: patterns } : {}),
    ...given({ maxGap, maxPatterns }),
  };
}

/** The value of the flag `holdOut`; without the flag, the default of the mixture if `--skip` or `--patterns` is given. */
export function holdOutChoice(flags: PatternFlags): number | undefined {
  return flags.holdOut ?? (isMixture(flags) ? MIXTURE_DEFAULTS.holdOut : undefined);
}

/** The value of the flag `modelM`; without the flag, and without `classes`, that of `--quality`, if `--skip` or `--patterns` is given. */
export function modelMChoice(flags: PatternFlags): number | undefined {
  const { modelM, classes, quality } = flags;
  return modelM ?? (isMixture(flags) && classes === undefined ? QUALITIES[quality ?? 'fast'].modelM : undefined);
}

/** The value of the flag `classes`; without the flag, the classes that `--quality` stands for, if `--skip` or `--patterns` is given. @throws KNESER_OPTION */
export function classChoice(flags: PatternFlags): number | readonly number[] | undefined {
  const { classes, quality } = flags;
  if (quality && !isMixture(flags)) {
    throw new KneserError(
      'KNESER_OPTION',
      `--quality ${quality} is for the mixture over skip patterns: pass --skip or --patterns too`,
    );
  }
  return classes ?? (isMixture(flags) ? QUALITIES[quality ?? 'fast'].classes : undefined);
}

function isMixture({ skip, patterns }: PatternFlags): boolean {
  return skip === true || patterns !== undefined;
}
