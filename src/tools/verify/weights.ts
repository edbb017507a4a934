import { startingWeights } from '../../model/scoring/parts.js';
import { featuresOfGate } from '../../smoothing/blend.js';
import { cacheFits } from '../../smoothing/cache/weights.js';
import { decodeWeights, type WeightSet } from '../../smoothing/weights.js';
import { decodeValue } from '../../base/decode.js';
import { classIds, type Manifest } from '../../tables/manifest.js';
import type { Findings } from './findings.js';

/**
 * Checks that sets of weights can be read, and have as many parameters as this model needs.
 *
 * @param weights the bytes of each set, by name.
 * @returns the names of the sound sets.
 */
export async function checkWeights(
  weights: ReadonlyMap<string, Uint8Array>,
  manifest: Manifest,
  findings: Findings,
): Promise<string[]> {
  const check = 'weights';
  const sound: string[] = [];
  for (const [name, bytes] of weights) {
    const part = `weights ${name}`;
    findings.checked(check);
    const set = await findings.try(check, part, () => decodeValue(part, bytes, decodeWeights));
    if (!set) continue;
    if (manifest.kind === 'backoff' || !fits(set, manifest)) {
      findings.add(check, part, 'were tuned for another model');
    } else sound.push(name);
  }
  return sound;
}

/** Whether a set has the shape of the starting weights of a model. */
function fits(set: WeightSet, manifest: Manifest): boolean {
  const untuned = startingWeights(manifest);
  const { clusterings } = manifest;
  const { words, classes, gate, cache } = set;
  return (
    set.patterns.join() === untuned.patterns.join() &&
    words.length === untuned.words.length &&
    (gate.length === 0
      ? cacheFits(cache, 0)
      : clusterings.length > 0 &&
        classes.length === untuned.classes.length &&
        featuresOfGate(gate.length, clusterings.length, classIds(clusterings[0])) !== undefined &&
        cacheFits(cache, classIds(clusterings[0])))
  );
}
