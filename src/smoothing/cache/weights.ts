import { BlockDamage } from '../../base/sealed.js';
import { list, record, requireFinite } from '../../base/shape.js';
import { Gate } from '../gate.js';
import { parameterList } from '../parameters.js';
import { CELL_WEIGHTS, checkCellWeights, type CellWeights } from './cells.js';
import { cacheExperts, cacheFeatures, type CacheMemories } from './experts.js';
import type { ExpertWeights } from './expert-text.js';

/** How a cache forgets, and its weights beside the model: learned from running text, now or by kneser 0.1. */
export type CacheWeights = ExpertWeights | CellWeights;

/** The most memories of one kind. */
const MOST_MEMORIES = 8;

/** Checks decoded weights of a cache. @throws BlockDamage */
export function checkCacheWeights(value: unknown): CacheWeights {
  const cache = record(value, 'cache');
  if (!('memories' in cache)) return checkCellWeights(cache);
  const { unigrams, classes, bigrams, trigrams } = record(cache.memories, 'memories');
  const memories: CacheMemories = {
    unigrams: memoryList(unigrams),
    classes: memoryList(classes),
    bigrams: memoryList(bigrams),
    trigrams: memoryList(trigrams),
  };
  return { memories, gate: parameterList(cache.gate, 'gate of the cache') };
}

function memoryList(value: unknown): number[] {
  const memories = list(value, 'memories', item => requireFinite(item, 'memory', 1));
  if (memories.length > MOST_MEMORIES) throw new BlockDamage('too many memories');
  return memories;
}

/** The weights of a cache as plain values. */
export function plainCacheWeights(cache: CacheWeights): object {
  return 'memories' in cache ? { ...cache, gate: [...cache.gate] } : { ...cache, weights: [...cache.weights] };
}

/** Whether the weights of a cache fit a model. @param classes its number of class ids; 0 without classes. */
export function cacheFits(cache: CacheWeights, classes: number): boolean {
  if (!('memories' in cache)) return cache.weights.length === CELL_WEIGHTS;
  const { memories, gate } = cache;
  return (
    (classes > 0 || memories.classes.length === 0) &&
    gate.length === Gate.parameters(cacheExperts(memories), cacheFeatures(classes))
  );
}
