import { KneserError } from '../errors.js';
import { expandInputs, STDIN } from '../text/input.js';
import { LineReader } from '../text/lines.js';

const TOKEN = /[^\0\t\n\v\f\r ]/;

/** What is taken or left as a whole when a text is resampled. */
export type Unit = 'sentence' | 'document';

/** A sentence of a text that models are measured on. */
export interface TestSentence {
  readonly text: string;
  /** Which of the file's sentences it is, from 1. */
  readonly number: number;
  /** Which unit it belongs to; those of one unit follow each other. */
  readonly unit: number;
}

/** A text that models are measured on: read once for each of them. */
export interface TestText {
  /** What it is called in reports. */
  readonly file: string;
  readonly unit: Unit;
  /** Bytes on disk. */
  readonly diskBytes: number;
  readonly sentenceCount: number;
  /** Its length as text: code points and bytes of UTF-8, a line end a line included. */
  readonly characters: number;
  readonly bytes: number;
  /** Invalid UTF-8 sequences that are read as U+FFFD. */
  readonly replaced: number;
  readonly sentences: () => AsyncGenerator<TestSentence>;
}

/**
 * Finds texts, and measures how long they are.
 *
 * @param named what a path is called in reports.
 * @throws KNESER_INPUT_*; KNESER_INPUT_EMPTY for one without a token.
 */
export async function openTexts(paths: readonly string[], named: (path: string) => string): Promise<TestText[]> {
  const texts: TestText[] = [];
  for (const { path, bytes: diskBytes } of await expandInputs(paths)) {
    const reader = new LineReader(path);
    let sentenceCount = 0;
    let characters = 0;
    let bytes = 0;
    let blank = true;
    for await (const line of reader.lines()) {
      sentenceCount++;
      characters += codePoints(line) + 1;
      bytes += Buffer.byteLength(line) + 1;
      blank &&= !TOKEN.test(line);
    }
    if (blank) throw new KneserError('KNESER_INPUT_EMPTY', `${path}: the text holds no token`);
    const { replaced } = reader;
    const sentences = (): AsyncGenerator<TestSentence> => readSentences(path);
    texts.push({
      file: named(path),
      unit: 'sentence',
      diskBytes: diskBytes ?? bytes,
      sentenceCount,
      characters,
      bytes,
      replaced,
      sentences,
    });
  }
  return texts;
}

/** Refuses standard input: texts are read once for each model. */
export function refuseStdin(paths: readonly string[]): void {
  if (!paths.includes(STDIN)) return;
  throw new KneserError(
    'KNESER_OPTION',
    '-: every text is read more than once, so none can be standard input; name files',
  );
}

async function* readSentences(path: string): AsyncGenerator<TestSentence> {
  let number = 0;
  for await (const text of new LineReader(path).lines()) {
    number++;
    yield { text, number, unit: number };
  }
}

/** Code points of a text. */
export function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) !== 0xdc00) count++;
  return count;
}
