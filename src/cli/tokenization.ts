import { KneserError } from '../base/errors.js';
import { helpFor } from '../base/file-kinds.js';
import { kindOfFile } from '../base/node/file-head.js';
import { joinBytes, readBytes } from '../text/formats/bytes.js';
import type { PretrainedTokenizer } from '../text/pretrained.js';
import { decode } from '../text/surface.js';
import { isTokenizerName, TOKENIZER_NAMES, type TokenizationOptions } from '../text/tokenization.js';
import type { BuildFlags } from './build-flags.js';
import { given } from './given.js';

/** The largest size of a tokenizer's file [bytes]. The largest file in common use has about 35 MB. */
const MOST_TOKENIZER_BYTES = 1 << 28;

/** The value of `--tokenizer` is a path, not a name, if it ends like a tokenizer's file or names a folder. */
const FILE_NAME = /\.(json|model)(\.gz|\.zst)?$|[\\/]/i;

/** The kinds of files that can be a tokenizer, compressed or not. */
const TOKENIZER_KINDS = ['json', 'sentencepiece', 'gzip', 'zstd'];

/** The library's option `tokenization`. @throws KNESER_OPTION, KNESER_INPUT_*, KNESER_TOKENIZER */
export async function tokenizationChoice(flags: BuildFlags): Promise<TokenizationOptions> {
  const { tokenizer, locale, sentences, normalize } = flags;
  const options = given({ locale, sentences, normalize });
  if (tokenizer === undefined) return options;
  const kind = isTokenizerName(tokenizer) ? undefined : await kindOfFile(tokenizer);
  if (kind && !TOKENIZER_KINDS.includes(kind.name)) {
    throw new KneserError(
      'KNESER_TOKENIZER',
      `${tokenizer}: is ${kind.what}, not a tokenizer.json; ${helpFor(kind, tokenizer)}`,
    );
  }
  if (FILE_NAME.test(tokenizer)) {
    return { ...options, tokenizer: tokenizerOf(await readWhole(tokenizer), tokenizer) };
  }
  if (!isTokenizerName(tokenizer)) {
    throw new KneserError(
      'KNESER_OPTION',
      `tokenizer: there is no tokenizer ${tokenizer}; take ${TOKENIZER_NAMES.join(', ')}, or the path of a tokenizer.json or of a SentencePiece .model`,
    );
  }
  return { ...options, tokenizer };
}

/** The bytes of a tokenizer's file. @throws KNESER_TOKENIZER, KNESER_INPUT_* */
function readWhole(path: string): Promise<Uint8Array> {
  const most = `${MOST_TOKENIZER_BYTES >> 20} MB`;
  return joinBytes(
    readBytes(path),
    MOST_TOKENIZER_BYTES,
    () => new KneserError('KNESER_TOKENIZER', `${path}: a tokenizer's file has at most ${most}; is this one?`),
  );
}

/** Matches the beginning of a JSON object: a brace, then a quotation mark, a closing brace or the end of the text. */
const OBJECT_BEGINS = /^\s*\{\s*(["}]|$)/;
/** The bytes with which a SentencePiece model can begin: the tags of its fields 1, 2, 3 and 5 in Protocol Buffers. */
const MESSAGE_TAGS = [0x0a, 0x12, 0x1a, 0x2a];

/** Recognises the kind of a tokenizer's file by its first bytes. @throws KNESER_TOKENIZER if it is of neither kind */
function tokenizerOf(bytes: Uint8Array, name: string): PretrainedTokenizer {
  if (OBJECT_BEGINS.test(decode(bytes.subarray(0, 1024)))) return { json: jsonOf(bytes, name), name };
  if (MESSAGE_TAGS.includes(bytes[0])) return { sentencepiece: bytes, name };
  throw new KneserError(
    'KNESER_TOKENIZER',
    `${name}: is neither a tokenizer.json, which begins with a brace, nor a SentencePiece .model`,
  );
}

/** @throws KNESER_TOKENIZER for invalid UTF-8, which would change tokens. */
function jsonOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new KneserError('KNESER_TOKENIZER', `${name}: is not UTF-8, in which a tokenizer.json is written`, {
      cause: error,
    });
  }
}
