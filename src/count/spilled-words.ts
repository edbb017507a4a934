import { KneserError, writeError } from '../base/errors.js';
import { readVarint, writeVarint } from '../base/varint.js';
import { grown } from '../base/grown.js';
import { FIRST_WORD } from '../text/tokens.js';
import { hashBytes, WordList } from '../text/word-list.js';
import type { IdStream } from './id-stream.js';
import type { Scratch, ScratchFile } from './scratch.js';

/** A number n ≥ SPILLED in the token stream stands for a spilled token of part n − SPILLED. Its word index is known only after all parts are counted. */
export const SPILLED = 0x80000000;

/** Spilled tokens are divided into this many parts by their hashes; the words of one part at a time are counted in memory. */
const PARTS = 256;
/** Size of the buffer of each part [bytes]. */
const BUFFER_BYTES = 1 << 14;

/** A stretch of the file with tokens of one part: for each token its length [bytes] as a varint, then its bytes. */
interface Segment {
  /** Where the stretch begins in the file [bytes]. */
  readonly offset: number;
  /** Length of the stretch [bytes]. */
  readonly length: number;
}

/**
 * Keeps tokens whose words do not fit into memory in a temporary file, so that the most frequent words of any text can be found.
 * The chosen words are the same, whichever words are spilled.
 *
 * - Input: tokens, in the order of the text.
 * - Output: the frequent words among them, and a copy of the token stream in which each number n ≥ SPILLED is replaced by a word index.
 * - Calls: `push` for all tokens, then `choose`, then `resolve`.
 */
export class SpilledWords {
  private file: ScratchFile | undefined;
  /** Length of the file [bytes]. */
  private written = 0;
  /** By part, its stretches of the file, in the order of the text. */
  private readonly segments: Segment[][] = Array.from({ length: PARTS }, () => []);
  /** By part, tokens that are not in the file yet; the first `fills[part]` bytes are valid. */
  private readonly buffers = Array.from({ length: PARTS }, () => new Uint8Array(BUFFER_BYTES));
  private readonly fills = new Uint32Array(PARTS);

  /** @param path the path of the file, which is created when the first buffer is full. */
  constructor(
    private readonly path: string,
    private readonly scratch: Scratch,
  ) {}

  /** Takes the token `bytes[from, to)`. @param hash its `hashBytes`. @returns the number that stands for it in the token stream. */
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
   * Counts the spilled words and chooses the most frequent ones.
   *
   * @param limit the most words to choose.
   * @param atLeast the least frequency of a chosen word.
   * @param memory the most memory of the words of one part, and of the candidates of all parts [bytes each].
   * @param add called with each chosen word, its hash and its frequency.
   * @returns how many spilled tokens belong to words that were not chosen.
   * @throws KNESER_LIMIT if the words need more than `memory`.
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
      words.copyFrequent(atLeast, chosen);
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

  /** Copies the token stream `from` to `to`. A number n ≥ SPILLED becomes the index of the token's word in `list`, or 0 if `list` lacks it. */
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

  /** The tokens of a part, in the order of the text. Each array is valid until the next token is asked for. */
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

/** Distinct words and their frequencies. */
class CountedWords {
  private readonly list = new WordList();
  /** By word index, the frequency of the word. */
  private counts = new Float64Array(1 << 12);

  /** Number of words; the marks `<unk>`, `<s>` and `</s>` of the list are left out. */
  get size(): number {
    return this.list.size - FIRST_WORD + 1;
  }

  /** Memory in use [bytes]. */
  get memory(): number {
    return this.list.memory + 8 * this.counts.length;
  }

  add(bytes: Uint8Array, hash: number, count: number): void {
    const word = this.list.add(bytes, 0, bytes.length, hash);
    if (word >= this.counts.length) {
      this.counts = grown(this.counts, 2 * word);
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

  /** Adds the words seen at least `atLeast` times to `to`. */
  copyFrequent(atLeast: number, to: CountedWords): void {
    this.forEach((bytes, hash, count) => {
      if (count >= atLeast) to.add(bytes, hash, count);
    });
  }

  /** The `limit` most frequent words; among words of equal frequency, the words whose bytes sort first. */
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

/** The error for words that need more than `memory` bytes. */
function tooMany(memory: number): KneserError {
  return new KneserError(
    'KNESER_LIMIT',
    `memory: counting the rare words of the text needs more than the ${Math.round(memory / 2 ** 20)} MB that memory (--memory) leaves ` +
      'for it; raise memory, keep fewer words, or give the list of words (--vocab FILE)',
  );
}
