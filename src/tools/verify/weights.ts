import { startingWeights } from '../../model/scoring/parts.js';
import { decodeWeights, type WeightSet } from '../../smoothing/weights.js';
import { decodeValue } from '../../base/decode.js';
import type { Manifest } from '../../tables/manifest.js';
import type { Findings } from './findings.js';

/** Checks that sets of weights can be read, and have the parameters of this model. @returns the names of the sound sets. */
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
    if (manifest.kind === 'backoff' || !fits(set, startingWeights(manifest))) {
      findings.add(check, part, 'were tuned for another model');
    } else sound.push(name);
  }
  return sound;
}

function fits(set: WeightSet, blank: WeightSet): boolean {
  const { words, classes, gate, cache } = set;
  return (
    set.patterns.join() === blank.patterns.join() &&
    words.length === blank.words.length &&
    (gate.length === 0 || (gate.length === blank.gate.length && classes.length === blank.classes.length)) &&
    [words, classes, gate, cache.weights].every(values => values.every(value => Number.isFinite(value)))
  );
}
