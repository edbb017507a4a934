import {
  checkList,
  checkObject,
  checkOneOf,
  members,
  oneOf,
  required,
  wholeNumber,
  type Check,
} from '../../base/check.js';
import type { VocabularyChoice } from '../../count/vocabulary.js';

const ANY_KIND = required(oneOf(['all', 'words', 'limit', 'frequency']));

/** The checks of the members of a vocabulary choice, by its kind. */
const VOCABULARY_KINDS: Readonly<Record<VocabularyChoice['kind'], Readonly<Record<string, Check>>>> = {
  all: { kind: ANY_KIND },
  words: { kind: ANY_KIND, words: required(checkList) },
  limit: { kind: ANY_KIND, limit: required(wholeNumber(1, Number.MAX_SAFE_INTEGER)) },
  frequency: { kind: ANY_KIND, atLeast: required(wholeNumber(1, Number.MAX_SAFE_INTEGER)) },
};

/** Checks the choice of a vocabulary. @throws KNESER_OPTION */
export function checkVocabulary(choice: VocabularyChoice): void {
  const kind = checkObject('vocabulary', choice) as { readonly kind?: unknown };
  checkOneOf('vocabulary.kind', kind.kind, Object.keys(VOCABULARY_KINDS));
  members(VOCABULARY_KINDS[choice.kind])('vocabulary', choice);
}

/** Describes the choice of a vocabulary in a resume record. @param digest makes a digest of the words. */
export function describeVocabulary(choice: VocabularyChoice, digest: (words: Iterable<string>) => string): string {
  switch (choice.kind) {
    case 'all':
      return 'all';
    case 'limit':
      return `limit ${choice.limit}`;
    case 'frequency':
      return `frequency ${choice.atLeast}`;
    case 'words':
      return `words ${digest(choice.words)}`;
  }
}
