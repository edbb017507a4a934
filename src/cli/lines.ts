import type { LoadedModel } from '../model/loaded-model.js';
import type { LanguageModel } from '../model/language-model.js';
import { givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import type { Input } from '../text/formats/input.js';
import { LineReader } from '../text/formats/lines.js';
import { warnOfReplaced, warnOfSkipped } from './output.js';

/** The mean number of characters of an English word, about. */
const CHARACTERS_A_WORD = 5;

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
 * @param wordsOf estimates the cost of a line as the number of words that could be scored in the same time.
 */
export async function* readLines(
  paged: LanguageModel,
  inputs: readonly Input[],
  documents: DocumentOptions,
  wordsOf: (line: string) => number = line => 1 + line.length / CHARACTERS_A_WORD,
): AsyncGenerator<InputLine> {
  let words = 0;
  let replaced = 0;
  let skipped = 0;
  let model: LanguageModel | LoadedModel = paged;
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
