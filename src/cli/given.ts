import { Command, type Option } from 'commander';

/** Among the flags that the function `add` declares, those that the command line gives. */
export function givenFlags(command: Command, add: (command: Command) => Command): Option[] {
  return add(new Command()).options.filter(flag => command.getOptionValueSource(flag.attributeName()) === 'cli');
}

/** The members of an object that are not `undefined`: the library takes options that are left out, and no `undefined` in their place. */
export function given<Options extends object>(
  options: Options,
): { [Name in keyof Options]?: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Options]?: Exclude<Options[Name], undefined>;
  };
}
