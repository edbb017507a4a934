import type { Command } from 'commander';
import { BUILD_OPTIONS, type BuildOptionName, type FlagText } from '../train/plan/options.js';
import { parseNames, parseNumber, parseThresholds, parseWhole } from './values.js';

/** How the values of flags are read, by what they are. */
const PARSERS: Record<NonNullable<FlagText['value']>, (text: string) => unknown> = {
  whole: parseWhole,
  share: parseNumber('0.02'),
  names: parseNames,
  thresholds: parseThresholds,
};

/** Declares the flags of some options of a build, as their rows have them. A default is shown where a flag has one of its own. */
export function addBuildFlags(command: Command, names: readonly BuildOptionName[]): Command {
  for (const name of names) {
    const { flags, fallback } = BUILD_OPTIONS[name];
    for (const { flags: text, help, value } of flags) {
      if (!value) command.option(text, help);
      else command.option(text, help, PARSERS[value], name === 'order' ? fallback : undefined);
    }
  }
  return command;
}
