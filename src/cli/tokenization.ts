import { KneserError } from '../base/errors.js';
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

/** The largest `tokenizer.json` in use has about 35 MB. */
const MOST_TOKENIZER_BYTES = 1 << 28;

/** The value of `--tokenizer` is a path, not a name, if it ends like a `tokenizer.json` or names a folder. */
const FILE_NAME = /\.json(\.gz|\.zst)?$|[\\/]/i;

/** The library's option for {@link TokenizationFlags}. @throws KNESER_OPTION, KNESER_INPUT_*, KNESER_TOKENIZER */
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
