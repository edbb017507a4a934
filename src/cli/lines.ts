import type { LoadedModel } from '../model/loaded-model.js';
import type { LanguageModel } from '../model/language-model.js';
import { givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import type { Input } from '../text/formats/input.js';
import { LineReader } from '../text/formats/lines.js';
import { warnOfReplaced, warnOfSkipped } from './output.js';

/** The mean number of characters of an English word, about. */
const CHARACTERS_A_WORD = 5;

/**
 * A line that is scored by itself from blocks takes as long as a text of this many times its words: it shares no block with
 * others (measured with a model of 68 M tokens).
 */
const SHARED_WORDS = 25;

/** A line of input. */
export interface InputLine {
  readonly line: string;
  readonly input: Input;
  /** The model with which to score the line: first the paged model; the loaded model once enough lines came to make loading worth its time. */
  readonly model: LanguageModel | LoadedModel;
}

/**
 * Yields the lines of all inputs, each as soon as it is complete. After the last line, warns of documents that were left out and of
 * invalid UTF-8.
 *
 * @param wordsOf estimates the cost of a line as the number of words of a long text that could be scored from blocks in the same time.
 */
export async function* readLines(
  paged: LanguageModel,
  inputs: readonly Input[],
  documents: DocumentOptions,
  wordsOf = wordsOfLine,
): AsyncGenerator<InputLine> {
  let words = 0;
  let replaced = 0;
  let skipped = 0;
  let model: LanguageModel | LoadedModel = paged;
  const bytes = inputs.reduce((sum, input) => sum + (input.bytes ?? 0), 0);
  if (wordsOf === wordsOfLine && paged.shouldLoad((SHARED_WORDS * bytes) / CHARACTERS_A_WORD))
    model = await paged.load();
  for (const input of inputs) {
    const reader = new LineReader(input.path, givenDocumentOptions(documents));
    for await (const line of reader.lines()) {
      words += wordsOf(line);
      if (model === paged && paged.shouldLoad(words)) model = await paged.load();
      yield { line, input, model };
    }
    replaced += reader.replaced;
    skipped += reader.skipped;
  }
  warnOfSkipped(skipped);
  warnOfReplaced(replaced);
}

/** The cost of a line that is scored. */
function wordsOfLine(line: string): number {
  return SHARED_WORDS * (1 + line.length / CHARACTERS_A_WORD);
}
