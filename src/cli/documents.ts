import { Option, type Command } from 'commander';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { FORMAT_OPTIONS } from '../text/formats/index.js';

/** Help for an argument that takes any number of text files. */
export const TEXT_FILES =
  'text files (.txt, .jsonl, .json, .parquet, also with .gz or .zst), folders of them, or - for standard input';

/** Help for an argument that takes one text file. */
export const TEXT_FILE = 'text file (.txt, .jsonl, .json, .parquet, also with .gz or .zst), or - for standard input';

/** The flags that say which part of a structured file is text: {@link DocumentOptions}. */
export function addDocumentFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--field <name>', 'field with the text in each object of .jsonl and .json files (default: text)'),
    )
    .addOption(new Option('--column <name>', 'column with the text in .parquet files (default: text)'));
}

/** The flags of this set that were given. */
export function documentOptions(flags: DocumentOptions): DocumentOptions {
  const given = FORMAT_OPTIONS.filter(option => flags[option] !== undefined);
  return Object.fromEntries(given.map(option => [option, flags[option]]));
}
