import { KneserError, writeError } from '../base/errors.js';
import { readVarint, writeVarint } from '../base/varint.js';
import { FIRST_WORD } from '../text/tokens.js';
import { hashBytes, WordList } from '../text/word-list.js';
import type { IdStream } from './id-stream.js';
import type { Scratch, ScratchFile } from './scratch.js';

/** A number n ≥ SPILLED in the token stream stands for a token of spill part n − SPILLED. Its word is known only after that part is counted. */
export const SPILLED = 0x80000000;

/** Number of parts. The hash of a token says its part; the words of one part at a time are counted in memory. */
const PARTS = 256;
const BUFFER_BYTES = 1 << 14;

/** A piece of a part in the file: whole tokens, each preceded by its length (varint). */
interface Segment {
  readonly offset: number;
  readonly length: number;
}

/**
 * Keeps tokens whose words do not fit into memory in a temporary file, so that the most frequent words of any text can be found. Which
 * words are spilled does not change which words are chosen.
 *
 * - Input: tokens, in the order of the text.
 * - Output: the frequent words among them, and a stream in which the numbers of parts are replaced by the numbers of these words.
 * - Order: `push` for all tokens, then `choose`, then `resolve`.
 */
export class SpilledWords {
  private file: ScratchFile | undefined;
  private written = 0;
  private readonly segments: Segment[][] = Array.from({ length: PARTS }, () => []);
  private readonly buffers = Array.from({ length: PARTS }, () => new Uint8Array(BUFFER_BYTES));
  private readonly fills = new Uint32Array(PARTS);

  /** @param path the file, created for the first token that does not fit into the buffers. */
  constructor(
    private readonly path: string,
    private readonly scratch: Scratch,
  ) {}

  /** Takes the token `bytes[from, to)`. @returns the number that stands for it in the token stream. */
  push(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const part = hash >>> 24;
    const length = to - from;
    if (this.fills[part] + length + 5 > BUFFER_BYTES) this.flush(part);
    const alone = length + 5 > BUFFER_BYTES;
    const buffer = alone ? new Uint8Array(length + 5) : this.buffers[part];
    const at = writeVarint(buffer, alone ? 0 : this.fills[part], length);
    buffer.set(bytes.subarray(from, to), at);
    if (alone) this.write(part, buffer.subarray(0, at + length));
    else this.fills[part] = at + length;
    return SPILLED + part;
  }

  /**
   * Counts the spilled words and adds the frequent ones to a list.
   *
   * @param limit the most words of the vocabulary.
   * @param atLeast the least frequency of a word.
   * @param memory the most bytes that the words of a part may take.
   * @param add called with each chosen word and its frequency.
   * @returns how many tokens are of words that were not chosen.
   * @throws KNESER_LIMIT
   */
  choose(
    limit: number,
    atLeast: number,
    memory: number,
    add: (bytes: Uint8Array, hash: number, count: number) => void,
  ): number {
    let chosen = new CountedWords();
    let tokens = 0;
    const words = new CountedWords();
    for (let part = 0; part < PARTS; part++) {
      words.clear();
      for (const token of this.tokens(part)) {
        words.add(token, hashBytes(token, 0, token.length), 1);
        tokens++;
        if (words.memory > memory) throw tooMany(memory);
      }
      words.copy(atLeast, chosen);
      if (chosen.size > 2 * limit) chosen = chosen.best(limit);
      if (chosen.memory > memory) throw tooMany(memory);
    }
    if (chosen.size > limit) chosen = chosen.best(limit);
    chosen.forEach((bytes, hash, count) => {
      tokens -= count;
      add(bytes, hash, count);
    });
    return tokens;
  }

  /** Copies a stream of numbers. The number of a spilled token becomes that of its word in the list, or 0 if it is not there. */
  resolve(from: IdStream, list: WordList, to: IdStream): void {
    const readers = this.segments.map((_, part) => this.tokens(part));
    for (const piece of from.pieces(true)) {
      for (const number of piece) {
        if (number < SPILLED) {
          to.push(number);
          continue;
        }
        const token = readers[number - SPILLED].next().value as Uint8Array;
        to.push(list.find(token, 0, token.length, hashBytes(token, 0, token.length)));
      }
    }
  }

  close(): void {
    this.file?.close();
    this.file = undefined;
  }

  /** The tokens of a part, in the order of the text. Each is valid until the next one. */
  private *tokens(part: number): Generator<Uint8Array, void, void> {
    this.flush(part);
    let buffer = new Uint8Array(0);
    for (const { offset, length } of this.segments[part]) {
      if (buffer.length < length) buffer = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const read = this.file?.read(buffer.subarray(at, length), offset + at);
        if (!read) throw new KneserError('KNESER_IO', `${this.path}: the temporary file is cut short`);
        at += read;
      }
      const cursor = { at: 0 };
      while (cursor.at < length) {
        const size = readVarint(buffer, cursor);
        yield buffer.subarray(cursor.at, (cursor.at += size));
      }
    }
  }

  private flush(part: number): void {
    if (this.fills[part] > 0) this.write(part, this.buffers[part].subarray(0, this.fills[part]));
    this.fills[part] = 0;
  }

  private write(part: number, bytes: Uint8Array): void {
    try {
      this.file ??= this.scratch.create(this.path);
      this.file.write(bytes, this.written);
    } catch (error) {
      throw writeError(this.path, error);
    }
    this.segments[part].push({ offset: this.written, length: bytes.length });
    this.written += bytes.length;
  }
}

/** Words and their frequencies. */
class CountedWords {
  private readonly list = new WordList();
  private counts = new Float64Array(1 << 12);

  get size(): number {
    return this.list.size - FIRST_WORD + 1;
  }

  get memory(): number {
    return this.list.memory + 8 * this.counts.length;
  }

  add(bytes: Uint8Array, hash: number, count: number): void {
    const word = this.list.add(bytes, 0, bytes.length, hash);
    if (word >= this.counts.length) {
      const larger = new Float64Array(2 * word);
      larger.set(this.counts);
      this.counts = larger;
    }
    this.counts[word] += count;
  }

  clear(): void {
    this.list.clear();
    this.counts.fill(0);
  }

  forEach(use: (bytes: Uint8Array, hash: number, count: number) => void): void {
    for (let word = FIRST_WORD; word <= this.list.size; word++) this.use(word, use);
  }

  copy(atLeast: number, to: CountedWords): void {
    this.forEach((bytes, hash, count) => {
      if (count >= atLeast) to.add(bytes, hash, count);
    });
  }

  /** The most frequent words; of words of equal frequency, those whose bytes come first. */
  best(limit: number): CountedWords {
    const { list, counts } = this;
    const sorted = Uint32Array.from({ length: this.size }, (_, i) => FIRST_WORD + i);
    sorted.sort((a, b) => counts[b] - counts[a] || list.compare(a, b));
    const best = new CountedWords();
    for (const word of sorted.subarray(0, limit)) this.use(word, best.add.bind(best));
    return best;
  }

  private use(word: number, use: (bytes: Uint8Array, hash: number, count: number) => void): void {
    const bytes = this.list.bytes(word);
    use(bytes, hashBytes(bytes, 0, bytes.length), this.counts[word]);
  }
}

/** The error for more candidate words than fit into memory. */
function tooMany(memory: number): KneserError {
  return new KneserError(
    'KNESER_LIMIT',
    `memory: the words to choose the vocabulary from need more than the ${Math.round(memory / 2 ** 20)} MB that memory (--memory) leaves ` +
      'them; raise it, keep fewer words, or name them (--vocab FILE)',
  );
}
