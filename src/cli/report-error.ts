import { CommanderError, type Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import { isOutOfFiles, KneserError, OUT_OF_FILES, type ErrorCode } from '../base/errors.js';

/** For options of the library, and members of them, whose flag has another name: the flags' names in camel case, of which one is given. */
const FLAG_NAMES: Readonly<Record<string, readonly string[]>> = {
  limit: ['vocabLimit'],
  atLeast: ['unkBelow'],
  references: ['tune'],
  domains: ['domain'],
  file: ['arpa'],
  'mask.above': ['mask'],
  'mask.surprisal': ['mask'],
  'keep.which': ['keep'],
  'keep.share': ['keep'],
  'sample.how': ['sample'],
  'sample.share': ['sample'],
  buckets: ['buckets', 'at'],
  'buckets.names': ['buckets', 'at'],
  'buckets.percentiles': ['buckets'],
};

/** The codes of errors whose message can begin with the name of an option. */
const OPTION_CODES: readonly ErrorCode[] = ['KNESER_OPTION', 'KNESER_LIMIT'];

/** Prints the error of a command on standard error. @returns the exit code of the process. */
export function reportError(error: unknown, command?: Command): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof KneserError) {
    standard.stderr.write(`kneser: ${withFlag(error, command)}\n`);
    return error.exitCode;
  }
  const { code } = error as NodeJS.ErrnoException;
  // The program that reads standard output closed the pipe because it needs no more results: this is no error.
  if (code === 'EPIPE') return 0;
  const reason = isOutOfFiles(error) ? OUT_OF_FILES : error instanceof Error ? error.message : String(error);
  standard.stderr.write(`kneser: ${reason}\n`);
  return 1;
}

/** Matches the library's name of an option that another option excludes or belongs to, and every name in camel case outside quotes. */
const OPTION_IN_TEXT = /(?<=: (?:excludes|belongs to) )\w+|(?<!["'`\w./-])[a-z]+[A-Z]\w*/g;

/**
 * The message of an error for a user of the command line. If it begins with the library's name of an option, such as `holdOut:` or
 * `patterns.maxGap:`, the name of the flag replaces that name: `--hold-out:`, `--max-gap:`. So it does where the message names another option.
 */
function withFlag({ code, message }: KneserError, command: Command | undefined): string {
  if (!OPTION_CODES.includes(code)) return message;
  const flagOf = (name: string): string | undefined => {
    const attributes = FLAG_NAMES[name] ?? [name];
    const flags = command?.options.filter(option => attributes.includes(option.attributeName())) ?? [];
    const given = flags.find(flag => command?.getOptionValueSource(flag.attributeName()) === 'cli');
    return (given ?? flags.at(0))?.long ?? undefined;
  };
  const [path, name] = /^(?:\w+\.)*(\w+)(?=: )/.exec(message) ?? ['', ''];
  const rest = message
    .slice(path.length)
    .replace(OPTION_IN_TEXT, other => flagOf(other) ?? other)
    .replace(/(--[\w-]+) \(\1\)/g, '$1');
  return (flagOf(path) ?? flagOf(name) ?? path) + rest;
}
