import type { VocabularyChoice } from '../count/vocabulary.js';
import { readVocabularyList } from '../text/formats/vocabulary-list.js';

/** The values of the flags that choose the vocabulary. */
export interface VocabularyFlags {
  readonly vocab?: string;
  readonly vocabLimit?: number;
  readonly unkBelow?: number;
}

/** The library's option `vocabulary`; `undefined` without these flags. @throws KNESER_INPUT_*, KNESER_INPUT_EMPTY for a list without words. */
export async function vocabularyChoice(flags: VocabularyFlags): Promise<VocabularyChoice | undefined> {
  if (flags.vocab !== undefined) return { kind: 'words', words: await readVocabularyList(flags.vocab) };
  if (flags.vocabLimit !== undefined) return { kind: 'limit', limit: flags.vocabLimit };
  if (flags.unkBelow !== undefined) return { kind: 'frequency', atLeast: flags.unkBelow };
  return undefined;
}
