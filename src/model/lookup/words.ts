import { KneserError } from '../../base/errors.js';
import { grown } from '../../base/grown.js';
import { compareBytes } from '../../base/bytes.js';
import type { DictionaryBlock, DictionaryCursor } from '../../tables/dictionary.js';
import { decodeWords, eachWordBlock, readDictionaryDirectory } from '../../tables/dictionary-reader.js';
import { dictionaryKey } from '../../store/keys.js';
import { wordIds, type Manifest } from '../../tables/manifest.js';
import type { ModelStore } from '../../store/store.js';
import { ShortEncoder } from '../../text/short-encoder.js';
import { canonicalSurface, decode } from '../../text/surface.js';
import { BOS, EOS, UNK } from '../../text/tokens.js';
import { checkWords, hashBytes, WordList } from '../../text/word-list.js';
import { OOV } from '../../smoothing/batch.js';
import { rarestWords, someWords, Spelling } from './spelling.js';

const encoder = new TextEncoder();
/** The most decoded dictionary blocks in memory: about 30 kB each. */
const KEPT_BLOCKS = 512;
/** How many words are looked up together, with their bytes in memory at the same time. */
const WORDS_A_LOOKUP = 1 << 14;

/** The id for a word outside the vocabulary: `OOV | UNK`. */
export const NOT_IN_VOCABULARY = (OOV | UNK) >>> 0;

/** The id of a token that the dictionary has. `<s>` and `</s>` in a text are outside the vocabulary, and so is `<unk>` if the training text had no unknown word. */
export function tokenId(id: number, manifest: Manifest): number {
  if (id === BOS || id === EOS || (id === UNK && manifest.unknown === 0)) return NOT_IN_VOCABULARY;
  return id;
}

/** A whole dictionary in memory, as a list of words whose indices are the ids. */
export class LoadedWords {
  /** Invalid UTF-8 sequences in the tokens looked up so far. */
  replaced = 0;
  /** How much longer replacing these sequences made the tokens [bytes]. */
  extraBytes = 0;
  /** How much longer replacing these sequences made the tokens [code points]. */
  extraCharacters = 0;
  private readonly encoder = new ShortEncoder();
  /** Learned when it is first needed. */
  #spelling: Spelling | undefined;

  private constructor(
    readonly list: WordList,
    private readonly manifest: Manifest,
    /** The ids of the words, without `<unk>`, `<s>` and `</s>`, in the order of the words' UTF-8. */
    readonly sorted: Uint32Array,
  ) {}

  /** Reads the dictionary of a model. @throws KNESER_DAMAGED */
  static async load(store: ModelStore, manifest: Manifest): Promise<LoadedWords> {
    const words = new SortedWords(wordIds(manifest));
    await eachWordBlock(store, manifest, block => words.add(block));
    const list = words.list(id => {
      return new KneserError(
        'KNESER_DAMAGED',
        `${store.name}: dictionary: word ${id} is missing; the model is damaged`,
      );
    });
    return new LoadedWords(list, manifest, words.ids);
  }

  /** The id of the token in `bytes[from, to)`, or `NOT_IN_VOCABULARY`. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const { lowercase } = this.manifest.options;
    const found = this.list.find(bytes, from, to, hash);
    // In a lower-cased model, a token in the dictionary needs no change: no dictionary word has upper case.
    if (found > 0) return found <= EOS ? tokenId(found, this.manifest) : found;
    const surface = canonicalSurface(bytes.subarray(from, to), lowercase);
    if (!surface) return NOT_IN_VOCABULARY;
    this.replaced += surface.replaced;
    this.extraBytes += surface.extraBytes;
    this.extraCharacters += surface.extraCharacters;
    const word = surface.bytes;
    const id = this.list.find(word, 0, word.length, hashBytes(word, 0, word.length));
    return id > 0 ? tokenId(id, this.manifest) : NOT_IN_VOCABULARY;
  }

  /** The id of a token given as text, or `NOT_IN_VOCABULARY`. */
  idOf(token: string): number {
    const length = this.encoder.encode(token);
    const { bytes } = this.encoder;
    return this.find(bytes, 0, length, hashBytes(bytes, 0, length));
  }

  /** The word of an id. */
  word(id: number): string {
    return decode(this.list.bytes(id));
  }

  /** log10 of the probability that a token outside the vocabulary is spelled as it is. @param token as bytes of a text. */
  spell(token: Uint8Array): number {
    // Only training numbers words by their frequency; an ARPA file or a mixture has them in any order.
    const { list, manifest, sorted } = this;
    this.#spelling ??= new Spelling(list, manifest.kind === 'backoff' ? someWords(sorted) : rarestWords(list));
    return this.#spelling.log10Prob(canonicalSurface(token, this.manifest.options.lowercase)?.bytes ?? token);
  }
}

/** About the most bytes of a word, on average: few dictionaries have longer words. */
const BYTES_A_WORD = 16;

/** Takes the words of a dictionary in its order. The bytes of all words are in one array, so that no word needs an object. */
class SortedWords {
  private bytes: Uint8Array<ArrayBuffer>;
  private used = 0;
  /** By id, the beginning and the end of the word in `bytes`. */
  private readonly starts: Uint32Array;
  private readonly ends: Uint32Array;
  /** The ids so far, without `<unk>`, `<s>` and `</s>`. */
  private readonly sorted: Uint32Array;
  private size = 0;

  /** @param types the ids of all words are below this. */
  constructor(types: number) {
    this.bytes = new Uint8Array(BYTES_A_WORD * types);
    this.starts = new Uint32Array(types);
    this.ends = new Uint32Array(types);
    this.sorted = new Uint32Array(types);
  }

  /** The ids of the words in their sequence, without `<unk>`, `<s>` and `</s>`. */
  get ids(): Uint32Array {
    return this.sorted.subarray(0, this.size);
  }

  /** Takes the words of a block. @throws BlockDamage */
  add(words: DictionaryCursor): void {
    while (words.next()) {
      if (this.used + words.length > this.bytes.length) this.makeRoom(words.length);
      this.put(words);
    }
  }

  private put({ word, length, id }: DictionaryCursor): void {
    const { bytes, used } = this;
    if (id > EOS) this.sorted[this.size++] = id;
    for (let i = 0; i < length; i++) bytes[used + i] = word[i];
    this.starts[id] = used;
    this.ends[id] = this.used = used + length;
  }

  private makeRoom(length: number): void {
    checkWords(this.size, this.used + length);
    this.bytes = grown(this.bytes, Math.max(2 * this.bytes.length, this.used + length));
  }

  /** The words as a list by id. @param missing makes the error for an id without a word. */
  list(missing: (id: number) => KneserError): WordList {
    const { bytes, starts, ends } = this;
    const list = new WordList(ends.length, this.used);
    for (let id = EOS + 1; id < ends.length; id++) {
      const from = starts[id];
      const to = ends[id];
      if (to === 0 || list.add(bytes, from, to, hashBytes(bytes, from, to)) !== id) throw missing(id);
    }
    return list;
  }
}

/** A dictionary of which only the blocks in use are in memory. */
export class PagedWords {
  /** The first word of each block, as UTF-8; `undefined` until it was read. */
  private first: Uint8Array[] | undefined;
  /** The decoded blocks, by their index in the dictionary. */
  private readonly blocks = new Map<number, DictionaryBlock>();

  constructor(
    private readonly store: ModelStore,
    private readonly manifest: Manifest,
  ) {}

  /** The id of each token, or `NOT_IN_VOCABULARY`. */
  async idsOf(tokens: readonly string[]): Promise<Uint32Array> {
    const ids = new Uint32Array(tokens.length);
    for (let from = 0; from < tokens.length; from += WORDS_A_LOOKUP) {
      ids.set(await this.idsOfSome(tokens.slice(from, from + WORDS_A_LOOKUP)), from);
    }
    return ids;
  }

  private async idsOfSome(tokens: readonly string[]): Promise<Uint32Array> {
    const first = (this.first ??= await readDictionaryDirectory(this.store));
    const { lowercase } = this.manifest.options;
    const words = tokens.map(token => {
      const bytes = encoder.encode(token);
      return canonicalSurface(bytes, lowercase)?.bytes ?? bytes;
    });
    const blockOfWord = words.map(word => blockOf(first, word));
    const needed = [...new Set(blockOfWord)].filter(b => b >= 0);
    let missing = needed.filter(b => !this.blocks.has(b));
    if (missing.length > 0) {
      if (this.blocks.size + missing.length > KEPT_BLOCKS) {
        this.blocks.clear();
        missing = needed;
      }
      const values = await this.store.getMany(missing.map(dictionaryKey));
      missing.forEach((b, i) =>
        this.blocks.set(b, decodeWords(this.store, b, values[i], wordIds(this.manifest), first[b])),
      );
    }
    return Uint32Array.from(words, (word, i) => {
      const block = this.blocks.get(blockOfWord[i]);
      const at = block ? search(block.words, word) : -1;
      return block && at >= 0 ? tokenId(block.ids[at], this.manifest) : NOT_IN_VOCABULARY;
    });
  }
}

/** The index of the last block whose first word is at most `word`; −1 if there is none. */
function blockOf(first: readonly Uint8Array[], word: Uint8Array): number {
  let low = 0;
  let high = first.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(first[middle], word) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The index of a word in a sorted list, or −1. */
function search(words: readonly Uint8Array[], word: Uint8Array): number {
  const at = blockOf(words, word);
  return at >= 0 && compareBytes(words[at], word) === 0 ? at : -1;
}
