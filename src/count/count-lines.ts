import { KneserError } from '../base/errors.js';
import { grown } from '../base/grown.js';
import { LineCutter } from '../text/line-cutter.js';
import { canonicalSurface, decode } from '../text/surface.js';
import { BOS, BOS_WORD, ENDS_TOKEN, EOS, EOS_WORD, UNK, UNK_WORD } from '../text/tokens.js';
import { HASH_PRIME, HASH_START, hashBytes, type WordList } from '../text/word-list.js';

/** The most bytes of a line (1 MiB). A longer line is refused, because no n-gram has so many words. */
const MOST_LINE_BYTES = 1 << 20;
/** The largest count of an n-gram, because a difference of counts is a signed 32-bit number. */
export const MOST_COUNT = 2 ** 31 - 1;
/** An error message shows at most this many bytes of a line. */
const SHOWN_BYTES = 80;
const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const ZERO = 0x30;

/** The sentence marks and the unknown word as Google's Web 1T files write them, with the words' ids. Other toolkits write them in lower case. */
const UPPERCASE_MARKS = new Map([
  ['<S>', BOS],
  ['</S>', EOS],
  ['<UNK>', UNK],
]);
/** The same marks in lower case, by word id. */
const LOWERCASE_MARKS = ['', UNK_WORD, BOS_WORD, EOS_WORD];

/** How {@link CountLines} reads words. */
export interface CountLinesOptions {
  readonly lowercase: boolean;
  /** Whether the list of words is closed: words that are not in it become `<unk>`. */
  readonly closed: boolean;
  /** The most words of an n-gram; longer n-grams are refused. */
  readonly longest: number;
}

/**
 * Takes an n-gram and its count. `words[0, length)` are the indices of its words, oldest word first. The array is reused for the next n-gram.
 */
export type NgramSink = (words: Uint32Array, length: number, count: number) => void;

/**
 * Reads lines of n-gram counts, in one of these forms:
 *
 *     the old keeper TAB 17                        kneser counts, ngram-count -write, Google's Web 1T
 *     the old keeper TAB 1998 TAB 17 TAB 5         Google Books: year, occurrences, (pages,) volumes
 *     the old keeper TAB 1998,17,5 TAB 1999,20,6   Google Books of 2020
 *
 * In a line without a tab, the text after the last space is the count.
 *
 * - Input: the bytes of files, piece by piece.
 * - Output: the n-grams, given to `sink`; their words are added to the list of words, unless it is closed. The same n-gram may come
 *   several times.
 * - Calls: for each file `open`, `feed` for all of its bytes, `end`.
 */
export class CountLines {
  /** Invalid UTF-8 sequences that were read as U+FFFD; the sequences of a word are counted once, however often the word occurs. */
  replaced = 0;
  /** Name of the file, for messages. */
  private name = '';
  /** Number of the line that is being read, from 1. */
  private line = 0;
  private readonly cutter = new LineCutter((bytes, from, to) => this.readLine(bytes, from, to));
  /** The word indices of the n-gram that is being read, oldest word first: length `longest`. */
  private readonly ngram: Uint32Array;
  /** The largest word index whose entry in `aliases` is set. */
  private known: number;
  /** By word index, the index of the word that it stands for; 0 if it stands for itself. */
  private aliases = new Uint32Array(1 << 12);
  /** Bit n is set once the mark with the id n was seen in lower case. */
  private lower = 0;
  /** Bit n is set once the mark with the id n was seen in upper case. */
  private upper = 0;

  constructor(
    private readonly words: WordList,
    private readonly options: CountLinesOptions,
    private readonly sink: NgramSink,
  ) {
    this.ngram = new Uint32Array(options.longest);
    this.known = words.size;
    this.makeRoom();
  }

  /** Begins a file. */
  open(name: string): void {
    this.name = name;
    this.line = 0;
  }

  /** Takes the next bytes of the file. @throws KNESER_INPUT_COUNTS, whose message says the line and the reason; KNESER_LIMIT for too large a count */
  feed(bytes: Uint8Array): void {
    this.cutter.feed(bytes);
    if (this.cutter.unended > MOST_LINE_BYTES) {
      this.line++;
      throw this.error(`is longer than ${MOST_LINE_BYTES} bytes; this is not a file of n-gram counts`);
    }
  }

  /** Ends the file. */
  end(): void {
    this.cutter.end();
  }

  private readLine(bytes: Uint8Array, from: number, to: number): void {
    this.line++;
    if (from < to && bytes[to - 1] === CARRIAGE_RETURN) to--;
    let tab = from;
    while (tab < to && bytes[tab] !== TAB) tab++;
    if (tab === to) {
      while (tab > from && bytes[tab - 1] !== SPACE) tab--;
      if (tab === from) {
        if (from < to) throw this.error('has no count', bytes, from, to);
        return;
      }
      tab--;
    }
    const length = this.readWords(bytes, from, tab, to);
    if (length === 0) throw this.error('has no words', bytes, from, to);
    const count = this.readCount(bytes, tab + 1, to, from);
    // `<s>` alone is left out, because it is never predicted.
    if (length > 1 || this.ngram[0] !== BOS) this.sink(this.ngram, length, count);
  }

  /** Reads the words of `bytes[from, end)` of the line that ends at `to`. @returns how many there are. */
  private readWords(bytes: Uint8Array, from: number, end: number, to: number): number {
    const { ngram } = this;
    let length = 0;
    for (let at = from; at < end;) {
      if (ENDS_TOKEN[bytes[at]] === 1) {
        at++;
        continue;
      }
      const begin = at;
      let hash = HASH_START;
      for (; at < end && ENDS_TOKEN[bytes[at]] === 0; at++) hash = Math.imul(hash ^ bytes[at], HASH_PRIME);
      if (length === ngram.length) {
        throw this.error(
          `has an n-gram of more than ${ngram.length} words, the highest order of a model`,
          bytes,
          from,
          to,
        );
      }
      ngram[length++] = this.wordAt(bytes, begin, at, hash);
    }
    for (let i = 0; i < length; i++) {
      if (ngram[i] === BOS && i > 0) throw this.error('has <s> after another word; it begins n-grams', bytes, from, to);
      if (ngram[i] === EOS && i < length - 1)
        throw this.error('has </s> before another word; it ends n-grams', bytes, from, to);
    }
    return length;
  }

  /** The index of the word that `bytes[from, to)` stands for; the word is added to the list if it is new, unless the list is closed. */
  private wordAt(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const { words, options } = this;
    let word = options.closed ? words.find(bytes, from, to, hash) : words.add(bytes, from, to, hash);
    if (word > this.known) this.setAlias(word);
    const target = word === 0 ? this.closedWord(bytes.subarray(from, to)) : this.aliases[word];
    // A word that stands for one of the marks is that mark in upper case; a word with the index of a mark is the mark in lower case.
    if (target > 0 && target <= EOS && !(word === 0 && target === UNK)) this.upper |= 1 << target;
    else if (word > 0 && word <= EOS) this.lower |= 1 << word;
    if ((this.lower & this.upper) !== 0) this.refuseMarks();
    if (target > 0) word = target;
    return word;
  }

  /** Sets the entry of a new word in `aliases`. */
  private setAlias(word: number): void {
    const { words, options } = this;
    this.known = word;
    this.makeRoom();
    const bytes = words.bytes(word).slice();
    const mark = UPPERCASE_MARKS.get(decode(bytes));
    if (mark !== undefined) {
      this.aliases[word] = mark;
      return;
    }
    const surface = canonicalSurface(bytes, options.lowercase);
    if (!surface) return;
    this.replaced += surface.replaced;
    const { length } = surface.bytes;
    const target = words.add(surface.bytes, 0, length, hashBytes(surface.bytes, 0, length));
    this.known = words.size;
    this.makeRoom();
    this.aliases[word] = target;
  }

  /** The index of the word that `bytes` stand for, if a closed list lacks the word as it is written; {@link UNK} if it lacks that word too. */
  private closedWord(bytes: Uint8Array): number {
    const { words, options } = this;
    const mark = UPPERCASE_MARKS.get(decode(bytes));
    if (mark !== undefined) return mark;
    const surface = canonicalSurface(bytes, options.lowercase)?.bytes;
    return (surface && words.find(surface, 0, surface.length, hashBytes(surface, 0, surface.length))) || UNK;
  }

  /** Makes `aliases` long enough for all words of the list. */
  private makeRoom(): void {
    if (this.words.size < this.aliases.length) return;
    this.aliases = grown(this.aliases, 2 * this.words.size);
  }

  /** The count in the columns `bytes[from, to)`, which end the line that begins at `bytes[line]`. */
  private readCount(bytes: Uint8Array, from: number, to: number, line: number): number {
    let count = 0;
    let at = from;
    for (; at < to && count <= MOST_COUNT; at++) {
      const digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      count = 10 * count + digit;
    }
    if (at < to || at === from) count = this.otherCount(bytes, from, to, line);
    if (count > MOST_COUNT) {
      throw new KneserError(
        'KNESER_LIMIT',
        `${this.name}: line ${this.line} has a count of more than ${MOST_COUNT.toLocaleString('en')}, the largest count that is read`,
      );
    }
    if (count === 0)
      throw this.error('has a count of 0; n-grams that do not occur are left out of such a file', bytes, line, to);
    return count;
  }

  /** The count in columns that are not a single whole number, such as the columns of Google Books. */
  private otherCount(bytes: Uint8Array, from: number, to: number, line: number): number {
    const columns = decode(bytes.subarray(from, to)).split('\t');
    if (columns.every(column => /^\d+,\d+,\d+$/.test(column))) {
      return columns.reduce((sum, column) => sum + Number(column.split(',')[1]), 0);
    }
    const numbers = columns.every(column => /^\d+$/.test(column));
    if (numbers && columns.length >= 3 && columns.length <= 4) return Number(columns[1]);
    if (numbers && columns.length === 1) return Number(columns[0]);
    const fault = /^\s*[+-]?\d*\.?\d+([eE][+-]?\d+)?\s*$/.test(columns[0])
      ? 'has a count that is not a whole number; write how often the n-gram occurs'
      : 'has no count after its words; write the words, a tab, and a whole number';
    throw this.error(fault, bytes, line, to);
  }

  /** Refuses a file that has the same mark in lower and in upper case. */
  private refuseMarks(): never {
    const mark = [UNK, BOS, EOS].find(word => ((this.lower & this.upper) >> word) & 1) ?? UNK;
    const upper = [...UPPERCASE_MARKS].find(([, word]) => word === mark)?.[0] ?? '';
    throw this.error(
      `has ${upper} or ${LOWERCASE_MARKS[mark]}, and the file has both, so that either may be the mark; write all marks in lower case`,
    );
  }

  /** The error for the line that is being read. The message shows the line if it is given, as `bytes[from, to)`. */
  private error(reason: string, bytes?: Uint8Array, from = 0, to = 0): KneserError {
    const shown = bytes ? ` (${JSON.stringify(decode(bytes.subarray(from, Math.min(to, from + SHOWN_BYTES))))})` : '';
    return new KneserError('KNESER_INPUT_COUNTS', `${this.name}: line ${this.line} ${reason}${shown}`);
  }
}
