import { Option, type Command } from 'commander';
import { FORMAT_NAMES, givenDocumentOptions, MISSING_ACTIONS } from '../text/formats/corpus.js';
import { FORMATS } from '../text/formats/index.js';

/** Help for an argument that takes any number of text files. */
export const TEXT_FILES =
  'text files (.txt, .jsonl, .json, .parquet, also with .gz or .zst), folders of such files, or - for standard input';

/** Help for an argument that takes one text file. */
export const TEXT_FILE = 'text file (.txt, .jsonl, .json, .parquet, also with .gz or .zst), or - for standard input';

/** The flags that say how files become documents: {@link DocumentOptions}. */
export function addDocumentFlags(command: Command): Command {
  for (const { option } of FORMATS) if (option) command.addOption(new Option(option.flags, option.help));
  return command
    .addOption(
      new Option(
        '--format <name>',
        'format of the text, for standard input and unusual file names (default: by the ending of the name)',
      ).choices(FORMAT_NAMES),
    )
    .addOption(
      new Option(
        '--missing <action>',
        'what to do with documents that lack the field or column (default: refuse)',
      ).choices(MISSING_ACTIONS),
    )
    .option('--any-bytes', 'read any bytes as text: no file is refused as binary, compressed or in another encoding');
}

/** The options of the flags that were given. */
export { givenDocumentOptions as documentOptions };
