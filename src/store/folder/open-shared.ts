import { TableStore } from './table-store.js';
import { sharedFile } from '../packed/file-source.js';
import { openPacked } from '../packed/store.js';
import type { ModelStore, SharedStore } from '../store.js';

/**
 * Opens a second store on the files that the store of another thread of this process has opened. The other store must stay open as long as
 * the second one is used.
 *
 * @throws KNESER_DAMAGED, KNESER_IO
 */
export async function openShared(shared: SharedStore): Promise<ModelStore> {
  switch (shared.kind) {
    case 'tables':
      return new TableStore(shared);
    case 'packed':
      return (await openPacked(sharedFile(shared.descriptor, shared.name, shared.size))).store;
  }
}
