import { KneserError } from '../../base/errors.js';
import { grown } from '../../base/grown.js';
import { MAX_ORDER } from '../../tables/pattern.js';
import { LARGEST_BACKOFF } from '../../tables/block.js';
import { LineCutter } from '../../text/line-cutter.js';
import { canonicalSurface, decode } from '../../text/surface.js';
import { ENDS_TOKEN, UNK } from '../../text/tokens.js';
import { HASH_PRIME, HASH_START, hashBytes, WordList } from '../../text/word-list.js';
import { UPPERCASE_UNK } from './format.js';
import { Ngrams } from './ngrams.js';
import { parseNumber } from './number.js';

/** The most bytes of a line before `\data\` (1 MiB): a longer line shows that the file is no ARPA file. */
const MOST_HEADER_BYTES = 1 << 20;
/** The most bytes of any other line (512 MiB), since words may be long. */
const MOST_LINE_BYTES = 1 << 29;
/** The most n-grams of one order. */
const MOST_NGRAMS = 2 ** 31;
const BACKSLASH = 0x5c;
const TAB = 0x09;
const SPACE = 0x20;
const CARRIAGE_RETURN = 0x0d;

/** The part of a file that the reader is in: before `\data\`, at the counts, in a section, or after `\end\`. */
type Part = 'before' | 'counts' | 'section' | 'end';

/** Reads an ARPA file piece by piece: call `feed` with its bytes in order, then `end`. */
export class ArpaReader {
  /** The unigrams. Word ids follow the order of the file, after `<unk>`, `<s>` and `</s>`. */
  readonly words = new WordList();
  /** The n-grams of each order: `orders[k]` holds the n-grams of order k + 1. */
  readonly orders: Ngrams[] = [];
  /** Number of words with a NUL, VT, FF or CR inside. `lmplz` writes such words; kneser cuts text into tokens at these bytes. */
  unreachable = 0;

  private part: Part = 'before';
  /** The line that was read last, from 1 up. */
  private line = 0;
  private readonly cutter = new LineCutter((bytes, from, to) => this.readLine(bytes, from, to));
  /** By order less 1: the number of n-grams that `\data\` announces. */
  private readonly counts: number[] = [];
  /** The order of the n-grams in the section that is being read. */
  private order = 0;
  /** By word id: 1 if the word is among the unigrams. */
  private known = new Uint8Array(1 << 12);

  /** @param name the name of the file, for messages. */
  constructor(private readonly name: string) {}

  /** Reads the next bytes of the file. @throws KNESER_INPUT_ARPA with the line and the reason where the file is no ARPA file. */
  feed(bytes: Uint8Array): void {
    this.cutter.feed(bytes);
    const most = this.part === 'before' ? MOST_HEADER_BYTES : MOST_LINE_BYTES;
    if (this.cutter.unended > most) {
      this.line++;
      throw this.error(`is longer than ${most} bytes; this is no ARPA file`);
    }
  }

  /** Reads the last line. @throws KNESER_INPUT_ARPA if the file is cut short. */
  end(): void {
    this.cutter.end();
    if (this.part === 'before') {
      const help = 'n-gram counts are read with --counts (importCounts)';
      throw new KneserError('KNESER_INPUT_ARPA', `${this.name}: has no line \\data\\; this is no ARPA file; ${help}`);
    }
    if (this.part !== 'end') throw this.error('is the last one, and not \\end\\; the file was cut short');
  }

  /** The error for a wrong line of the file, by default the line that was read last. */
  error(reason: string, line = this.line): KneserError {
    return new KneserError('KNESER_INPUT_ARPA', `${this.name}: line ${line} ${reason}`);
  }

  /** An n-gram in quotes, as it stands in the file. */
  quote(words: ArrayLike<number>): string {
    return JSON.stringify(Array.from(words, word => decode(this.words.bytes(word))).join(' '));
  }

  private readLine(bytes: Uint8Array, from: number, to: number): void {
    this.line++;
    if (from < to && bytes[to - 1] === CARRIAGE_RETURN) to--;
    while (from < to && isSeparator(bytes[from])) from++;
    while (from < to && isSeparator(bytes[to - 1])) to--;
    if (from === to) return;
    if (this.part === 'section' && bytes[from] !== BACKSLASH) {
      if (this.order === 1) this.readUnigram(bytes, from, to);
      else this.readNgram(bytes, from, to);
      return;
    }
    const line = decode(bytes.subarray(from, Math.min(to, from + 100)));
    if (this.part === 'before') this.readBefore(line);
    else if (this.part === 'end') throw this.error('comes after \\end\\: only one plain model can be read');
    else if (line.startsWith('\\')) this.readMark(line);
    else this.readCount(line);
  }

  /** Ignores lines before `\data\`, as SRILM does, unless they name another format. */
  private readBefore(line: string): void {
    if (line === '\\data\\') this.part = 'counts';
    else if (line.startsWith('iARPA')) {
      throw this.error("begins IRSTLM's own kind of file; make an ARPA file of it with compile-lm --text=yes");
    } else if (line.startsWith('qARPA')) {
      throw this.error('begins a quantized model of IRSTLM; take the ARPA file that it was made of');
    } else if (/^Q?blmtI? /.test(line)) {
      throw this.error('begins a binary file of IRSTLM; make an ARPA file of it with compile-lm --text=yes');
    } else if (line.startsWith('mmap lm')) {
      throw this.error('begins a binary file of KenLM; take the ARPA file that it was made of');
    }
  }

  private readCount(line: string): void {
    const match = /^ngram\s+(\d+)\s*=\s*(\d+)$/i.exec(line);
    if (!match) throw this.error('says neither how many n-grams there are, as ngram 1=10 does, nor \\1-grams:');
    const [order, count] = [Number(match[1]), Number(match[2])];
    if (order !== this.counts.length + 1)
      throw this.error(`counts order ${order}; order ${this.counts.length + 1} is due`);
    if (order > MAX_ORDER) throw this.error(`counts order ${order}; at most order ${MAX_ORDER} can be read`);
    if (count > MOST_NGRAMS) throw this.error(`counts ${count} n-grams; at most ${MOST_NGRAMS} can be read`);
    this.counts.push(count);
  }

  private readMark(line: string): void {
    const match = /^\\(\d+)-grams:$/.exec(line);
    if (!match && line !== '\\end\\') throw this.error(`is ${JSON.stringify(line)}, which begins no section`);
    const { counts } = this;
    if (this.part === 'counts') {
      if (counts.length === 0) throw this.error('comes before any line such as ngram 1=10');
      for (const [i, count] of counts.entries()) this.orders.push(new Ngrams(i + 1, i + 1 === counts.length, count));
    } else {
      this.endSection();
    }
    const next = match ? Number(match[1]) : counts.length + 1;
    if (match && (next <= this.order || next > counts.length)) {
      throw this.error(
        `begins section ${next}, which is ${next <= this.order ? 'out of order' : 'not counted in \\data\\'}`,
      );
    }
    // An empty section may be left out.
    while (this.order + 1 < next) {
      if (counts[this.order++] > 0) throw this.error(`comes where \\${this.order}-grams: is missing`);
    }
    this.order = next;
    this.part = match ? 'section' : 'end';
  }

  private endSection(): void {
    const { length } = this.orders[this.order - 1];
    const count = this.counts[this.order - 1];
    if (length < count) {
      throw this.error(`ends section ${this.order} after ${length} n-grams; \\data\\ says that it has ${count}`);
    }
  }

  private readUnigram(bytes: Uint8Array, from: number, to: number): void {
    const wordFrom = skipSeparators(bytes, skipField(bytes, from, to), to);
    const wordTo = skipField(bytes, wordFrom, to);
    if (isWordMissing(bytes, wordFrom, wordTo, to)) throw this.error('has an empty word between two tabs');
    const ngrams = this.addNumbers(bytes, from, wordFrom, wordTo, to);
    const word = bytes.subarray(wordFrom, wordTo);
    this.checkEncoding(word);
    if (word.some(byte => ENDS_TOKEN[byte] === 1)) this.unreachable++;
    const isUnknown = word.length === UPPERCASE_UNK.length && decode(word) === UPPERCASE_UNK;
    const id = isUnknown ? UNK : this.words.add(word, 0, word.length, hashBytes(word, 0, word.length));
    if (id >= this.known.length) {
      this.known = grown(this.known, 2 * id);
    }
    if (this.known[id] === 1) {
      const what = isUnknown ? `${UPPERCASE_UNK}, which is <unk> here,` : this.quote([id]);
      throw this.error(`has ${what} a second time`);
    }
    this.known[id] = 1;
    ngrams.columns[0][ngrams.length - 1] = id;
  }

  /** @throws KNESER_INPUT_ARPA for a word that is not UTF-8: replacing its invalid bytes could make two words one. */
  private checkEncoding(word: Uint8Array): void {
    const surface = canonicalSurface(word, false);
    if (!surface || surface.replaced === 0) return;
    throw this.error(
      `has the word ${JSON.stringify(decode(word))} (bytes ${hexadecimal(word)}), which is not UTF-8. ` +
        'If the file is in Latin-1, convert it: iconv -f ISO-8859-1 -t UTF-8 FILE > NEW-FILE',
    );
  }

  private readNgram(bytes: Uint8Array, from: number, to: number): void {
    const { order } = this;
    const wordsFrom = skipSeparators(bytes, skipField(bytes, from, to), to);
    let at = wordsFrom;
    let wordsTo = at;
    for (let j = 0; j < order; j++) {
      let hash = HASH_START;
      const start = at;
      for (; at < to && !isSeparator(bytes[at]); at++) hash = Math.imul(hash ^ bytes[at], HASH_PRIME);
      if (at === start) throw this.error(`has ${j} words; an n-gram of order ${order} and its numbers were due`);
      this.ngram[j] = this.find(bytes, start, at, hash);
      wordsTo = at;
      at = skipSeparators(bytes, at, to);
    }
    const { columns, length } = this.addNumbers(bytes, from, wordsFrom, wordsTo, to);
    for (let j = 0; j < order; j++) columns[j][length - 1] = this.ngram[j];
  }

  /** The word ids of the n-gram that is being read. */
  private readonly ngram = new Uint32Array(MAX_ORDER);

  /**
   * Reads log10 p and back-off from the line `bytes[from, to)`, whose words are `bytes[wordsFrom, wordsTo)`, and adds an n-gram
   * with these numbers. The caller puts the words into its columns.
   */
  private addNumbers(bytes: Uint8Array, from: number, wordsFrom: number, wordsTo: number, to: number): Ngrams {
    const { order } = this;
    const ngrams = this.orders[order - 1];
    if (wordsFrom === wordsTo) throw this.error(`has no word behind its first number`);
    if (ngrams.length === this.counts[order - 1]) {
      throw this.error(`is one n-gram more in section ${order} than \\data\\ says: ${ngrams.length}`);
    }
    const numberTo = skipField(bytes, from, to);
    const log10Prob = parseNumber(bytes, from, numberTo);
    if (Number.isNaN(log10Prob)) throw this.error(`begins with ${quoted(bytes, from, numberTo)}, which is no number`);
    if (log10Prob > 0) throw this.error(`has the positive log10 probability ${log10Prob}`);
    const backoffFrom = skipSeparators(bytes, wordsTo, to);
    let backoff = 0;
    if (backoffFrom < to) {
      const backoffTo = skipField(bytes, backoffFrom, to);
      backoff = parseNumber(bytes, backoffFrom, backoffTo);
      if (Number.isNaN(backoff)) {
        throw this.error(`has ${quoted(bytes, backoffFrom, backoffTo)} where its back-off is due, which is no number`);
      }
      if (backoffTo < to) throw this.error(`has more than an n-gram of order ${order} and its two numbers`);
      if (backoff > LARGEST_BACKOFF) throw this.error(`has the back-off ${backoff}, which is too large`);
      if (backoff !== 0 && ngrams.isHighest) throw this.error('has a back-off, and is of the highest order');
    }
    ngrams.add(log10Prob, backoff, this.line);
    return ngrams;
  }

  /** The id of a word. @throws KNESER_INPUT_ARPA if the word is not among the unigrams. */
  private find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    let id = this.words.find(bytes, from, to, hash);
    if (id === 0) {
      const text = decode(bytes.subarray(from, to));
      id = text === UPPERCASE_UNK ? UNK : this.words.findWord(text);
    }
    if (id > 0 && this.known[id] === 1) return id;
    throw this.error(`has the word ${quoted(bytes, from, to)}, which is not among the unigrams`);
  }

  /** Whether the word of an id is among the unigrams. */
  has(id: number): boolean {
    return this.known[id] === 1;
  }

  /** Sets log10 p of `<unk>`, in place of the value in the file. */
  setUnknown(log10Prob: number): void {
    const [unigrams] = this.orders;
    if (!this.has(UNK)) {
      unigrams.columns[0][unigrams.add(log10Prob, 0, this.line)] = UNK;
      this.known[UNK] = 1;
    }
    unigrams.log10Probs[unigrams.columns[0].indexOf(UNK)] = log10Prob;
  }
}

/** Only tabs and spaces separate the fields of an ARPA file. */
function isSeparator(byte: number): boolean {
  return byte === TAB || byte === SPACE;
}

function skipField(bytes: Uint8Array, at: number, to: number): number {
  while (at < to && !isSeparator(bytes[at])) at++;
  return at;
}

function skipSeparators(bytes: Uint8Array, at: number, to: number): number {
  while (at < to && isSeparator(bytes[at])) at++;
  return at;
}

/**
 * Whether the word of a unigram's line is missing. Then the field at `from` is the back-off: the last field of the line, a number,
 * after two tabs.
 */
function isWordMissing(bytes: Uint8Array, from: number, fieldTo: number, to: number): boolean {
  return (
    fieldTo === to && bytes[from - 1] === TAB && bytes[from - 2] === TAB && !Number.isNaN(parseNumber(bytes, from, to))
  );
}

/** The first 16 bytes of a word as hexadecimal numbers. */
function hexadecimal(word: Uint8Array): string {
  return (
    Array.from(word.subarray(0, 16), byte => byte.toString(16).padStart(2, '0')).join(' ') +
    (word.length > 16 ? ' …' : '')
  );
}

function quoted(bytes: Uint8Array, from: number, to: number): string {
  return JSON.stringify(decode(bytes.subarray(from, Math.min(to, from + 60))));
}
