import { CommanderError, type Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import { KneserError, type ErrorCode } from '../base/errors.js';

/** Options of the library whose flags have another name: the flags' names in camel case. */
const OTHER_NAMES: Readonly<Record<string, string>> = { limit: 'vocabLimit', atLeast: 'unkBelow' };

/** Errors whose message begins with the name of an option. */
const NAMING_OPTIONS: readonly ErrorCode[] = ['KNESER_OPTION', 'KNESER_LIMIT'];

/** Prints an error of a command to standard error. @returns the exit code for it. */
export function reportError(error: unknown, command?: Command): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof KneserError) {
    standard.stderr.write(`kneser: ${withFlag(error, command)}\n`);
    return error.exitCode;
  }
  const { code } = error as NodeJS.ErrnoException;
  // The program that reads the results closed the pipe: it needs no more.
  if (code === 'EPIPE') return 0;
  standard.stderr.write(`kneser: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}

/**
 * An error's message. A message about an option begins with the library's name for it, such as `holdOut:` or
 * `patterns.maxGap:`; the flag that the user typed takes its place: `--hold-out:`, `--max-gap:`.
 */
function withFlag({ code, message }: KneserError, command: Command | undefined): string {
  const [path, name] = /^(?:\w+\.)*(\w+)(?=: )/.exec(message) ?? [];
  if (!NAMING_OPTIONS.includes(code) || path === undefined) return message;
  const attribute = OTHER_NAMES[name] ?? name;
  const flag = command?.options.find(option => option.attributeName() === attribute)?.long;
  return flag ? flag + message.slice(path.length) : message;
}
