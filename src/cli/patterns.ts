import { KneserError } from '../base/errors.js';
import type { PatternChoice } from '../tables/pattern.js';
import { MIXTURE_DEFAULTS } from '../train/plan/options.js';
import { given } from './given.js';

/** The values of the flags for skip patterns and for the mixture over them. */
export interface PatternFlags {
  readonly skip?: boolean;
  readonly patterns?: readonly string[];
  readonly maxGap?: number;
  readonly maxPatterns?: number;
  readonly holdOut?: number;
  readonly classes?: number;
}

/** The library's option `patterns`; `undefined` without skip patterns. @throws KNESER_OPTION */
export function patternChoice({
  skip = false,
  patterns,
  maxGap,
  maxPatterns,
}: PatternFlags): PatternChoice | undefined {
  if (skip && patterns) {
    throw new KneserError(
      'KNESER_OPTION',
      '--skip counts all skip patterns, --patterns only the named ones: pass one of the two flags',
    );
  }
  if (!skip && !patterns) {
    if (maxGap === undefined && maxPatterns === undefined) return undefined;
    throw new KneserError(
      'KNESER_OPTION',
      '--max-gap and --max-patterns limit skip patterns: pass --skip or --patterns too',
    );
  }
  return {
    skip,
    ...(patterns ? { list: patterns } : {}),
    ...given({ maxGap, maxPatterns }),
  };
}

/** The value of the flag `holdOut` or `classes`; without the flag, the default of the mixture if `--skip` or `--patterns` is given. */
export function mixtureDefault(flags: PatternFlags, name: keyof typeof MIXTURE_DEFAULTS): number | undefined {
  return flags[name] ?? (flags.skip || flags.patterns ? MIXTURE_DEFAULTS[name] : undefined);
}
