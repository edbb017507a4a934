import { Option, type Command } from 'commander';
import {
  BUILD_OPTIONS,
  givenOptions,
  MACHINE_OPTIONS,
  type BuildOptionName,
  type FlagText,
  type MachineOptionName,
} from '../train/plan/options.js';
import type { TrainOptions } from '../train/plan/train-options.js';
import { classChoice, holdOutChoice, modelMChoice, patternChoice, type PatternFlags } from './patterns.js';
import type { TokenizationFlags } from './tokenization.js';
import { parseNames, parseNumber, parseSize, parseSizes, parseThresholds, parseWhole } from './values.js';
import type { VocabularyFlags } from './vocabulary.js';

/** The functions that read the values of flags, by kind. */
const PARSERS: Record<NonNullable<FlagText['value']>, (text: string) => unknown> = {
  whole: parseWhole,
  share: parseNumber('0.02'),
  size: parseSize,
  names: parseNames,
  thresholds: parseThresholds,
  sizes: parseSizes,
  text: text => text,
};

/** Options whose rows declare their flags. (`documents.ts` declares the flags of `field` and `column`, which other commands have, too.) */
type OptionName = BuildOptionName | MachineOptionName;

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
  const rows: Readonly<Record<OptionName, { readonly flags: readonly FlagText[] }>> = {
    ...BUILD_OPTIONS,
    ...MACHINE_OPTIONS,
  };
  for (const flag of names.flatMap(name => rows[name].flags)) {
    if (!without.includes(flag.flags.split(' ')[0])) command.addOption(optionOf(flag));
  }
  return command;
}

function optionOf({ flags, help, value, choices, fallback, excludes }: FlagText): Option {
  const option = new Option(flags, help);
  if (value) option.argParser(PARSERS[value]);
  if (choices) option.choices(choices);
  if (fallback !== undefined) option.default(fallback);
  if (excludes) option.conflicts([...excludes]);
  return option;
}

/** The values of flags that do not map one to one to library options. */
export interface BuildFlags extends PatternFlags, TokenizationFlags, VocabularyFlags {}

/**
 * For each option that is more than the value of the flag of the same name, the function that makes it from several flags or from the
 * content of files. The rows of options cannot read files, because rows are also used in web pages.
 */
const MAKERS: { readonly [Name in OptionName]?: (flags: BuildFlags) => unknown } = {
  patterns: patternChoice,
  holdOut: holdOutChoice,
  classes: classChoice,
  modelM: modelMChoice,
  // These files are loaded when a command runs, not for its help.
  vocabulary: async flags => (await import('./vocabulary.js')).vocabularyChoice(flags),
  tokenization: async flags => (await import('./tokenization.js')).tokenizationChoice(flags),
};

/** Turns flags into library options. Options whose flags are not given are left out. @throws KNESER_OPTION, KNESER_INPUT_*, KNESER_TOKENIZER */
export async function buildOptions<Name extends OptionName>(
  flags: BuildFlags,
  names: readonly Name[],
): Promise<Partial<Pick<TrainOptions, Name>>> {
  const options: Partial<Record<OptionName, unknown>> = {};
  for (const name of names) {
    const make = MAKERS[name];
    options[name] = make ? await make(flags) : (flags as Partial<Record<OptionName, unknown>>)[name];
  }
  return givenOptions(options as Partial<Pick<TrainOptions, Name>>, names);
}
