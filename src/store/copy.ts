import { compareBytes } from '../base/bytes.js';
import { MANIFEST_KEY } from './keys.js';
import type { ModelStore, ModelWriter } from './store.js';

/**
 * Copies the values of a model unchanged. The manifest is written last, so that an interrupted copy is not taken for a model. The
 * caller opens and closes both stores.
 *
 * @param onBytes called with the size of each value; it may throw to stop the copy.
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
