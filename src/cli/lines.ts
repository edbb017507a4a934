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
  /** The model; with its tables in memory once the lines so far are so many that loading them pays. */
  readonly model: LanguageModel | LoadedModel;
}

/**
 * The lines of all inputs, each as soon as it is complete. Warns of documents left out and of invalid UTF-8 when the last
 * line has been read.
 *
 * @param wordsOf what a line costs, in words that are scored.
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
