import { tableParts } from '../../model/lookup/table-part.js';
import { weightsFit } from '../../model/scoring/parts.js';
import { decodeWeights, type WeightSet } from '../../model/scoring/weights.js';
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

/** Whether a set fits the tables of a model. */
function fits(set: WeightSet, { tables, clusterings, modelM }: Manifest): boolean {
  const used = set.gate.length > 0 ? clusterings : [];
  const ofClasses = used.map(clustering => ({ ids: classIds(clustering), tables: tableParts('', clustering.tables) }));
  return weightsFit(set, tableParts('', tables), ofClasses, set.modelM.length > 0 ? modelM : undefined);
}
