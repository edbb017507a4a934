import type { LoadedModel } from '../model/loaded-model.js';
import type { LanguageModel } from '../model/language-model.js';
import { givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import type { Input } from '../text/formats/input.js';
import type { IdSentences } from '../model/scoring/text-scoring.js';
import { LineReader } from '../text/formats/lines.js';
import { given } from './given.js';
import { warnOfReplaced, warnOfSkipped } from './output.js';

/** The mean number of characters of an English word, about. */
const CHARACTERS_A_WORD = 5;

/**
 * A line that is scored by itself from blocks takes as long as a text of this many times its words: it shares no block with
 * others (measured with a model of 68 M tokens).
 */
const SHARED_WORDS = 25;

/** The time that handling a line takes, as the number of words of a long text that are scored from blocks in the same time. */
export interface LineCost {
  ofLine(line: string): number;
  /** The cost of lines of so many bytes together, if it follows from their number. */
  ofBytes?(bytes: number): number;
}

/** The cost of scoring lines one by one. */
export const SCORED_ALONE: LineCost = {
  ofLine: line => SHARED_WORDS * (1 + line.length / CHARACTERS_A_WORD),
  ofBytes: bytes => (SHARED_WORDS * bytes) / CHARACTERS_A_WORD,
};

/** A line of input. */
export interface InputLine {
  readonly line: string;
  /** The number of the line in the text of its input, from 1. */
  readonly number: number;
  readonly input: Input;
}

/** A line of input, and the model with which to handle it. */
export interface ModelLine extends InputLine {
  /** First the paged model; the loaded model once enough lines came to make loading worth its time. */
  readonly model: LanguageModel | LoadedModel;
}

/** Reads all inputs: line by line, or the first lines one by one and the rest as sentences of ids. */
export class TextReader {
  /** The readers of the inputs that were opened; the last one is in use. */
  private readonly readers: LineReader[] = [];

  constructor(
    private readonly inputs: readonly Input[],
    private readonly documents: DocumentOptions,
  ) {}

  /**
   * Yields the lines of all inputs, each as soon as it is complete. After the last line, warns of documents that were left out and of
   * invalid UTF-8.
   */
  async *lines(): AsyncGenerator<InputLine> {
    while (this.readers.length < this.inputs.length) {
      const input = this.inputs[this.readers.length];
      let number = 0;
      for await (const line of this.open().lines()) yield { line, number: ++number, input };
    }
    this.warn(0);
  }

  /** Yields the sentences behind the line that {@link lines} yielded last; no more lines may be asked for. Warns as {@link lines}. */
  async *rest(model: LanguageModel): AsyncGenerator<IdSentences> {
    const { readSentences } = await import('../model/scoring/text-scoring.js');
    const { tokenization, manifest } = model.parts;
    const words = await model.allWords();
    for (let reader = this.readers.at(-1) ?? this.open(); ; reader = this.open()) {
      const { path } = this.inputs[this.readers.length - 1];
      yield* readSentences(reader.rest(), path, words, tokenization, manifest.options);
      if (this.readers.length === this.inputs.length) break;
    }
    this.warn(words.replaced);
    words.replaced = 0;
  }

  private open(): LineReader {
    const { path } = this.inputs[this.readers.length];
    const reader = new LineReader(path, givenDocumentOptions(this.documents));
    this.readers.push(reader);
    return reader;
  }

  /** @param replaced invalid UTF-8 sequences that the readers did not count. */
  private warn(replaced: number): void {
    const { readers } = this;
    warnOfSkipped(readers.reduce((sum, { skipped }) => sum + skipped, 0));
    warnOfReplaced(readers.reduce((sum, reader) => sum + reader.replaced, replaced));
  }
}

/** The lines of all inputs, as {@link TextReader.lines} yields them. */
export function readLines(inputs: readonly Input[], documents: DocumentOptions): AsyncGenerator<InputLine> {
  return new TextReader(inputs, documents).lines();
}

/**
 * The lines of files that hold no documents, such as lists of fillers: their errors advise no option of documents. After the last line, warns
 * of invalid UTF-8.
 */
export async function* readListLines(inputs: readonly Input[], format?: 'text'): AsyncGenerator<string> {
  let replaced = 0;
  for (const { path } of inputs) {
    const reader = new LineReader(path, { ...given({ format }), advise: false });
    yield* reader.lines();
    replaced += reader.replaced;
  }
  warnOfReplaced(replaced);
}

/** The lines of all inputs, for lines that are handled one by one. */
export async function* readModelLines(
  paged: LanguageModel,
  inputs: readonly Input[],
  documents: DocumentOptions,
  cost: LineCost,
): AsyncGenerator<ModelLine> {
  let words = cost.ofBytes?.(bytesOf(inputs)) ?? 0;
  let model: LanguageModel | LoadedModel = paged;
  if (paged.shouldLoad(words)) model = await paged.load();
  words = 0;
  for await (const next of readLines(inputs, documents)) {
    words += cost.ofLine(next.line);
    if (model === paged && paged.shouldLoad(words)) model = await paged.load();
    yield { ...next, model };
  }
}

/** About how many words all inputs whose size is known have. */
export function wordsIn(inputs: readonly Input[]): number {
  return bytesOf(inputs) / (CHARACTERS_A_WORD + 1);
}

/** The size of all inputs whose size is known [bytes]. */
function bytesOf(inputs: readonly Input[]): number {
  return inputs.reduce((sum, input) => sum + (input.bytes ?? 0), 0);
}
