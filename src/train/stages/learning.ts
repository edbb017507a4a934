import { exp, log } from '../../base/elementary.js';
import { KneserError } from '../../base/errors.js';
import { formatPattern, isContiguous } from '../../tables/pattern.js';
import { BatchLayout, type Batch } from '../../smoothing/batch.js';
import { learnCache } from '../../smoothing/cache/learn.js';
import { TextCache } from '../../smoothing/cache/text-cache.js';
import { FIELDS } from '../../smoothing/evidence.js';
import { PagedModel } from '../../model/paged-model.js';
import { Blend, createBlend } from '../../smoothing/blend.js';
import type { BlendEvidence } from '../../smoothing/blend-evidence.js';
import { estimateDiscounts } from '../../smoothing/discounts.js';
import { createLattice } from '../../smoothing/lattice.js';
import { Parameters } from '../../smoothing/descent.js';
import { MODEL_M } from '../../smoothing/model-m.js';
import { learn, massShares } from '../../smoothing/learn.js';
import { divideParameters } from '../../smoothing/parameters.js';
import { tablesOf } from '../../model/scoring/parts.js';
import { Mixture } from '../../smoothing/mixture.js';
import type { WeightSet } from '../../model/scoring/weights.js';
import type { ModelStore } from '../../store/store.js';
import { EOS } from '../../text/tokens.js';
import { pauses, type Pause } from '../../base/turn.js';

/** Weights are learned from at most this many words: more words take time and add no precision. Of a longer text, runs from all over it are used. */
const MOST_WORDS = 500_000;
/** About how many words of a text a run has: so many that the cache learns from running text. */
const RUN_WORDS = 20_000;
/** The most 32-bit numbers of evidence, however much memory there is. With many tables, fewer than `MOST_WORDS` words fit into them. */
const MOST_EVIDENCE = 1 << 26;
/** Words between two pauses. */
const WORDS_A_PAUSE = 1024;

/** A held-out text as word ids, with `</s>` after each sentence; words that the model does not know are `NOT_IN_VOCABULARY`. */
export interface HeldOutIds {
  /** The number of ids, `</s>` included. */
  readonly length: number;
  /** The ids in order, from the first on each call. A piece is valid until the next one. */
  pieces(): Iterable<Uint32Array>;
}

/** Size of the evidence for a held-out text of `words` words in `tables` tables [bytes]. */
export function evidenceBytes(words: number, tables: number): number {
  return 4 * tables * FIELDS * Math.min(words, mostWords(tables));
}

function mostWords(tables: number): number {
  return Math.min(MOST_WORDS, Math.floor(MOST_EVIDENCE / (tables * FIELDS)));
}

/**
 * Learns the weights of the mixture (glm: the generalized language model) for the model in a store. Closes the store at the end. The
 * weights do not depend on `memory`.
 *
 * - Input: a model without weights, and held-out text.
 * - Output: a set of weights, with the perplexities that it reaches.
 * - When: after the model is finished.
 *
 * @param memory bytes to aim for.
 * @param onProgress called with the passes done, and their number.
 * @param pause awaited now and then.
 */
export async function learnWeights(
  store: ModelStore,
  text: HeldOutIds,
  memory: number,
  onProgress?: (done: number, total: number) => void,
  pause: Pause = pauses(),
): Promise<WeightSet> {
  // The model was just made: its size, time and weights are not known, and not needed.
  const files = { bytes: Infinity, created: '', weights: new Map<string, Uint8Array>() };
  const blockMemory = Math.min(memory / 8, 128 << 20);
  const model = await PagedModel.fromStore(store, files, { startingWeights: true, smoothing: 'glm', blockMemory });
  try {
    return await learnModel(model, text, onProgress, pause);
  } finally {
    await model.close();
  }
}

/** As {@link learnWeights}, for a model that was opened with `startingWeights` and stays open. @param check called while tables are read; throws to stop. @throws KNESER_INPUT_EMPTY */
export async function learnModel(
  model: PagedModel,
  text: HeldOutIds,
  onProgress: ((done: number, total: number) => void) | undefined,
  pause: Pause = pauses(),
  check: () => void = () => undefined,
): Promise<WeightSet> {
  const { parts } = model;
  const { manifest, weights: start } = parts;
  const most = mostWords(tablesOf(parts).length);
  const { batch, sentences } = layOut(text, manifest.order, most);
  if (batch.length === sentences) throw new KneserError('KNESER_INPUT_EMPTY', 'the text to tune on holds no tokens');
  const evidence = await model.evidence(batch, check);
  const blend = createBlend(parts, estimateDiscounts);
  if (!start) throw new Error('no weights to start from');
  const words = new Parameters(start.words);
  const lattices = blend.classModels.map(({ mixture }) => mixture.lattice);
  const classes = divideParameters(start.classes, lattices).map(values => new Parameters(values));
  const gate = blend.gate && new Parameters(blend.gate.parameters);
  const modelM = blend.modelM && new Parameters(start.modelM);
  await learn(blend, { words, classes, gate, modelM }, evidence, batch, (epoch, of) => onProgress?.(epoch, of), pause);

  const { probabilities, classProbabilities } = await evaluate(blend, evidence, batch, pause);
  const firstClasses = parts.clusterings.at(0)?.classes;
  const cache = await learnCache(batch, probabilities, classProbabilities, firstClasses, pause);
  const textCache = new TextCache(cache, firstClasses);
  const cached = probabilities.map((probability, t) => textCache.mix(probability, classProbabilities[t], batch, t));
  const shares = massShares(blend, evidence, batch);
  const patterns = blend.words.lattice.tables.map(table => formatPattern(table.pattern));
  // Learning has changed the arrays of `start` in place.
  return {
    patterns,
    words: words.values,
    classes: start.classes,
    gate: start.gate,
    modelM: start.modelM,
    cache,
    report: {
      sentences,
      tokens: batch.length,
      mkn: perplexity(await kneserNey(model, evidence, batch, pause)),
      tuned: perplexity(probabilities),
      cached: perplexity(cached),
      shares: [
        ...patterns.map((pattern, s) => ({ pattern, share: shares.words[s] })),
        ...manifest.clusterings.flatMap(({ tables }, m) =>
          tables.map(({ pattern }, s) => ({ pattern, share: shares.clusterings[m][s] })),
        ),
        ...(modelM ? [{ pattern: MODEL_M, share: shares.modelM }] : []),
      ],
    },
  };
}

/** One batch of all sentences of a text, or of those that begin in evenly chosen runs, so that it has at most `most` words. */
function layOut(text: HeldOutIds, order: number, most: number): { batch: Batch; sentences: number } {
  const share = Math.min(1, most / text.length);
  const layout = new BatchLayout(order, Math.min(text.length, most));
  let words = 0;
  let isUsed = true;
  let sentences = 0;
  for (const piece of text.pieces()) {
    for (const id of piece) {
      if (isUsed && !layout.full) {
        layout.push(id);
        if (id === EOS) sentences++;
      }
      words++;
      if (id === EOS) {
        const run = Math.floor(words / RUN_WORDS);
        isUsed = Math.floor((run + 1) * share) > Math.floor(run * share);
      }
    }
  }
  return { batch: layout.batch, sentences };
}

/** By word of the batch, p of modified Kneser-Ney: from the evidence of the contiguous tables, without weights. */
async function kneserNey(
  model: PagedModel,
  evidence: BlendEvidence,
  batch: Batch,
  pause: Pause,
): Promise<Float64Array> {
  const { lattice } = createBlend(model.parts, estimateDiscounts).words;
  const tables = lattice.tables.filter(table => isContiguous(table.pattern));
  const blend = new Blend(new Mixture(createLattice(tables, lattice.vocabulary)));
  const { probabilities } = await evaluate(blend, evidence, batch, pause);
  return probabilities;
}

/** By word of the batch, p of the blend, and p of its class model; 0 without one. */
async function evaluate(
  blend: Blend,
  evidence: BlendEvidence,
  batch: Batch,
  pause: Pause,
): Promise<{ probabilities: Float64Array; classProbabilities: Float64Array }> {
  const probabilities = new Float64Array(batch.length);
  const classProbabilities = new Float64Array(batch.length);
  for (let t = 0; t < batch.length; t++) {
    probabilities[t] = blend.probability(evidence, batch, t);
    if (blend.gate) classProbabilities[t] = blend.probabilities[1];
    if (t % WORDS_A_PAUSE === 0) await pause();
  }
  return { probabilities, classProbabilities };
}

function perplexity(probabilities: Float64Array): number {
  return exp(-probabilities.reduce((sum, p) => sum + log(p), 0) / probabilities.length);
}
