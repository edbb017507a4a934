import { log } from '../../base/elementary.js';
import type { Pause } from '../../base/turn.js';
import type { WordClasses } from '../../tables/classes.js';
import type { Batch } from '../batch.js';
import { descend, Parameters } from '../descent.js';
import { Gate } from '../gate.js';
import { CacheExperts, cacheExperts, cacheFeatures, MEMORIES } from './experts.js';
import type { ExpertWeights } from './expert-text.js';
import { emptyWord, readWord } from './running-text.js';

/** s of the experts of the cache before learning: each has the share e^−3.5 = 0.03 of the model's. */
const START = -3.5;

/**
 * Learns the weights of a cache.
 *
 * @param batch the words of a running text.
 * @param probabilities by word of the batch: p by the model.
 * @param classProbabilities by word of the batch: p by the class model; not read without classes.
 * @param pause awaited after each step.
 */
export async function learnCache(
  batch: Batch,
  probabilities: Float64Array,
  classProbabilities: Float64Array,
  classes: WordClasses | undefined,
  pause: Pause,
): Promise<ExpertWeights> {
  const memories = classes ? MEMORIES : { ...MEMORIES, classes: [] };
  const count = cacheExperts(memories);
  const sizes = cacheFeatures(classes?.count ?? 0);
  const parameters = new Parameters(Gate.starting(count, sizes, START));
  const gate = new Gate(count, sizes, parameters.values);
  const experts = new CacheExperts(memories, classes);
  const next = emptyWord();
  // By word of the batch: the experts' probabilities and features. All experts are absent while the cache holds no word.
  const ps = new Float64Array(batch.length * count);
  const present = new Uint8Array(batch.length * count);
  const features = new Uint32Array(batch.length * sizes.length);
  for (let t = 0; t < batch.length; t++) {
    readWord(next, batch, t, probabilities[t], classProbabilities[t]);
    if (experts.look(next)) {
      ps.set(experts.probabilities, t * count);
      present.set(experts.present, t * count);
      features.set(experts.features, t * sizes.length);
    }
    experts.add(next);
  }
  const addWord = (t: number): number => {
    if (present[t * count] === 0) return -log(probabilities[t]);
    const its = ps.subarray(t * count, (t + 1) * count);
    const chosen = features.subarray(t * sizes.length, (t + 1) * sizes.length);
    gate.weigh(chosen, present.subarray(t * count, (t + 1) * count));
    const mixed = gate.mix(its);
    gate.backward(parameters.gradient, chosen, its, mixed);
    return -log(mixed);
  };
  const nothing = (): void => undefined;
  await descend([parameters], batch.length, addWord, nothing, nothing, pause);
  return { memories, gate: parameters.values };
}
