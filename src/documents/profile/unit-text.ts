/**
 * src/documents/profile: the parts of `kneser profile`. This file reads a text into arrays; `laws.ts` fits the laws of Zipf and Heaps,
 * `ngram-ids.ts` counts distinct n-grams, `type-token.ts` computes the mean number of types after any number of tokens, `pool.ts` computes
 * all distances between two groups of units, and `permutation.ts` tests them. `profile.ts`, one folder above, joins these parts.
 */
import { KneserError } from '../../base/errors.js';
import { canonicalSurface } from '../../text/surface.js';
import type { TokenSink } from '../../text/tokenizer.js';
import { UNK } from '../../text/tokens.js';
import { hashBytes, type WordList } from '../../text/word-list.js';
import { NumberList } from './number-list.js';

/** The most tokens of a text: a profile needs about 50 bytes of memory for each. */
export const MOST_TOKENS = 50_000_000;

/** A text as arrays. */
export interface TextArrays {
  /** The index of the word of each token, in the order of the text, with 0 after each sentence. */
  readonly words: Uint32Array;
  /** By sentence, the place in `words` behind its 0. A sentence has at least one token. */
  readonly sentenceEnds: Uint32Array;
  /** By document, the number of sentences up to its end; `undefined` for plain text. A document has at least one sentence. */
  readonly documentEnds: Uint32Array | undefined;
  /** Number of tokens. */
  readonly tokens: number;
}

/** Collects the tokens of a text as indices of words. Several texts may share one list of words. */
export class UnitText implements TokenSink {
  private readonly indices = new NumberList();
  private readonly sentenceEnds = new NumberList();
  private readonly documentEnds = new NumberList();
  /** By word index up to `known`, the word that it stands for; 0 if it stands for itself. */
  private readonly aliases = new NumberList();
  /** By word index, how many invalid UTF-8 sequences the word holds. */
  private readonly replacements = new NumberList();
  /** Invalid UTF-8 sequences that were read as U+FFFD. */
  replaced = 0;

  /**
   * @param words the list of distinct words, which grows.
   * @param lowercase whether words are lower-cased.
   * @param isKnown whether a word is in the vocabulary; other words are read as `<unk>`. By default all are known.
   */
  constructor(
    private readonly words: WordList,
    private readonly lowercase: boolean,
    private readonly isKnown: (bytes: Uint8Array) => boolean = () => true,
  ) {
    // Index 0 is no word.
    this.aliases.push(0);
    this.replacements.push(0);
  }

  /** Takes a token. @throws KNESER_LIMIT */
  token(bytes: Uint8Array, from: number, to: number, hash: number): void {
    const word = this.words.add(bytes, from, to, hash);
    const { aliases } = this;
    while (aliases.length <= word) aliases.push(this.aliasOf(aliases.length));
    const alias = aliases.view()[word];
    if (alias !== 0) this.replaced += this.replacements.view()[word];
    this.indices.push(alias === 0 ? word : alias);
    if (this.indices.length > MOST_TOKENS) {
      throw new KneserError(
        'KNESER_LIMIT',
        `profile: the text has more than ${MOST_TOKENS / 1e6} million tokens; profile a part of it`,
      );
    }
  }

  /** Ends a sentence; one without tokens is none. */
  line(): void {
    if (this.indices.last === 0) return;
    this.indices.push(0);
    this.sentenceEnds.push(this.indices.length);
  }

  /** Ends a document; one without sentences is none. */
  endDocument(): void {
    if (this.sentenceEnds.length > this.documentEnds.last) this.documentEnds.push(this.sentenceEnds.length);
  }

  /** The text so far. @param hasDocuments whether documents were ended. */
  arrays(hasDocuments: boolean): TextArrays {
    const sentenceEnds = this.sentenceEnds.view();
    return {
      words: this.indices.view(),
      sentenceEnds,
      documentEnds: hasDocuments ? this.documentEnds.view() : undefined,
      tokens: this.indices.length - sentenceEnds.length,
    };
  }

  /** The word for which a word stands: valid UTF-8, in lower case, in the vocabulary; 0 if it is such a word itself. */
  private aliasOf(word: number): number {
    const { words, lowercase } = this;
    let alias = 0;
    let bytes = words.bytes(word);
    const surface = canonicalSurface(bytes.slice(), lowercase);
    this.replacements.push(surface?.replaced ?? 0);
    if (surface) {
      ({ bytes } = surface);
      alias = words.add(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
    }
    return this.isKnown(bytes) ? alias : UNK;
  }
}

/** By unit, the number of sentences up to its end. */
export function unitEndsOf({ documentEnds, sentenceEnds }: TextArrays, byDocument: boolean): Uint32Array {
  if (byDocument && documentEnds) return documentEnds;
  return Uint32Array.from(sentenceEnds, (_, i) => i + 1);
}

/** The place in `words` behind the first `tokens` tokens. */
export function placeAfter({ words, sentenceEnds }: TextArrays, tokens: number): number {
  let sentence = 0;
  // Before the end of sentence s, there are s + 1 places that are no token.
  while (sentence < sentenceEnds.length && sentenceEnds[sentence] - sentence - 1 < tokens) sentence++;
  return Math.min(words.length, tokens + sentence);
}
