import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { KneserError } from '../../base/errors.js';
import type { TableCursor } from '../../tables/cursor.js';
import type { ModelParts } from '../../model/scoring/parts.js';
import { wordIds } from '../../tables/manifest.js';
import { decode } from '../../text/surface.js';
import { NEWLINE, NONE } from '../../text/tokens.js';
import type { WordList } from '../../text/word-list.js';
import { Backoffs } from './backoffs.js';
import { NUMBER_BYTES, UPPERCASE_UNK, writeAscii, writeNumber } from './format.js';
import type { BackoffSource } from './source.js';

const CHUNK_BYTES = 1 << 18;
const TAB = 0x09;
const SPACE = 0x20;

/**
 * Writes a model in back-off form as the bytes of an ARPA file: from order 1 up, the n-grams of an order as its table has them.
 * Memory: the words, and the back-offs of one order.
 */
export class ArpaWriter {
  /** Bytes that were not sent to the stream yet: the first `fill` bytes. */
  private chunk = new Uint8Array(0);
  private fill = 0;
  /** Resolves when the stream has room; `undefined` if it has room, as far as is known. */
  private draining: Promise<void> | undefined;
  /** UTF-8 of all words, in the order of their ids: a word is the bytes from `starts[id]` to `starts[id + 1]` − 1. */
  private readonly text: Uint8Array;
  private readonly starts: Uint32Array;
  /** The n-grams that the file leaves out, as keys of {@link keyOf}. */
  private readonly omitted = new Set<string>();
  /** No line is longer [bytes]. */
  private readonly longestLine: number;

  constructor(
    private readonly source: BackoffSource,
    private readonly parts: ModelParts,
    words: WordList,
    private readonly out: Writable,
  ) {
    const ids = wordIds(parts.manifest);
    this.starts = new Uint32Array(ids + 1);
    let longest = 0;
    for (let id = 1; id < ids; id++) {
      const bytes = words.bytes(id);
      checkWord(parts.store.name, bytes);
      this.starts[id + 1] = this.starts[id] + bytes.length;
      longest = Math.max(longest, bytes.length);
    }
    this.text = new Uint8Array(this.starts[ids]);
    for (let id = 1; id < ids; id++) this.text.set(words.bytes(id), this.starts[id]);
    this.longestLine = 2 * NUMBER_BYTES + parts.manifest.order * (longest + 1) + 3;
  }

  /** Writes the file. @returns the number of n-grams of each order. */
  async write(): Promise<number[]> {
    const { source, parts } = this;
    const unigrams = await source.unigrams();
    const counts = parts.words.map(({ manifest }) => manifest.rows);
    if (parts.manifest.kind === 'backoff') await this.findOmitted(counts);
    counts[0] = unigrams.reduce((sum, log10Prob) => sum + (Number.isNaN(log10Prob) ? 0 : 1), 0);
    await this.line('\\data\\');
    for (const [level, count] of counts.entries()) await this.line(`ngram ${level + 1}=${count}`);
    for (let level = 0; level < counts.length; level++) {
      await this.line('');
      await this.line(`\\${level + 1}-grams:`);
      const backoffs = level + 1 < counts.length ? await Backoffs.read(source, parts, level + 1) : undefined;
      if (level === 0) await this.writeUnigrams(unigrams, backoffs);
      else await source.visit(level, (cursor, log10Probs) => this.writeContext(cursor, log10Probs, backoffs));
    }
    await this.line('');
    await this.line('\\end\\');
    await this.send();
    return counts;
  }

  /**
   * Finds the n-grams of a back-off model that the file leaves out: n-grams with a probability above 1, which an ARPA file must
   * not have, and n-grams whose context is left out. The import had added all of these n-grams as suffixes of longer ones, and
   * adds them again when it reads the file. Subtracts them from `counts`, the number of n-grams of each order.
   */
  private async findOmitted(counts: number[]): Promise<void> {
    const { omitted } = this;
    for (let level = 1; level + 1 < counts.length; level++) {
      await this.source.visit(level, ({ context, words, from, to }, log10Probs) => {
        const isContextOmitted = omitted.size > 0 && omitted.has(keyOf(context.subarray(1), context[0]));
        for (let i = from; i < to; i++) {
          if (words[i] === NONE || (log10Probs[i] <= 0 && !isContextOmitted)) continue;
          omitted.add(keyOf(context, words[i]));
          counts[level]--;
        }
        return undefined;
      });
    }
  }

  private async writeUnigrams(log10Probs: Float64Array, backoffs: Backoffs | undefined): Promise<void> {
    for (let id = 0; id < log10Probs.length; id++) {
      if (Number.isNaN(log10Probs[id])) continue;
      const waiting = this.writeNgram(log10Probs[id], NO_CONTEXT, id, backoffs?.ofWord(id));
      if (waiting) await waiting;
    }
  }

  private writeContext(
    cursor: TableCursor,
    log10Probs: Float64Array,
    backoffs: Backoffs | undefined,
  ): Promise<void> | undefined {
    const { words, from, to, context } = cursor;
    backoffs?.lookUp(cursor);
    let waiting: Promise<void> | undefined;
    for (let i = from; i < to; i++) {
      if (this.omitted.size > 0 && this.omitted.has(keyOf(context, words[i]))) continue;
      if (words[i] !== NONE)
        waiting = this.writeNgram(log10Probs[i], context, words[i], backoffs?.ofFollower(i)) ?? waiting;
    }
    return waiting;
  }

  /** Writes one n-gram. @returns a promise to wait for if the output stream is full. */
  private writeNgram(
    log10Prob: number,
    context: Uint32Array,
    word: number,
    backoff: number | undefined,
  ): Promise<void> | undefined {
    const waiting = this.makeRoom();
    const { chunk } = this;
    let at = writeNumber(chunk, this.fill, log10Prob);
    chunk[at++] = TAB;
    for (let j = context.length - 1; j >= 0; j--) {
      at = this.writeWord(at, context[j]);
      chunk[at++] = SPACE;
    }
    at = this.writeWord(at, word);
    if (backoff !== undefined) {
      chunk[at++] = TAB;
      at = writeNumber(chunk, at, backoff);
    }
    chunk[at++] = NEWLINE;
    this.fill = at;
    return waiting;
  }

  private writeWord(at: number, id: number): number {
    const { chunk, text, starts } = this;
    for (let i = starts[id]; i < starts[id + 1]; i++) chunk[at++] = text[i];
    return at;
  }

  private async line(line: string): Promise<void> {
    await this.makeRoom();
    this.fill = writeAscii(this.chunk, this.fill, line + '\n');
  }

  /** Makes room for one line in `chunk`, and sends `chunk` first if it has none. @returns a promise if the stream is full. */
  private makeRoom(): Promise<void> | undefined {
    if (this.fill + this.longestLine <= this.chunk.length) return undefined;
    const waiting = this.send();
    this.chunk = new Uint8Array(Math.max(CHUNK_BYTES, this.longestLine));
    return waiting;
  }

  /** Sends the bytes of `chunk` to the stream. @returns a promise if the stream is full. */
  private send(): Promise<void> | undefined {
    const { chunk, fill, out } = this;
    this.fill = 0;
    if (fill === 0 || out.write(chunk.subarray(0, fill))) return undefined;
    // The followers of one context may fill several chunks before the stream has room again.
    this.draining ??= once(out, 'drain').then(() => void (this.draining = undefined));
    return this.draining;
  }
}

/** The key of an n-gram: its word ids, oldest word first. @param context the context, nearest word first. */
function keyOf(context: Uint32Array, word: number): string {
  return [...context].reverse().concat(word).join(' ');
}

const NO_CONTEXT = new Uint32Array(0);

/** @throws KNESER_OPTION for a word that readers of ARPA files would split in two or take for `<unk>`. */
function checkWord(model: string, bytes: Uint8Array): void {
  const word = JSON.stringify(decode(bytes.subarray(0, 60)));
  if (bytes.length === 0 || bytes.some(byte => ENDS_FIELD.includes(byte))) {
    throw new KneserError(
      'KNESER_OPTION',
      `${model}: the word ${word} has white space in it, which an ARPA file cannot have`,
    );
  }
  if (bytes.length === UPPERCASE_UNK.length && decode(bytes) === UPPERCASE_UNK) {
    throw new KneserError(
      'KNESER_OPTION',
      `${model}: the word ${word} of its text would be read as <unk> from an ARPA file (KenLM does so, too). ` +
        'Train the model without it: replace it in the text, or train with --lowercase',
    );
  }
}

/** NUL, tab, line feed, VT, FF, CR and space. */
const ENDS_FIELD = [0x00, TAB, NEWLINE, 0x0b, 0x0c, 0x0d, SPACE];
