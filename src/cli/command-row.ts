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
  /** By name of a group of commands, its summary. */
  readonly groups: Readonly<Record<string, string>>;
  /** The arguments after `kneser` on the command line. */
  readonly args: readonly string[];
}

/** A command. To add a command: write its file, its row in commands.ts, its test, and its section of docs/commands.md. */
export interface CommandRow {
  /** One word; or two, the first of which is the name of a group: `spark plan`. */
  readonly name: string;
  readonly summary: string;
  /** Loads the command's file. Only the file of the command that runs is loaded, and no file for `kneser --help`. */
  readonly load: () => Promise<CommandFile>;
}

/** The name of the group of a command; `undefined` for a command of one word. */
export function groupOf({ name }: CommandRow): string | undefined {
  return name.includes(' ') ? name.slice(0, name.indexOf(' ')) : undefined;
}
