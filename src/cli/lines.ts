import type { LoadedModel } from '../model/loaded-model.js';
import type { LanguageModel } from '../model/language-model.js';
import { givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import type { Input } from '../text/formats/input.js';
import { LineReader } from '../text/formats/lines.js';
import { warnOfReplaced, warnOfSkipped } from './output.js';

/** English text has about this many characters a word. */
const CHARACTERS_A_WORD = 5;

/** A line of input. */
export interface InputLine {
  readonly line: string;
  readonly input: Input;
  /** The model with which to score the line: the paged model, or the loaded one once there were enough lines to repay loading. */
  readonly model: LanguageModel | LoadedModel;
}

/**
 * The lines of all inputs, each as soon as it is complete. Warns of documents left out and of invalid UTF-8 when the last
 * line has been read.
 *
 * @param wordsOf estimates the cost of a line, as a number of scored words.
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
