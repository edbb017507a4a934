import { KneserError } from '../errors.js';
import { compareBytes } from '../text/bytes.js';
import { BOS, EOS, FIRST_WORD, UNK } from '../text/tokens.js';
import type { TokenStream } from './token-stream.js';

/** Which words a model knows; all others are `<unk>`. */
export type VocabularyChoice =
  /** Every word of the text. */
  | { readonly kind: 'all' }
  /** The words given, whether they occur in the text or not. */
  | { readonly kind: 'words'; readonly words: Iterable<string> }
  /** The most frequent words, at most this many. */
  | { readonly kind: 'limit'; readonly limit: number }
  /** The words seen at least this often. */
  | { readonly kind: 'frequency'; readonly atLeast: number };

/**
 * The words of a model by id, and what the token stream's numbers become. Ids fall with frequency, words of equal
 * frequency follow their UTF-8 bytes, so that small numbers are common and nothing depends on the order of the text.
 */
export interface Vocabulary {
  /** UTF-8 by id; empty for `NONE`. */
  readonly words: readonly Uint8Array[];
  /** Occurrences in the text by id; 0 for `NONE` and `<s>`. */
  readonly frequencies: Float64Array;
  /** The id of each number of the stream. */
  readonly ids: Uint32Array;
}

/** Ids for the words of a stream that has ended. */
export function buildVocabulary(stream: TokenStream, choice: VocabularyChoice): Vocabulary {
  const { words, frequency, aliases } = stream;
  const size = words.size;
  const occurrences = new Float64Array(size + 1);
  for (let word = 1; word <= size; word++) occurrences[aliases.get(word) ?? word] += frequency[word] || 0;

  const candidates: number[] = [];
  const atLeast = choice.kind === 'frequency' ? choice.atLeast : choice.kind === 'words' ? 0 : 1;
  for (let word = FIRST_WORD; word <= size; word++) {
    if (!aliases.has(word) && occurrences[word] >= atLeast) candidates.push(word);
  }
  const bytes =
    candidates.length > 0 ? Array.from({ length: size + 1 }, (_, w) => (w ? words.bytes(w) : NO_BYTES)) : [];
  candidates.sort((a, b) => occurrences[b] - occurrences[a] || compareBytes(bytes[a], bytes[b]));
  if (choice.kind === 'limit' && candidates.length > choice.limit) candidates.length = choice.limit;

  const ids = new Uint32Array(size + 1).fill(UNK);
  const frequencies = new Float64Array(FIRST_WORD + candidates.length);
  const list = [NO_BYTES, words.bytes(UNK), words.bytes(BOS), words.bytes(EOS)];
  ids[BOS] = BOS;
  ids[EOS] = EOS;
  for (const word of candidates) {
    ids[word] = list.length;
    list.push(bytes[word]);
  }
  for (const [word, target] of aliases) ids[word] = ids[target];
  for (let word = 1; word <= size; word++)
    if (word !== BOS && word !== EOS) frequencies[ids[word]] += frequency[word] || 0;
  frequencies[EOS] = stream.sentences;
  return { words: list, frequencies, ids };
}

/** Refuses text without a single token. @param source what was read, for the message. */
export function requireTokens(stream: TokenStream, source: string): void {
  if (stream.tokens > 0) return;
  throw new KneserError(
    'KNESER_INPUT_EMPTY',
    stream.sentences > 0
      ? `${source}: the text holds no token, only white space; there is nothing to count`
      : `${source}: the text is empty; there is nothing to count`,
  );
}

const NO_BYTES = new Uint8Array(0);
