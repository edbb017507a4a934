import { KneserError } from '../base/errors.js';
import type { PatternChoice } from '../tables/pattern.js';
import { MIXTURE_DEFAULTS } from '../train/plan/options.js';

/** The values of the flags that say which skip patterns are counted, and how a mixture of them is made. */
export interface PatternFlags {
  readonly skip?: boolean;
  readonly patterns?: readonly string[];
  readonly maxGap?: number;
  readonly maxPatterns?: number;
  readonly holdOut?: number;
  readonly classes?: number;
}

/** The library's option for these flags. @throws KNESER_OPTION */
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
    ...(maxGap === undefined ? {} : { maxGap }),
    ...(maxPatterns === undefined ? {} : { maxPatterns }),
  };
}

/** An option of a mixture. With `--skip` or `--patterns`, sentences are held out and words get classes unless the flag says otherwise. */
export function mixtureDefault(flags: PatternFlags, name: keyof typeof MIXTURE_DEFAULTS): number | undefined {
  return flags[name] ?? (flags.skip || flags.patterns ? MIXTURE_DEFAULTS[name] : undefined);
}
