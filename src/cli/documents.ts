import { Option, type Command } from 'commander';
import type { DocumentOptions } from '../text/formats/documents.js';

/** Help for an argument that takes any number of text files. */
export const TEXT_FILES =
  'text files (.txt, .jsonl, .parquet, also with .gz or .zst), folders of them, or - for standard input';

/** Help for an argument that takes one text file. */
export const TEXT_FILE = 'text file (.txt, .jsonl, .parquet, also with .gz or .zst), or - for standard input';

/** The flags that say which part of a structured file is text: {@link DocumentOptions}. */
export function addDocumentFlags(command: Command): Command {
  return command
    .addOption(new Option('--field <name>', 'field with the text in each object of .jsonl files (default: text)'))
    .addOption(new Option('--column <name>', 'column with the text in .parquet files (default: text)'));
}

/** The flags of this set that were given. */
export function documentOptions({ field, column }: DocumentOptions): DocumentOptions {
  return { ...(field === undefined ? {} : { field }), ...(column === undefined ? {} : { column }) };
}
