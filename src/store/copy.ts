import { compareBytes } from '../base/bytes.js';
import { MANIFEST_KEY } from './keys.js';
import type { ModelStore, ModelWriter } from './store.js';

/**
 * Copies a model's values as they are, the manifest last: a copy that was cut short is no model. Whoever began the copy
 * finishes it.
 *
 * @param onBytes told of the bytes of each value, and may throw to stop.
 */
export async function copyStore(
  from: ModelStore,
  to: Pick<ModelWriter, 'put'>,
  onBytes?: (bytes: number) => void,
): Promise<void> {
  let manifest: Uint8Array | undefined;
  for await (const [key, value] of from.entries()) {
    onBytes?.(value.length);
    if (compareBytes(key, MANIFEST_KEY) === 0) manifest = value;
    else await to.put(key, value);
  }
  if (manifest) await to.put(MANIFEST_KEY, manifest);
}
