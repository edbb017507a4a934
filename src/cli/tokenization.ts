import { KneserError } from '../base/errors.js';
import { readBytes } from '../text/formats/input.js';
import { decode } from '../text/surface.js';
import { isTokenizerName, TOKENIZER_NAMES, type TokenizationOptions } from '../text/tokenization.js';

/** The options that say how text becomes sentences and tokens. */
export interface TokenizationFlags {
  readonly tokenizer: string;
  readonly locale?: string;
  readonly sentences: 'lines' | 'segment';
  readonly normalize?: 'NFC' | 'NFKC';
}

/** The largest ones in use have about 35 MB. */
const MOST_TOKENIZER_BYTES = 1 << 28;

/** A `tokenizer.json` is told from the name of a tokenizer by its ending or its folder. */
const FILE_NAME = /\.json(\.gz|\.zst)?$|[\\/]/i;

/** What they come to. @throws KNESER_OPTION, KNESER_INPUT_*, KNESER_TOKENIZER */
export async function tokenizationChoice(flags: TokenizationFlags): Promise<TokenizationOptions> {
  const { tokenizer, locale, sentences, normalize = 'none' } = flags;
  const options: Omit<TokenizationOptions, 'tokenizer'> = {
    sentences,
    normalize,
    ...(locale === undefined ? {} : { locale }),
  };
  if (FILE_NAME.test(tokenizer)) {
    return { ...options, tokenizer: { json: await readWhole(tokenizer), name: tokenizer } };
  }
  if (!isTokenizerName(tokenizer)) {
    throw new KneserError(
      'KNESER_OPTION',
      `--tokenizer: there is no tokenizer ${tokenizer}; take ${TOKENIZER_NAMES.join(', ')}, or the path of a tokenizer.json`,
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
      throw new KneserError('KNESER_TOKENIZER', `${path}: too large for a tokenizer.json`);
    }
  }
  return decode(Buffer.concat(chunks));
}
