import type { WordList } from '../../text/word-list.js';
import { BYTES_A_WORD, overBudget, WORDS_SHARE } from '../plan/budget.js';
import type { Workspace } from './workspace.js';

/**
 * Refuses more words than fit into their share of the memory.
 *
 * @param source a noun with its article, for the message: `the models`.
 * @param instead advice besides more memory.
 * @throws KNESER_LIMIT
 */
export function checkWordMemory(
  { memory, threads }: Pick<Workspace, 'memory' | 'threads'>,
  words: WordList,
  source: string,
  instead: string,
): void {
  const bytes = words.memory + words.size * (BYTES_A_WORD + 4 * threads);
  if (bytes <= memory * WORDS_SHARE) return;
  const subject = `the ${words.size} different words of ${source}`;
  throw overBudget({ option: 'memory', subject, bytes, share: WORDS_SHARE, memory, instead });
}
