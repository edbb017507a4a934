import { KneserError } from '../base/errors.js';
import { canonicalSurface } from '../text/surface.js';
import type { TokenSink } from '../text/tokenizer.js';
import { BOS, EOS, UNK } from '../text/tokens.js';
import { hashBytes, type WordList } from '../text/word-list.js';
import type { IdStream } from './id-stream.js';
import { SPILLED, type SpilledWords } from './spilled-words.js';

/** How a {@link TokenStream} takes tokens. */
export interface TokenOptions {
  readonly lowercase: boolean;
  /** Whether lines without tokens are left out; otherwise each is a sentence. */
  readonly skipBlank: boolean;
  /** Whether a literal `<s>` or `</s>` in the text is refused or left out. */
  readonly reserved: 'refuse' | 'drop';
  /** Whether the list of words is closed: tokens that are not in it become `<unk>`. */
  readonly closed: boolean;
  /** The last of every `holdOutEvery` sentences is held out: it goes to a stream of its own, and is not counted. 0: no sentence is held out. */
  readonly holdOutEvery: number;
}

/**
 * Turns tokens into word indices, with `EOS` after each sentence, and counts how often each word occurs.
 *
 * - Input: the tokens and line ends of a text, from a tokenizer.
 * - Output: two streams of word indices in the order of the text, one of the counted and one of the held-out sentences; the list of
 *   words; frequencies and figures.
 *
 * A token that stands for another word, because it is not valid UTF-8 or not in lower case, gets an index of its own when it is first
 * seen, and an entry in `aliases`. Later occurrences of the token need no decoding and no lower-casing.
 */
export class TokenStream implements TokenSink {
  /** Sentences that are counted. */
  sentences = 0;
  /** Tokens that are counted, `</s>` not included. */
  tokens = 0;
  /** Literal `<s>` and `</s>` tokens that were left out. */
  dropped = 0;
  /** Sentences held out. */
  heldOut = 0;
  /** Tokens held out, `</s>` not included. */
  heldOutTokens = 0;
  /** By word index, the occurrences of the word in counted sentences. Entry 0: the occurrences of all spilled words that are not in the list. */
  frequency = new Float64Array(1 << 12);
  /** By word index, the index of the word that it stands for; 0 if it stands for itself. */
  aliases = new Uint32Array(1 << 12);
  /** By word index, how many invalid UTF-8 sequences one occurrence holds. */
  private replacements = new Uint32Array(1 << 12);
  /** Invalid UTF-8 sequences in tokens that were not added to the list. */
  otherReplaced = 0;
  /** Name of the input that is being read, for messages. */
  source = '';
  /** Whether a call of `line` ends a line or a sentence: messages say the number of the line or of the sentence. */
  private unit: 'line' | 'sentence' = 'line';
  /** The largest word index whose entry in `aliases` is set. */
  private known: number;
  /** Tokens of the present line so far. */
  private lineTokens = 0;
  /** Lines or sentences of this input that have ended. */
  private lines = 0;
  /** Whether the present sentence is held out. */
  private holding = false;
  /** Whether a word of the list stands for `<s>` or `</s>`. */
  private reservedAliases = false;
  /** Where words that are not in the list are spilled; `undefined` while they are added to the list. */
  private spilled: { readonly counted: SpilledWords; readonly heldOut: SpilledWords } | undefined;

  constructor(
    readonly words: WordList,
    private readonly ids: IdStream,
    private readonly heldOutIds: IdStream,
    private readonly options: TokenOptions,
  ) {
    this.known = words.size;
    // The words of a closed vocabulary have indices before the text is read.
    this.makeRoom();
  }

  /** Begins another input. @param unit whether each call of `line` will end a line or a sentence. */
  open(source: string, unit: 'line' | 'sentence' = 'line'): void {
    this.source = source;
    this.unit = unit;
    this.lines = 0;
  }

  /** Takes the token `bytes[from, to)`. @param hash the token's `hashBytes`. @throws KNESER_INPUT_RESERVED */
  token(bytes: Uint8Array, from: number, to: number, hash: number): void {
    const { closed } = this.options;
    const word = closed || this.spilled ? this.findOther(bytes, from, to, hash) : this.words.add(bytes, from, to, hash);
    if (word > this.known && word < SPILLED) this.setAlias(word);
    if (word === BOS || word === EOS || (this.reservedAliases && this.isReservedAlias(word))) {
      if (this.options.reserved === 'drop') {
        this.dropped++;
        return;
      }
      this.refuse(word);
    }
    this.lineTokens++;
    if (this.holding) {
      this.heldOutTokens++;
      this.heldOutIds.push(word);
      return;
    }
    if (word < SPILLED) this.frequency[word]++;
    this.ids.push(word);
  }

  /** Ends a sentence. */
  line(): void {
    this.lines++;
    if (this.lineTokens === 0 && this.options.skipBlank) return;
    const { holdOutEvery } = this.options;
    if (this.holding) {
      this.heldOut++;
      this.heldOutIds.push(EOS);
    } else {
      this.tokens += this.lineTokens;
      this.sentences++;
      this.ids.push(EOS);
    }
    this.lineTokens = 0;
    this.holding = holdOutEvery > 0 && (this.sentences + this.heldOut) % holdOutEvery === holdOutEvery - 1;
  }

  /** How many invalid UTF-8 sequences were replaced, over all counted occurrences of the words. */
  get replaced(): number {
    let sum = 0;
    for (let word = 1; word <= this.words.size; word++) sum += this.replacements[word] * this.frequency[word];
    return sum + this.otherReplaced;
  }

  /** Sets the entries of a new word in `aliases` and `replacements`. */
  private setAlias(word: number): void {
    this.known = word;
    this.makeRoom();
    const surface = canonicalSurface(this.words.bytes(word).slice(), this.options.lowercase);
    if (!surface) return;
    const { bytes, replaced } = surface;
    const target = this.words.add(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
    this.known = this.words.size;
    this.makeRoom();
    this.aliases[word] = target;
    this.replacements[word] = replaced;
    if (target === BOS || target === EOS) this.reservedAliases = true;
  }

  /** From now on, spills words that are not in the list. */
  spill(counted: SpilledWords, heldOut: SpilledWords): void {
    this.spilled = { counted, heldOut };
  }

  /** Adds the most frequent spilled words to the list; the parameters are those of {@link SpilledWords.choose}. */
  chooseSpilled(limit: number, atLeast: number, memory: number): void {
    const rest = this.spilled?.counted.choose(limit, atLeast, memory, (bytes, hash, count) => {
      const word = this.words.add(bytes, 0, bytes.length, hash);
      this.makeRoom();
      this.frequency[word] = count;
    });
    this.frequency[0] = rest ?? 0;
  }

  /**
   * The number that stands for a token in the streams when no words are added to the list: the index of its word; for a spilled token, a
   * number that {@link SpilledWords.push} returns; or `UNK`.
   */
  private findOther(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const found = this.words.find(bytes, from, to, hash);
    if (found > 0) return found;
    const surface = canonicalSurface(bytes.subarray(from, to), this.options.lowercase);
    if (!surface) return this.other(bytes, from, to, hash);
    const { bytes: canonical, replaced } = surface;
    this.otherReplaced += replaced;
    const { length } = canonical;
    const canonicalHash = hashBytes(canonical, 0, length);
    return this.words.find(canonical, 0, length, canonicalHash) || this.other(canonical, 0, length, canonicalHash);
  }

  /** The number that stands for a token whose word is not in the list. */
  private other(bytes: Uint8Array, from: number, to: number, hash: number): number {
    if (!this.spilled) return UNK;
    return (this.holding ? this.spilled.heldOut : this.spilled.counted).push(bytes, from, to, hash);
  }

  private isReservedAlias(word: number): boolean {
    const target = this.aliases[word];
    return target === BOS || target === EOS;
  }

  /** Makes the arrays by word index long enough for all words of the list. */
  private makeRoom(): void {
    const { frequency, aliases, replacements, words } = this;
    if (words.size < frequency.length) return;
    const length = 2 * words.size;
    (this.frequency = new Float64Array(length)).set(frequency);
    (this.aliases = new Uint32Array(length)).set(aliases);
    (this.replacements = new Uint32Array(length)).set(replacements);
  }

  private refuse(word: number): never {
    const text = new TextDecoder().decode(this.words.bytes(word));
    throw new KneserError(
      'KNESER_INPUT_RESERVED',
      `${this.source}, ${this.unit} ${this.lines + 1}: the text holds a literal ${text}, which marks sentence boundaries; ` +
        "remove it, or leave such tokens out with reserved: 'drop' (--reserved drop)",
    );
  }
}
