import type { Command } from 'commander';

/** What the file of a command exports. */
export interface CommandFile {
  /** Gives a command its arguments, flags, help and action. @param rows all commands. */
  readonly define: (command: Command, rows: readonly CommandRow[]) => void;
}

/** A command. To add one: its file, a row in main.ts, its test, and its section in docs. */
export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** Loads its file: only the file of the command that runs is loaded, and none for `kneser --help`. */
  readonly load: () => Promise<CommandFile>;
}
