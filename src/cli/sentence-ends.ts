import type { Command } from 'commander';

/** The values of the flags that say where sentences begin and end. */
export interface SentenceEndFlags {
  readonly start: boolean;
  readonly end: boolean;
}

/** The flags that say where sentences begin and end: {@link SentenceEndFlags}. */
export function addSentenceEndFlags(command: Command): Command {
  return command
    .option('--no-start', 'put no <s> before a sentence: its first tokens have a shorter history')
    .option('--no-end', 'do not score </s> after a sentence');
}
