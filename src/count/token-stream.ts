import { KneserError } from '../base/errors.js';
import { canonicalSurface } from '../text/surface.js';
import type { TokenSink } from '../text/tokenizer.js';
import { BOS, EOS, UNK } from '../text/tokens.js';
import { hashBytes, type WordList } from '../text/word-list.js';
import type { IdStream } from './id-stream.js';
import { SPILLED, type SpilledWords } from './spilled-words.js';

/** How training text becomes tokens. */
export interface TokenOptions {
  readonly lowercase: boolean;
  readonly skipBlank: boolean;
  /** What to do with a literal `<s>` or `</s>` in the text. */
  readonly reserved: 'refuse' | 'drop';
  /** Words that are not in the list yet are `<unk>`: nothing is added to it. */
  readonly closed: boolean;
  /** Every so many sentences one is held out: it goes to another stream, and is counted nowhere. 0: none is. */
  readonly holdOutEvery: number;
}

/**
 * The training text as a stream of word numbers, each sentence ended by `EOS`: what the tokenizer's tokens become.
 *
 * A token that stands for another word, because it is not valid UTF-8 or not in lower case, gets a number of its own
 * when it is first seen, and an entry in `aliases`: so neither costs anything per token.
 */
export class TokenStream implements TokenSink {
  sentences = 0;
  /** Tokens, without those that end sentences. */
  tokens = 0;
  dropped = 0;
  /** Sentences held out. */
  heldOut = 0;
  /** Tokens held out, without those that end sentences. */
  heldOutTokens = 0;
  /** Occurrences by word number; 0 stands for words that were spilled and are not in the list. */
  frequency = new Float64Array(1 << 12);
  /** What a word number stands for, where that is another word; else 0. */
  aliases = new Uint32Array(1 << 12);
  /** How many invalid sequences an occurrence of a word number holds. */
  private replacements = new Uint32Array(1 << 12);
  /** What is being read: for error messages. */
  source = '';
  /** What a call of `line` ends, to be counted in error messages. */
  private unit: 'line' | 'sentence' = 'line';
  private known: number;
  private lineTokens = 0;
  private lines = 0;
  private holding = false;
  private reservedAliases = false;

  constructor(
    readonly words: WordList,
    private readonly ids: IdStream,
    private readonly heldOutIds: IdStream,
    private readonly options: TokenOptions,
  ) {
    this.known = words.size;
    // The words of a closed vocabulary all have numbers before the first is seen.
    this.makeRoom();
  }

  /** Begins another input. */
  open(source: string, unit: 'line' | 'sentence' = 'line'): void {
    this.source = source;
    this.unit = unit;
    this.lines = 0;
  }

  token(bytes: Uint8Array, from: number, to: number, hash: number): void {
    const { closed } = this.options;
    const word = closed || this.spilled ? this.findOther(bytes, from, to, hash) : this.words.add(bytes, from, to, hash);
    if (word > this.known && word < SPILLED) this.meet(word);
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

  /** Invalid UTF-8 sequences that were replaced, over all occurrences. */
  get replaced(): number {
    let sum = 0;
    for (let word = 1; word <= this.words.size; word++) sum += this.replacements[word] * this.frequency[word];
    return sum + this.otherReplaced;
  }

  /** A word that was not seen before: it may stand for another. */
  private meet(word: number): void {
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

  /** From here on words that are not in the list are spilled, until {@link chooseSpilled}. */
  spill(counted: SpilledWords, heldOut: SpilledWords): void {
    this.spilled = { counted, heldOut };
  }

  /** Adds the frequent ones of the spilled words to the list. Arguments as those of {@link SpilledWords.choose}. */
  chooseSpilled(limit: number, atLeast: number, memory: number): void {
    const rest = this.spilled?.counted.choose(limit, atLeast, memory, (bytes, hash, count) => {
      const word = this.words.add(bytes, 0, bytes.length, hash);
      this.makeRoom();
      this.frequency[word] = count;
    });
    this.frequency[0] = rest ?? 0;
  }

  /** What a token is that is not to be added to the list. */
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

  private other(bytes: Uint8Array, from: number, to: number, hash: number): number {
    if (!this.spilled) return UNK;
    return (this.holding ? this.spilled.heldOut : this.spilled.counted).push(bytes, from, to, hash);
  }

  /** Invalid sequences met in tokens that were not added to the list. */
  otherReplaced = 0;
  private spilled: { readonly counted: SpilledWords; readonly heldOut: SpilledWords } | undefined;

  private isReservedAlias(word: number): boolean {
    const target = this.aliases[word];
    return target === BOS || target === EOS;
  }

  /** Makes room for what is kept of each word. */
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
        'remove it, or pass --reserved drop to leave such tokens out',
    );
  }
}
