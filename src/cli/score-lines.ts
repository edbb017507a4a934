import { PendingBytes } from '../base/pending-bytes.js';
import type { LoadedWords } from '../model/lookup/words.js';
import { orNull, perplexityOf } from '../model/scoring/perplexity.js';
import type { ScoredSentences } from '../model/scoring/text-scoring.js';
import { FIGURE_BYTES, writeFigure, writeWhole } from '../report/figure-bytes.js';
import { figure } from '../report/figures.js';
import { OOV } from '../smoothing/batch.js';
import { decode } from '../text/surface.js';
import { EOS } from '../text/tokens.js';
import { printBytes } from './output.js';

/** About how many bytes are given to the output at once. */
const OUTPUT_BYTES = 1 << 18;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const STAR = 0x2a;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

const encoder = new TextEncoder();

/**
 * Prints scored sentences, a line each: the lines of `formatScore`, or with `json` the objects of `Score`.
 *
 * @param end whether `</s>` is scored after each sentence.
 */
export async function printScores(
  groups: AsyncIterable<ScoredSentences>,
  allWords: () => Promise<LoadedWords>,
  { json, end }: { readonly json: boolean; readonly end: boolean },
): Promise<void> {
  let lines: ScoreLines | undefined;
  for await (const group of groups) {
    const { ids } = group;
    lines ??= new ScoreLines(await allWords(), end);
    lines.begin(group);
    for (let from = 0, to = 0; from < ids.length; from = to) {
      to = ids.indexOf(EOS, from) + 1;
      if (json) lines.addObject(from, to);
      else lines.addLine(from, to);
      if (lines.length >= OUTPUT_BYTES || to === ids.length) await printBytes(lines.take());
    }
  }
}

/**
 * Makes the lines as bytes. Words come from the vocabulary, and numbers are written digit by digit, because a string for each would take
 * longer than scoring.
 */
class ScoreLines {
  private readonly out = new PendingBytes(2 * OUTPUT_BYTES);
  private group: ScoredSentences | undefined;
  /** The index of the sentence's first score. */
  private first = 0;
  /** The index of the next token outside the vocabulary. */
  private unknown = 0;

  constructor(
    private readonly words: LoadedWords,
    private readonly end: boolean,
  ) {}

  /** Begins a group. */
  begin(group: ScoredSentences): void {
    this.group = group;
    this.first = this.unknown = 0;
  }

  /** The length of the lines so far, in bytes. */
  get length(): number {
    return this.out.length;
  }

  /** Returns the lines so far, in memory of their own, and removes them. */
  take(): Uint8Array {
    const bytes = this.out.view().slice();
    this.out.clear();
    return bytes;
  }

  /** Adds the line of the sentence `ids[from, to)`, whose last id is `EOS`. */
  addLine(from: number, to: number): void {
    const { ids, scores } = this.groupInUse();
    const { first } = this;
    const length = to - from - (this.end ? 0 : 1);
    const log10Prob = this.sumOf(length);
    this.addFigure(log10Prob, 4);
    this.addByte(TAB);
    const perplexity = orNull(perplexityOf(log10Prob, length));
    if (perplexity === null) this.addText(figure(null, 2));
    else this.addFigure(perplexity, 2);
    // A sentence without tokens has an empty field.
    if (length === 0) this.addByte(TAB);
    for (let i = 0; i < length; i++) {
      this.addByte(TAB);
      this.addWord(ids[from + i]);
      if (scores.oov[first + i] === 1) this.addByte(STAR);
      this.addByte(SPACE);
      this.addFigure(scores.log10Probs[first + i], 4);
      this.addByte(SPACE);
      this.addWhole(scores.matched[first + i]);
    }
    this.addByte(LINE_FEED);
    this.first += length;
  }

  /** Adds the object of the sentence `ids[from, to)`, whose last id is `EOS`. */
  addObject(from: number, to: number): void {
    const { ids, scores } = this.groupInUse();
    const { first } = this;
    const length = to - from - (this.end ? 0 : 1);
    this.addList('{"tokens":[', length, i => this.addJsonWord(ids[from + i]));
    this.addList('],"log10Probs":[', length, i => this.addNumber(scores.log10Probs[first + i]));
    this.addList('],"matched":[', length, i => this.addWhole(scores.matched[first + i]));
    this.addList('],"oov":[', length, i => this.addText(scores.oov[first + i] === 1 ? 'true' : 'false'));
    const log10Prob = this.sumOf(length);
    this.addText('],"log10Prob":');
    this.addNumber(log10Prob);
    this.addText(',"perplexity":');
    this.addNumber(perplexityOf(log10Prob, length));
    this.addText('}\n');
    this.first += length;
  }

  private groupInUse(): ScoredSentences {
    if (!this.group) throw new Error('a line is asked for before a group');
    return this.group;
  }

  /** Σ log10 p of the sentence. */
  private sumOf(length: number): number {
    const { log10Probs } = this.groupInUse().scores;
    let sum = 0;
    for (let i = this.first; i < this.first + length; i++) sum += log10Probs[i];
    return sum;
  }

  private addList(beginning: string, length: number, add: (i: number) => void): void {
    this.addText(beginning);
    for (let i = 0; i < length; i++) {
      if (i > 0) this.addByte(COMMA);
      add(i);
    }
  }

  /** Adds the token with this id, or the next token outside the vocabulary. */
  private addWord(id: number): void {
    const { out } = this;
    const { list } = this.words;
    if (id < OOV) {
      out.reserve(list.length(id));
      out.length = list.write(id, out.bytes, out.length);
      return;
    }
    const { unknown, unknownEnds } = this.groupInUse();
    const start = this.unknown === 0 ? 0 : unknownEnds[this.unknown - 1];
    out.add(unknown.subarray(start, unknownEnds[this.unknown++]));
  }

  private addJsonWord(id: number): void {
    const { out } = this;
    this.addByte(QUOTE);
    const start = out.length;
    this.addWord(id);
    for (let i = start; i < out.length; i++) {
      const byte = out.bytes[i];
      if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) continue;
      const word = decode(out.bytes.subarray(start, out.length));
      out.length = start;
      this.addText(JSON.stringify(word).slice(1, -1));
      break;
    }
    this.addByte(QUOTE);
  }

  /** Adds a number as `figure` formats it. */
  private addFigure(value: number, decimals: 2 | 4): void {
    const { out } = this;
    out.reserve(FIGURE_BYTES);
    out.length = writeFigure(value, decimals, out.bytes, out.length);
  }

  /** Adds a whole number below 10^9. */
  private addWhole(value: number): void {
    const { out } = this;
    out.reserve(FIGURE_BYTES);
    out.length = writeWhole(value, out.bytes, out.length);
  }

  /** Adds a number as JSON writes it. */
  private addNumber(value: number): void {
    this.addText(Number.isFinite(value) ? String(value) : 'null');
  }

  private addText(text: string): void {
    const { out } = this;
    // A UTF-16 unit takes at most three bytes of UTF-8.
    out.reserve(3 * text.length);
    out.length += encoder.encodeInto(text, out.bytes.subarray(out.length)).written;
  }

  private addByte(byte: number): void {
    const { out } = this;
    out.reserve(1);
    out.bytes[out.length++] = byte;
  }
}
