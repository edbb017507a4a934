import { Option, type Command } from 'commander';
import { FORMAT_NAMES, givenDocumentOptions, MISSING_ACTIONS } from '../text/formats/corpus.js';
import { FORMATS } from '../text/formats/index.js';

const NAMES = `(${FORMATS.flatMap(({ endings }) => endings).join(', ')}, also with .gz or .zst)`;

/** Help for an option that takes any number of text files. */
export const NAMED_TEXT_FILES = `text files ${NAMES}, folders of such files`;

/** Help for an argument that takes any number of text files. */
export const TEXT_FILES = `${NAMED_TEXT_FILES}, or - for standard input`;

/** Help for an argument that takes one text file. */
export const TEXT_FILE = `text file ${NAMES}, or - for standard input`;

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
