import type { Command } from 'commander';

/** The exports of a command's file. */
export interface CommandFile {
  /** Gives a command its arguments, flags, help and action. */
  readonly define: (command: Command, about: Invocation) => void;
}

/** How the command line was called. */
export interface Invocation {
  /** All commands. */
  readonly commands: readonly CommandRow[];
  /** The arguments after `kneser` on the command line. */
  readonly args: readonly string[];
}

/** A command. To add one: its file, a row in commands.ts, its test, and its section in docs. */
export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** Loads its file: only the file of the command that runs is loaded, and none for `kneser --help`. */
  readonly load: () => Promise<CommandFile>;
}
