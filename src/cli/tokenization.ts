import { Option, type Command } from 'commander';
import { KneserError } from '../base/errors.js';
import { helpFor } from '../base/file-kinds.js';
import { kindOfFile } from '../base/node/file-head.js';
import { readBytes } from '../text/formats/bytes.js';
import { decode } from '../text/surface.js';
import { isTokenizerName, TOKENIZER_NAMES, type TokenizationOptions } from '../text/tokenization.js';

/** The values of the flags that say how text becomes sentences and tokens. */
export interface TokenizationFlags {
  readonly tokenizer: string;
  readonly locale?: string;
  readonly sentences: 'lines' | 'segment';
  readonly normalize?: 'NFC' | 'NFKC';
}

/** The flags that say how text becomes sentences and tokens: {@link TokenizationFlags}. */
export function addTokenizationFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--tokenizer <name>',
        'how text is split into tokens, in training and in scoring: whitespace, words, characters, bytes, or the path of a tokenizer.json',
      ).default('whitespace'),
    )
    .addOption(
      new Option('--locale <tag>', 'language of the rules for words and for segmented sentences (default: en)'),
    )
    .addOption(
      new Option('--sentences <where>', 'lines: each line is a sentence; segment: lines are cut into sentences')
        .choices(['lines', 'segment'])
        .default('lines'),
    )
    .addOption(new Option('--normalize <form>', 'Unicode normalisation of the text').choices(['NFC', 'NFKC']));
}

/** The values of the flags that say which parts of the text count. */
export interface CleaningFlags {
  readonly lowercase?: boolean;
  readonly skipBlank?: boolean;
  readonly reserved: 'refuse' | 'drop';
}

/** The flags that say which parts of the text count: {@link CleaningFlags}. */
export function addCleaningFlags(command: Command): Command {
  return command
    .option('--lowercase', 'lower-case all text, in training and in scoring')
    .option('--skip-blank', 'leave out lines without a token, in training and in scoring')
    .addOption(
      new Option('--reserved <action>', 'what to do with a literal <s> or </s> in training text')
        .choices(['refuse', 'drop'])
        .default('refuse'),
    );
}

/** The largest `tokenizer.json` in use has about 35 MB. */
const MOST_TOKENIZER_BYTES = 1 << 28;

/** The value of `--tokenizer` is a path, not a name, if it ends like a `tokenizer.json` or names a folder. */
const FILE_NAME = /\.json(\.gz|\.zst)?$|[\\/]/i;

/** The kinds of files that hold tokenizers, and those that such a file is packed in. */
const TOKENIZER_KINDS = ['json', 'sentencepiece', 'gzip', 'zstd'];

/** The library's option for {@link TokenizationFlags}. @throws KNESER_OPTION, KNESER_INPUT_*, KNESER_TOKENIZER */
export async function tokenizationChoice(flags: TokenizationFlags): Promise<TokenizationOptions> {
  const { tokenizer, locale, sentences, normalize = 'none' } = flags;
  const options: Omit<TokenizationOptions, 'tokenizer'> = {
    sentences,
    normalize,
    ...(locale === undefined ? {} : { locale }),
  };
  const kind = isTokenizerName(tokenizer) ? undefined : await kindOfFile(tokenizer);
  if (kind && !TOKENIZER_KINDS.includes(kind.name)) {
    throw new KneserError(
      'KNESER_TOKENIZER',
      `${tokenizer}: is ${kind.what}, not a tokenizer.json; ${helpFor(kind, tokenizer)}`,
    );
  }
  if (FILE_NAME.test(tokenizer)) {
    return { ...options, tokenizer: { json: await readWhole(tokenizer), name: tokenizer } };
  }
  if (!isTokenizerName(tokenizer)) {
    throw new KneserError(
      'KNESER_OPTION',
      `tokenizer: there is no tokenizer ${tokenizer}; take ${TOKENIZER_NAMES.join(', ')}, or the path of a tokenizer.json`,
    );
  }
  return { ...options, tokenizer };
}

async function readWhole(path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of readBytes(path)) {
    chunks.push(chunk.slice());
    length += chunk.length;
    if (length > MOST_TOKENIZER_BYTES) {
      const most = `${MOST_TOKENIZER_BYTES >> 20} MB`;
      throw new KneserError('KNESER_TOKENIZER', `${path}: a tokenizer.json has at most ${most}; is this one?`);
    }
  }
  return decode(Buffer.concat(chunks));
}
