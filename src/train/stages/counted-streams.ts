import { sharedMemory } from '../../base/shared-memory.js';
import {
  choosePatterns,
  classStream,
  stepPatterns,
  STEPS,
  withContexts,
  type Pattern,
  type StepStream,
  type Stream,
} from '../../tables/pattern.js';
import { FIRST_WORD } from '../../text/tokens.js';
import type { BuildPlan } from '../plan/plan.js';
import type { BuildContext } from './context.js';
import type { CountSource } from './count-source.js';

/** One of the streams of ids that are counted over a source: its words, their classes in a clustering, or a step of Model M. */
export interface CountedStream {
  readonly name: Stream;
  readonly source: CountSource;
  /** The patterns; each has a table. */
  readonly patterns: readonly Pattern[];
  /** The number of ids of the longest n-grams. */
  readonly order: number;
  /** The id that each word index of the source has in this stream. */
  readonly toId: Uint32Array;
  /** Occurrences in the source of the ids that begin a context, by id; their length is the number of these ids in use, `NONE` included. */
  readonly frequencies: Float64Array;
  /** The number of predicted ids in use, `NONE` included. */
  readonly types: number;
  /** For a step of Model M: by word id, the id of its class. */
  readonly classOf?: Uint32Array;
  /** Whether this is the last stream that needs the n-grams of the source: their memory is freed while they are sorted. */
  readonly last: boolean;
}

/** The words of a source as a stream. @param last whether no classes are counted after them. */
export function wordStream({ plan }: BuildContext, source: CountSource, last: boolean): CountedStream {
  const { ids, frequencies } = source.vocabulary;
  const types = frequencies.length;
  const patterns = withContexts(plan.patterns);
  return { name: 'words', source, patterns, order: plan.order, toId: ids, frequencies, types, last };
}

/**
 * The classes of the words of a source as a stream.
 *
 * @param clustering its number, from 0.
 * @param of the class of every id.
 * @param last whether no clustering follows it.
 */
export function classesOf(
  { plan }: BuildContext,
  source: CountSource,
  clustering: number,
  classes: number,
  of: Uint32Array,
  last: boolean,
): CountedStream {
  const { ids, frequencies: wordFrequencies } = source.vocabulary;
  const frequencies = classFrequencies(classes, of, wordFrequencies);
  const toId = ids.map(id => of[id]);
  const patterns = classPatterns(plan, clustering);
  const types = frequencies.length;
  return { name: classStream(clustering), source, patterns, order: plan.order, toId, frequencies, types, last };
}

/** By class id, how often its words occur. */
function classFrequencies(classes: number, of: Uint32Array, wordFrequencies: Float64Array): Float64Array {
  const frequencies = new Float64Array(FIRST_WORD + classes);
  for (let id = 1; id < wordFrequencies.length; id++) frequencies[of[id]] += wordFrequencies[id];
  return frequencies;
}

/**
 * The steps of Model M as streams.
 *
 * @param of the class of every id.
 */
export function stepsOf(
  { plan }: BuildContext,
  source: CountSource,
  classes: number,
  of: Uint32Array,
): (CountedStream & { readonly name: StepStream })[] {
  const { ids, frequencies: wordFrequencies } = source.vocabulary;
  const classOf = new Uint32Array(sharedMemory(4 * of.length));
  classOf.set(of);
  return STEPS.map((name, i) => {
    const patterns = stepPatterns(name, plan.order);
    return {
      name,
      source,
      patterns,
      order: patterns.length,
      toId: ids,
      frequencies: name === 'class-step' ? wordFrequencies : classFrequencies(classes, of, wordFrequencies),
      types: wordFrequencies.length,
      classOf,
      last: i === STEPS.length - 1,
    };
  });
}

/** The number of tables that are counted by sorting: all but the tables of unigrams, whose counts the sorts of contiguous n-grams yield. */
export function countSortedTables({ plan }: BuildContext, clusterings: number, withModelM: boolean): number {
  const ofClasses = Array.from({ length: clusterings }, (_, clustering) => classPatterns(plan, clustering));
  const ofSteps = withModelM ? STEPS.map(step => stepPatterns(step, plan.order)) : [];
  const all = [...withContexts(plan.patterns), ...ofClasses.flat(), ...ofSteps.flat()];
  return all.filter(pattern => pattern.length > 0).length;
}

/** The longest n-grams of the classes of every clustering but the first: longer ones add more n-grams than they lower the perplexity. */
const LONGEST_OF_MORE = 4;

/** Classes are counted by contiguous patterns alone: all of the order in the first clustering, of up to 4 classes in others. */
function classPatterns({ order }: BuildPlan, clustering: number): readonly Pattern[] {
  return choosePatterns(clustering === 0 ? order : Math.min(order, LONGEST_OF_MORE), {});
}
