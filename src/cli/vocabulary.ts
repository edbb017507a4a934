import { KneserError } from '../base/errors.js';
import type { VocabularyChoice } from '../count/vocabulary.js';
import { readBytes } from '../text/formats/bytes.js';
import { decode } from '../text/surface.js';
import { Tokenizer } from '../text/tokenizer.js';

/** The values of the flags that say which words a model knows. */
export interface VocabularyFlags {
  readonly vocab?: string;
  readonly vocabLimit?: number;
  readonly unkBelow?: number;
}

/** The library's option for these flags. @throws KNESER_INPUT_*, KNESER_INPUT_EMPTY for a file without words. */
export async function vocabularyChoice(flags: VocabularyFlags): Promise<VocabularyChoice | undefined> {
  if (flags.vocab !== undefined) return { kind: 'words', words: await readWords(flags.vocab) };
  if (flags.vocabLimit !== undefined) return { kind: 'limit', limit: flags.vocabLimit };
  if (flags.unkBelow !== undefined) return { kind: 'frequency', atLeast: flags.unkBelow };
  return undefined;
}

/** The words of a vocabulary file, separated by white space. */
async function readWords(path: string): Promise<string[]> {
  const words: string[] = [];
  const tokenizer = new Tokenizer({
    token: (text, from, to) => words.push(decode(text.subarray(from, to))),
    line: () => undefined,
  });
  for await (const chunk of readBytes(path)) tokenizer.feed(chunk);
  tokenizer.end();
  if (words.length === 0) throw new KneserError('KNESER_INPUT_EMPTY', `${path}: the vocabulary file holds no words`);
  return words;
}
