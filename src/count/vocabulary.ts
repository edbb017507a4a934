import { KneserError } from '../base/errors.js';
import { BOS, EOS, FIRST_WORD, UNK } from '../text/tokens.js';
import type { WordList } from '../text/word-list.js';
import type { TokenStream } from './token-stream.js';

/** How the words of a model's vocabulary are chosen; all other words become `<unk>`. */
export type VocabularyChoice =
  /** Every word of the text. */
  | {
      /** Every word of the text. */
      readonly kind: 'all';
    }
  /** The words given, whether they occur in the text or not. */
  | {
      /** The words given. */
      readonly kind: 'words';
      /** The words. */
      readonly words: Iterable<string>;
    }
  /** The most frequent words, at most this many. */
  | {
      /** The most frequent words. */
      readonly kind: 'limit';
      /** The greatest number of words in the vocabulary. */
      readonly limit: number;
    }
  /** The words seen at least this often. */
  | {
      /** The words seen at least `atLeast` times. */
      readonly kind: 'frequency';
      /** The least frequency, in the training text. */
      readonly atLeast: number;
    };

/**
 * The words of a model by id, and the id of each word index of the token stream. Ids follow falling frequency, and words of equal
 * frequency are in the order of their UTF-8 bytes: frequent words have small ids, and no id depends on the order of the text.
 */
export interface Vocabulary {
  /** The words of the text, in the order in which they were first seen; not all of them have an id of their own. */
  readonly list: WordList;
  /** By id, the index of the word in the list; 0 for `NONE`. Length: ids in use. */
  readonly indices: Uint32Array;
  /** By id, the occurrences in the text; 0 for `NONE` and `<s>`. Length: ids in use. */
  readonly frequencies: Float64Array;
  /** By word index, the id of the word; `UNK` for a word that was not chosen. */
  readonly ids: Uint32Array;
}

/** The words of a source with their frequencies: a token stream that has ended, or the joined dictionaries of models. */
export interface WordFrequencies {
  readonly words: WordList;
  /** By word index, the occurrences of the word. Entry 0: the occurrences of words that are not in the list. */
  readonly frequency: Float64Array;
  /** By word index, the index of the word that it stands for; 0 if it stands for itself. */
  readonly aliases: Uint32Array;
  readonly sentences: number;
}

/**
 * Chooses the words of a model and gives them ids.
 *
 * - Input: the words of the whole text with their frequencies.
 * - Output: the vocabulary.
 */
export function buildVocabulary(source: WordFrequencies, choice: VocabularyChoice): Vocabulary {
  const { words: list, frequency, aliases } = source;
  const size = list.size;
  const occurrences = new Float64Array(size + 1);
  for (let word = 1; word <= size; word++) occurrences[aliases[word] || word] += frequency[word];

  const atLeast = choice.kind === 'frequency' ? choice.atLeast : choice.kind === 'words' ? 0 : 1;
  let length = 0;
  const candidates = new Uint32Array(size);
  for (let word = FIRST_WORD; word <= size; word++) {
    if (aliases[word] === 0 && occurrences[word] >= atLeast) candidates[length++] = word;
  }
  candidates.subarray(0, length).sort((a, b) => occurrences[b] - occurrences[a] || list.compare(a, b));
  if (choice.kind === 'limit') length = Math.min(length, choice.limit);

  const types = FIRST_WORD + length;
  const indices = new Uint32Array(types);
  indices.set([0, UNK, BOS, EOS]);
  indices.set(candidates.subarray(0, length), FIRST_WORD);
  const ids = new Uint32Array(size + 1).fill(UNK);
  ids[BOS] = BOS;
  ids[EOS] = EOS;
  for (let id = FIRST_WORD; id < types; id++) ids[indices[id]] = id;
  const frequencies = new Float64Array(types);
  for (let word = 0; word <= size; word++) {
    if (aliases[word] > 0) ids[word] = ids[aliases[word]];
    if (word !== BOS && word !== EOS) frequencies[ids[word]] += frequency[word];
  }
  frequencies[EOS] = source.sentences;
  return { list, indices, frequencies, ids };
}

/** Refuses a text without tokens. @param source name of the text, for the message. @throws KNESER_INPUT_EMPTY */
export function requireTokens(stream: Pick<TokenStream, 'tokens' | 'sentences'>, source: string): void {
  if (stream.tokens > 0) return;
  throw new KneserError(
    'KNESER_INPUT_EMPTY',
    stream.sentences > 0
      ? `${source}: the text has no tokens, only white space; there is nothing to count`
      : `${source}: the text is empty; there is nothing to count`,
  );
}
