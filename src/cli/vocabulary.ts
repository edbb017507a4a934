import type { VocabularyChoice } from '../count/vocabulary.js';
import { readVocabularyList } from '../text/formats/vocabulary-list.js';
import type { BuildFlags } from './build-flags.js';

/** The library's option `vocabulary`; `undefined` without these flags. @throws KNESER_INPUT_*, KNESER_INPUT_EMPTY for a list without words. */
export async function vocabularyChoice(flags: BuildFlags): Promise<VocabularyChoice | undefined> {
  if (flags.vocab !== undefined) return { kind: 'words', words: await readVocabularyList(flags.vocab) };
  if (flags.vocabLimit !== undefined) return { kind: 'limit', limit: flags.vocabLimit };
  if (flags.unkBelow !== undefined) return { kind: 'frequency', atLeast: flags.unkBelow };
  return undefined;
}
