import { checkCacheWeights, plainCacheWeights, type CacheWeights } from '../../smoothing/cache/weights.js';
import type { MixtureParameters } from '../../smoothing/estimator.js';
import { parameterList } from '../../smoothing/parameters.js';
import { seal, unseal } from '../../base/sealed.js';
import { encodeMsgpack } from '../../base/encode-msgpack.js';
import { list, record, requireFinite, requireInteger, text } from '../../base/shape.js';
import { decodeMsgpack } from '../../base/decode-msgpack.js';

/** The name of the set of weights that training learns. A model uses this set unless another is named. */
export const DEFAULT_WEIGHTS = 'default';
/** The reserved name of equal weights, which need no tuning (Pickhardt et al. 2014). */
export const UNIFORM_WEIGHTS = 'uniform';

/** One set of tuned weights of a model. */
export interface WeightSet extends MixtureParameters {
  /** The patterns of the mixture, in the order of their parameters. */
  readonly patterns: readonly string[];
  readonly cache: CacheWeights;
  readonly report: TuneReport;
}

/** The figures of a tuning on its held-out text, the tuning text. */
export interface TuneReport {
  /** Sentences of the tuning text. */
  readonly sentences: number;
  /** Tokens of the tuning text, `</s>` counted. */
  readonly tokens: number;
  /** Perplexity of the tuning text (with OOVs) by modified Kneser-Ney. */
  readonly mkn: number;
  /** Perplexity of the tuning text by the learned mixture. */
  readonly tuned: number;
  /** Perplexity of the tuning text by the learned mixture with the cache. */
  readonly cached: number;
  /** By table: the share of the probability mass that its counts give out, on average over the tuning text. */
  readonly shares: readonly {
    /** The pattern of the table. */
    readonly pattern: string;
    /** The share, from 0 to 1. */
    readonly share: number;
  }[];
}

/** Encodes a set of weights: a checksum, then msgpack. */
export function encodeWeights({ modelM, ...set }: WeightSet): Uint8Array {
  return seal(
    encodeMsgpack({
      ...set,
      words: [...set.words],
      classes: [...set.classes],
      gate: [...set.gate],
      ...(modelM.length > 0 ? { modelM: [...modelM] } : {}),
      cache: plainCacheWeights(set.cache),
    }),
  );
}

/** The reverse of {@link encodeWeights}. @throws BlockDamage */
export function decodeWeights(value: Uint8Array): WeightSet {
  const {
    patterns,
    words,
    classes,
    gate,
    modelM = [],
    cache,
    report,
  } = record(decodeMsgpack(unseal(value)), 'weights');
  return {
    patterns: list(patterns, 'patterns', text),
    words: parameterList(words, 'weights of words'),
    classes: parameterList(classes, 'weights of classes'),
    gate: parameterList(gate, 'gate'),
    modelM: parameterList(modelM, 'weights of Model M'),
    cache: checkCacheWeights(cache),
    report: checkedReport(report),
  };
}

function checkedReport(value: unknown): TuneReport {
  const { sentences, tokens, mkn, tuned, cached, shares } = record(value, 'report');
  return {
    sentences: requireInteger(sentences, 'sentences'),
    tokens: requireInteger(tokens, 'tokens'),
    mkn: requireFinite(mkn, 'perplexity'),
    tuned: requireFinite(tuned, 'perplexity'),
    cached: requireFinite(cached, 'perplexity'),
    shares: list(shares, 'shares', item => {
      const { pattern, share } = record(item, 'share');
      return { pattern: text(pattern, 'pattern'), share: requireFinite(share, 'share') };
    }),
  };
}
