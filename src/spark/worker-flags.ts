import { KneserError } from '../base/errors.js';

/**
 * By command that executors can run, the flags that it takes there: `true` for those with a value. Flags by which a line of input has no
 * line of output, or depends on the lines before it, are not among them.
 */
export const WORKER_FLAGS = {
  score: { smoothing: true, weights: true, order: true, tables: true, 'no-start': false, 'no-end': false },
  annotate: {
    smoothing: true,
    weights: true,
    order: true,
    tables: true,
    against: true,
    unit: true,
    features: true,
    tokens: false,
    mask: true,
    as: true,
    field: true,
    threads: true,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, boolean>>>>;

/** A command that executors can run. */
export type SparkCommand = keyof typeof WORKER_FLAGS;

/** {@link SparkCommand}. */
export const SPARK_COMMANDS = Object.keys(WORKER_FLAGS) as readonly SparkCommand[];

/** Refuses flags that a command does not take on executors, and a flag without its value. @throws KNESER_OPTION */
export function checkWorkerFlags(command: SparkCommand, words: readonly string[]): void {
  const flags: Readonly<Record<string, boolean | undefined>> = WORKER_FLAGS[command];
  for (let at = 0; at < words.length; at++) {
    const [, name = '', value] = (/^--([a-z-]+)(=.*)?$/s.exec(words[at]) ?? []) as (string | undefined)[];
    const takesValue = flags[name];
    if (takesValue === undefined) {
      const allowed = Object.keys(flags).map(flag => `--${flag}`);
      throw new KneserError(
        'KNESER_OPTION',
        `flags: ${words[at]} cannot be passed to ${command} on executors, which takes ${allowed.join(', ')}`,
      );
    }
    if (takesValue && value === undefined && ++at === words.length) {
      throw new KneserError('KNESER_OPTION', `flags: --${name} lacks its value`);
    }
  }
}
