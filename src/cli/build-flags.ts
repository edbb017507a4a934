import { Option, type Command } from 'commander';
import {
  BUILD_OPTIONS,
  MACHINE_OPTIONS,
  type BuildOptionName,
  type FlagText,
  type MachineOptionName,
} from '../train/plan/options.js';
import { parseNames, parseNumber, parseSize, parseSizes, parseThresholds, parseWhole } from './values.js';

/** The functions that read the values of flags, by kind. */
const PARSERS = {
  whole: parseWhole,
  share: parseNumber('0.02'),
  size: parseSize,
  names: parseNames,
  thresholds: parseThresholds,
  sizes: parseSizes,
  text: (text: string) => text,
} satisfies Record<NonNullable<FlagText['value']>, (text: string) => unknown>;

const ROWS = { ...BUILD_OPTIONS, ...MACHINE_OPTIONS };

/** Options whose rows declare their flags. (`documents.ts` declares the flags of `field` and `column`, which other commands have, too.) */
export type OptionName = BuildOptionName | MachineOptionName;

/**
 * Declares the flags of the named options, as the rows of the options describe them.
 *
 * @param without the first words of flags that the command does not have.
 */
export function addBuildFlags(
  command: Command,
  names: readonly OptionName[],
  without: readonly string[] = [],
): Command {
  for (const flag of names.flatMap((name): readonly FlagText[] => ROWS[name].flags)) {
    if (!without.includes(flag.flags.split(' ')[0])) command.addOption(optionOf(flag));
  }
  return command;
}

function optionOf({ flags, help, value, choices, fallback, excludes }: FlagText): Option {
  const option = new Option(flags, help);
  if (value) option.argParser<unknown>(PARSERS[value]);
  if (choices) option.choices(choices);
  if (fallback !== undefined) option.default(fallback);
  if (excludes) option.conflicts([...excludes]);
  return option;
}

/** The rows of all flags. */
type Flag = (typeof ROWS)[OptionName]['flags'][number];

/** The key of a flag's value: `unkBelow` for `--unk-below <n>`. */
type KeyOf<Flags extends string> = Flags extends `${string}--${infer Name} <${string}`
  ? CamelCase<Name>
  : Flags extends `${string}--${infer Name}`
    ? CamelCase<Name>
    : never;
type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;

/** The value of a flag. */
type ValueOf<Row> = Row extends { readonly value: infer Kind extends keyof typeof PARSERS }
  ? ReturnType<(typeof PARSERS)[Kind]>
  : Row extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : boolean;

/** The values of the flags of a command with {@link addBuildFlags}, by key. */
export type BuildFlags = { readonly [Row in Flag as KeyOf<Row['flags']>]?: ValueOf<Row> };
