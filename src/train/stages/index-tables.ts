import { indexStore } from '../../tables/index-store.js';
import { rowsOf, type Manifest } from '../../tables/manifest.js';
import type { BuildContext } from './context.js';

/**
 * Makes the tables of the model: turns rows into tries, in which a reader finds an n-gram without decoding a block.
 *
 * - Input: the store `counted`, or `pruned` where the training prunes, and its manifest.
 * - Output: the store `tables`, which is the model, and its manifest.
 * - When: after `prune-tables.ts`, before `learn-weights.ts`. An interrupted index is made anew.
 *
 * @throws KNESER_DISK_FULL, KNESER_IO, KNESER_ABORTED
 */
export async function run(context: BuildContext, manifest: Manifest): Promise<Manifest> {
  const { workspace, plan } = context;
  const rows = await workspace.openStore(plan.pruning ? 'pruned' : 'counted');
  try {
    const total = rowsOf(manifest);
    let done = 0;
    const threads = workspace.startIndexing?.(workspace.threads, workspace.memory);
    return await indexStore(rows, manifest, await workspace.createStore('tables'), threads, read => {
      context.checkAborted();
      context.report({ stage: 'index', done: (done += read), total, unit: 'n-grams' });
    });
  } finally {
    await rows.close();
  }
}
