import type { KneserError } from '../../base/errors.js';
import { BOS, EOS } from '../../text/tokens.js';
import { CLASSES_SHARE, overBudget, WORDS_A_CLASS } from '../plan/budget.js';
import type { NumberedText } from './choose-vocabulary.js';
import type { BuildContext } from './context.js';

/** The class of every id that an interrupted build stored; `undefined` if there is none for this vocabulary. */
export async function restore({ place }: BuildContext, { vocabulary }: NumberedText): Promise<Uint32Array | undefined> {
  return place.checkpoints?.classes(vocabulary.numbers.length);
}

/**
 * Groups the words into classes by the exchange algorithm, on the bigrams of the text.
 *
 * - Input: the text, and the number of classes that {@link classCount} allows.
 * - Output: the class of every id (length: ids in use). Its writer is `write-model.ts`.
 * - Order: after the words' tables are counted, before those of classes.
 *
 * @throws KNESER_LIMIT if the distinct bigrams take more than a quarter of the memory; KNESER_ABORTED
 */
export async function run(context: BuildContext, text: NumberedText, classes: number): Promise<Uint32Array> {
  const { BigramCounter } = await import('../../count/bigrams.js');
  const { clusterWords } = await import('../../count/exchange.js');
  const { vocabulary, streams } = text;
  const { memory } = context.place;
  const counter = new BigramCounter();
  let left = BOS;
  for (const piece of streams.ids.pieces()) {
    for (const word of piece) {
      const right = vocabulary.ids[word];
      counter.add(left, right);
      left = right === EOS ? BOS : right;
    }
    await context.pause();
    if (counter.memory > memory * CLASSES_SHARE) {
      throw tooLarge('the distinct bigrams of the text', counter.memory, memory, 'leave classes out (--classes 0)');
    }
  }
  const types = vocabulary.numbers.length;
  return clusterWords(counter.finish(types), types, classes, context.pause);
}

/** How many classes the words of a text are grouped into: fewer than asked for if there are few words; 0 if a single one. */
export function classCount({ options }: BuildContext, { vocabulary }: NumberedText): number {
  const count = Math.min(options.classes ?? 0, Math.floor(vocabulary.numbers.length / WORDS_A_CLASS));
  return count > 1 ? count : 0;
}

/** Refuses more classes than can be found in memory, before the text is read. @throws KNESER_LIMIT */
export async function checkMemory({ options, place }: BuildContext): Promise<void> {
  const { classes = 0 } = options;
  if (classes === 0) return;
  const { clusteringBytes } = await import('../../count/exchange.js');
  const bytes = clusteringBytes(classes);
  if (bytes > place.memory * CLASSES_SHARE) throw tooLarge(`${classes} classes`, bytes, place.memory, 'ask for fewer');
}

/** The error for a clustering that needs too much memory. @param subject the noun that needs `bytes`. @param instead advice besides more memory. */
function tooLarge(subject: string, bytes: number, memory: number, instead: string): KneserError {
  return overBudget({ option: 'classes', subject, bytes, share: CLASSES_SHARE, memory, instead });
}
