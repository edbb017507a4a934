import type { Command } from 'commander';

/** The flags of all commands that write a model. */
export interface NewModelFlags {
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Declares {@link NewModelFlags} without `--out`, which each command describes itself. */
export function addNewModelFlags(command: Command): Command {
  return command
    .option('-f, --force', 'replace an existing model')
    .option('--json', 'print one JSON object with the figures of the model')
    .option('-q, --quiet', 'no progress, no summary');
}
