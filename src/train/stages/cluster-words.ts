import type { KneserError } from '../../base/errors.js';
import type { BigramCounter, Bigrams } from '../../count/bigrams.js';
import type { ClassStream } from '../../tables/pattern.js';
import type { Chunk, Weights } from '../../count/ngram-source.js';
import { BOS, NONE } from '../../text/tokens.js';
import { CLASSES_SHARE, overBudget, WORDS_A_CLASS } from '../plan/budget.js';
import { clusteringSizes } from '../plan/mixture-options.js';
import type { BuildContext } from './context.js';
import type { CountSource } from './count-source.js';

/** Size of a chunk [32-bit numbers]. Between chunks the stage pauses and checks its memory. */
const NUMBERS_A_CHUNK = 1 << 18;

/** The class of every id in a clustering that an interrupted build stored; `undefined` if there is none for this vocabulary. */
export async function restore(
  { workspace }: BuildContext,
  { vocabulary }: CountSource,
  stream: ClassStream,
): Promise<Uint32Array | undefined> {
  return workspace.checkpoints?.classes(stream, vocabulary.indices.length);
}

/**
 * Counts the bigrams of the source, by which words are grouped into classes.
 *
 * - Input: the source.
 * - Output: the bigrams, for `run` of each clustering.
 * - When: after the tables of words are counted, before the tables of classes.
 *
 * @throws KNESER_LIMIT if the distinct bigrams take more than a quarter of the memory; KNESER_ABORTED
 */
export async function countBigrams(context: BuildContext, text: CountSource): Promise<Bigrams> {
  const { BigramCounter } = await import('../../count/bigrams.js');
  const { vocabulary, ngrams } = text;
  const { memory } = context.workspace;
  const counter = new BigramCounter();
  for await (const chunk of ngrams.chunks(vocabulary.ids, NUMBERS_A_CHUNK, false)) {
    addBigrams(chunk, ngrams.weights, counter);
    await context.pause();
    if (counter.memory > memory * CLASSES_SHARE) {
      throw tooLarge('the distinct bigrams of the text', counter.memory, memory, 'leave classes out (--classes 0)');
    }
  }
  return counter.finish(vocabulary.indices.length);
}

/**
 * Groups the words into classes by the exchange algorithm.
 *
 * - Input: the bigrams of the source, and one of the numbers of classes that {@link planClasses} returns.
 * - Output: the class of every id (length: ids in use). Its writer is `write-model.ts`.
 * - When: after the tables of words are counted, before the tables of classes.
 *
 * @throws KNESER_ABORTED
 */
export async function run(
  context: BuildContext,
  { vocabulary }: CountSource,
  bigrams: Bigrams,
  classes: number,
): Promise<Uint32Array> {
  const { clusterWords } = await import('../../count/exchange.js');
  return clusterWords(bigrams, vocabulary.indices.length, classes, context.pause);
}

/** Adds the last two words of each n-gram of a chunk. */
function addBigrams({ ids, begin, end, step }: Chunk, weights: Weights, counter: BigramCounter): void {
  for (let at = begin; at < end; at += step) {
    const word = ids[at];
    if (word === BOS || word === NONE || ids[at - 1] === NONE) continue;
    counter.add(ids[at - 1], word, weights === 'one' ? 1 : weights === 'counts' ? ids[at + 1] : ids[at + 1] | 0);
  }
}

/** The clusterings of the words of a model. */
export interface ClassPlan {
  /** By clustering, the number of its classes. */
  readonly sizes: readonly number[];
  /** The clustering whose classes Model M has, as an index into `sizes`; `undefined` for a model without Model M. */
  readonly ofModelM: number | undefined;
}

/**
 * Plans the clusterings: the numbers of classes in the options, but at most one class for every 20 words. A clustering with one class, or as
 * many as one before it, is left out; so is Model M if the words are too few for its classes.
 */
export function planClasses({ plan }: BuildContext, { vocabulary }: CountSource): ClassPlan {
  const { modelM, classes } = plan;
  const most = Math.floor(vocabulary.indices.length / WORDS_A_CLASS);
  const wanted = clusteringSizes(classes).map(count => Math.min(count, most));
  const sizes = [...new Set(wanted)].filter(count => count > 1);
  const found = modelM === 0 ? -1 : sizes.indexOf(wanted[modelM - 1]);
  return { sizes, ofModelM: found < 0 ? undefined : found };
}

/** Refuses more classes than can be found in memory, before the text is read. @throws KNESER_LIMIT */
export async function checkMemory({ plan, workspace }: BuildContext): Promise<void> {
  const classes = Math.max(0, ...clusteringSizes(plan.classes));
  if (classes === 0) return;
  const { clusteringBytes } = await import('../../count/exchange.js');
  const bytes = clusteringBytes(classes);
  if (bytes > workspace.memory * CLASSES_SHARE)
    throw tooLarge(`${classes} classes`, bytes, workspace.memory, 'ask for fewer');
}

/** The error for a clustering that needs too much memory. @param subject the noun that needs `bytes`. @param instead advice besides more memory. */
function tooLarge(subject: string, bytes: number, memory: number, instead: string): KneserError {
  return overBudget({ option: 'classes', subject, bytes, share: CLASSES_SHARE, memory, instead });
}
