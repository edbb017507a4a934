import type { Manifest } from '../../tables/manifest.js';
import type { BuildContext } from './context.js';

/**
 * Copies the counted tables without the n-grams that `prune` drops.
 *
 * - Input: the store `counted`, and its manifest.
 * - Output: the store `pruned`, which is the copy, and its manifest. Without the option `prune` there is no copy, and the manifest is returned as it is.
 * - When: after `write-model.ts`, before `index-tables.ts`. An interrupted copy is made anew.
 *
 * @throws KNESER_ABORTED
 */
export async function run(context: BuildContext, manifest: Manifest): Promise<Manifest> {
  const { workspace, plan } = context;
  if (!plan.pruning) return manifest;
  const { pruneStore } = await import('../../tools/prune/prune-store.js');
  const store = await workspace.openStore('counted');
  try {
    return await pruneStore(store, manifest, plan.pruning, await workspace.createStore('pruned'), (done, total) => {
      context.checkAborted();
      context.report({ stage: 'prune', done, total, unit: 'n-grams' });
    });
  } finally {
    await store.close();
  }
}
