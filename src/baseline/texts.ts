import { checkAborted, KneserError } from '../base/errors.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { documentsOf, expandInputs } from '../text/formats/input.js';
import { LineReader } from '../text/formats/lines.js';
import type { Tokenization } from '../text/tokenization.js';

/** The part of a text that the bootstrap resamples as a whole: a document, or a sentence in files without documents. */
export type Unit = 'sentence' | 'document';

/** A sentence of a text on which models are measured. */
export interface TestSentence {
  readonly text: string;
  /** Number of the sentence in its file, from 1. */
  readonly number: number;
  /** Number of the unit to which the sentence belongs, from 1. The sentences of a unit follow each other. */
  readonly unit: number;
}

/** A text on which models are measured. Each model reads it once. */
export interface TestText {
  /** The name of the text in reports. */
  readonly file: string;
  readonly unit: Unit;
  readonly sentenceCount: number;
  /** Length of the text in code points, line ends included. */
  readonly characters: number;
  /** Length of the text in bytes of UTF-8, line ends included. */
  readonly bytes: number;
  /** Number of invalid UTF-8 sequences, which are read as U+FFFD. */
  readonly replaced: number;
  /** Number of documents without text, which are left out with `missing: 'skip'`. */
  readonly skipped: number;
  /** Reads the sentences from the file. */
  readonly sentences: () => AsyncGenerator<TestSentence>;
}

/**
 * Opens texts: reads each once, to measure its length.
 *
 * @param named gives the name of a path in reports.
 * @param onWarning called with one sentence for each folder some of whose entries are left out.
 * @throws KNESER_INPUT_*; KNESER_INPUT_EMPTY for a text without a token.
 */
export async function openTexts(
  paths: readonly string[],
  named: (path: string) => string,
  tokenization: Tokenization,
  { signal, ...options }: DocumentOptions & { readonly signal?: AbortSignal },
  onWarning?: (warning: string) => void,
): Promise<TestText[]> {
  const texts: TestText[] = [];
  const { format, anyBytes } = options;
  const inputs = await expandInputs(
    paths,
    { ...(format ? { format } : {}), ...(anyBytes ? { anyBytes } : {}) },
    onWarning,
  );
  const documents = await documentsOf(inputs, options);
  for (const { path } of inputs) {
    const reader = new LineReader(path, documents);
    let sentenceCount = 0;
    let characters = 0;
    let bytes = 0;
    let isBlank = true;
    for await (const line of reader.lines()) {
      checkAborted(signal, 'the baseline');
      characters += codePoints(line) + 1;
      bytes += Buffer.byteLength(line) + 1;
      const sentences = tokenization.sentences(line);
      sentenceCount += sentences.length;
      isBlank &&= sentences.every(sentence => tokenization.tokens(sentence).length === 0);
    }
    if (isBlank) throw new KneserError('KNESER_INPUT_EMPTY', `${path}: the text holds no token`);
    const { replaced, unended, skipped, document } = reader;
    texts.push({
      file: named(path),
      unit: document > 0 ? 'document' : 'sentence',
      sentenceCount,
      characters: characters - (unended ? 1 : 0),
      bytes: bytes - (unended ? 1 : 0),
      replaced,
      skipped,
      sentences: () => readSentences(path, tokenization, documents),
    });
  }
  return texts;
}

async function* readSentences(
  path: string,
  tokenization: Tokenization,
  documents: DocumentOptions,
): AsyncGenerator<TestSentence> {
  let number = 0;
  const reader = new LineReader(path, documents);
  for await (const line of reader.lines()) {
    for (const text of tokenization.sentences(line)) {
      number++;
      // The lines of plain text belong to no document.
      yield { text, number, unit: reader.document || number };
    }
  }
}

/** The number of code points of a text. */
export function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) !== 0xdc00) count++;
  return count;
}
