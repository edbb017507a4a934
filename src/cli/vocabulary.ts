import { Option, type Command } from 'commander';
import type { VocabularyChoice } from '../count/vocabulary.js';
import { readVocabularyList } from '../text/formats/vocabulary-list.js';
import { parseWhole } from './values.js';

/** The values of the flags that say which words a model knows. */
export interface VocabularyFlags {
  readonly vocab?: string;
  readonly vocabLimit?: number;
  readonly unkBelow?: number;
}

/** The flags that say which words a model knows: {@link VocabularyFlags}, of which one may be given. */
export function addVocabularyFlags(command: Command): Command {
  const [words, limit, frequency] = [
    new Option('--vocab <file>', 'count only the words of this list, all others as <unk>'),
    new Option('--vocab-limit <n>', 'keep the n most frequent words, count all others as <unk>').argParser(parseWhole),
    new Option('--unk-below <n>', 'count words seen fewer than n times as <unk>').argParser(parseWhole),
  ];
  return command
    .addOption(words.conflicts(['vocabLimit', 'unkBelow']))
    .addOption(limit.conflicts(['vocab', 'unkBelow']))
    .addOption(frequency.conflicts(['vocab', 'vocabLimit']));
}

/** The library's option for these flags. @throws KNESER_INPUT_*, KNESER_INPUT_EMPTY for a list without words. */
export async function vocabularyChoice(flags: VocabularyFlags): Promise<VocabularyChoice | undefined> {
  if (flags.vocab !== undefined) return { kind: 'words', words: await readVocabularyList(flags.vocab) };
  if (flags.vocabLimit !== undefined) return { kind: 'limit', limit: flags.vocabLimit };
  if (flags.unkBelow !== undefined) return { kind: 'frequency', atLeast: flags.unkBelow };
  return undefined;
}
