import { givenOptions } from '../base/check.js';
import type { TrainOptions } from '../train/plan/train-options.js';
import type { BuildFlags, OptionName } from './build-flags.js';
import { classChoice, holdOutChoice, modelMChoice, patternChoice } from './patterns.js';

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
