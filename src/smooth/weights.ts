import { pack } from '../store/pack.js';
import { unpack } from '../store/unpack.js';
import type { CacheWeights } from '../score/cache.js';
import { BlockDamage, seal, unseal } from '../store/block.js';

/** The name of the weights that training learns and that are used unless others are named. */
export const DEFAULT_WEIGHTS = 'default';
/** Not a set of weights: the even ones of Pickhardt et al. */
export const UNIFORM_WEIGHTS = 'uniform';

/** What tuning learned. */
export interface WeightSet {
  /** The patterns of the mixture, in their order: the parameters are laid out by them. */
  readonly patterns: readonly string[];
  /** Parameters of the mixture over word patterns. */
  readonly words: Float64Array;
  /** Those of the class model and of the gate between the two; empty without classes. */
  readonly classes: Float64Array;
  readonly gate: Float64Array;
  readonly cache: CacheWeights;
  readonly report: TuneReport;
}

/** How tuning went. */
export interface TuneReport {
  readonly sentences: number;
  readonly tokens: number;
  /** Perplexity of the tuning text, OOVs counted: with modified Kneser-Ney, with what was learned, and with the cache too. */
  readonly mkn: number;
  readonly tuned: number;
  readonly cached: number;
  /** By table, the average share of the probability mass that it gives out on the tuning text. */
  readonly shares: readonly { readonly pattern: string; readonly share: number }[];
}

/** Bytes of a set of weights: a checksum, and msgpack. */
export function encodeWeights(set: WeightSet): Uint8Array {
  return seal(
    pack({
      ...set,
      words: [...set.words],
      classes: [...set.classes],
      gate: [...set.gate],
      cache: { ...set.cache, weights: [...set.cache.weights] },
    }),
  );
}

/** The reverse. @throws BlockDamage */
export function decodeWeights(value: Uint8Array): WeightSet {
  const set: unknown = unpack(unseal(value));
  if (typeof set !== 'object' || set === null || !('words' in set)) throw new BlockDamage('no weights');
  const { patterns, words, classes, gate, cache, report } = set as {
    patterns: string[];
    words: number[];
    classes: number[];
    gate: number[];
    cache: { unigramMemory: number; bigramMemory: number; weights: number[] };
    report: TuneReport;
  };
  return {
    patterns,
    words: Float64Array.from(words),
    classes: Float64Array.from(classes),
    gate: Float64Array.from(gate),
    cache: { ...cache, weights: Float64Array.from(cache.weights) },
    report,
  };
}
