import type { Command } from 'commander';

/** Whether `<s>` stands before a sentence, and whether `</s>` is scored after it. */
export interface SentenceEndFlags {
  readonly start: boolean;
  readonly end: boolean;
}

/** Declares the flags {@link SentenceEndFlags}. */
export function addSentenceEndFlags(command: Command): Command {
  return command
    .option('--no-start', 'put no <s> before a sentence: its first tokens have a shorter history')
    .option('--no-end', 'do not score </s> after a sentence');
}
