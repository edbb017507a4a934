import { checkOutsideModels } from './outside-models.js';
import { join } from 'node:path';
import { writeError } from '../../base/errors.js';
import type { LevelWriter } from '../level.js';
import type { ModelStore } from '../store.js';
import { beginDraft, type Draft, type FindUnfinished } from './folder.js';

/** A model that is being written. */
export interface NewModel extends Draft {
  /** Opens the LevelDB of the model, once. The caller calls `finish`; if `write` fails, the LevelDB is closed. */
  createStore(): Promise<LevelWriter>;
  /** Opens a temporary LevelDB, once, for counted rows. The tables of the model are then made of these rows. */
  createRows(): Promise<LevelWriter>;
  /** Opens the LevelDB of `createRows` for reading, after `finish`. */
  openRows(): Promise<ModelStore>;
}

/** Options of {@link writeModel}. */
export interface WriteModelOptions {
  /** When the model was made, ISO 8601, if not now. */
  readonly created?: string;
  /** Looks for a build to continue, as in {@link beginDraft}. */
  readonly findUnfinished?: FindUnfinished | undefined;
  /** Called after a failure. If it returns `true`, the unfinished model stays, for `--resume`; otherwise it is removed. */
  readonly keepsUnfinished?: () => boolean;
}

/**
 * Writes a model into the folder `out`, whole or not at all: until the last step, and also if this process is killed, readers find the
 * earlier model. All commands that write a model folder call this function.
 *
 * @param force whether a model in the folder may be replaced.
 * @param write writes the tables and finishes their store, and writes the weights.
 * @returns the result of `write`, and the size of the model's files in bytes
 * @throws KNESER_OPTION, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_IO, and the errors of `write`
 */
export async function writeModel<T>(
  out: string,
  force: boolean,
  write: (model: NewModel) => Promise<T>,
  { created, findUnfinished, keepsUnfinished }: WriteModelOptions = {},
): Promise<{ written: T; bytes: number }> {
  await checkOutsideModels(out);
  const draft = await beginDraft(out, force, findUnfinished);
  const stores: LevelWriter[] = [];
  const create = async (path: string, isForModel: boolean): Promise<LevelWriter> => {
    const { createLevelWriter } = await import('./leveldb.js');
    const store = await createLevelWriter(path, Infinity, isForModel);
    stores.push(store);
    return store;
  };
  const rows = join(draft.temporary, 'rows');
  try {
    const written = await write({
      ...draft,
      createStore: () => create(draft.database, true),
      createRows: () => create(rows, false),
      openRows: async () => (await import('./leveldb.js')).openLevelStore(rows, out),
    });
    const { bytes } = await draft.publish(created);
    return { written, bytes };
  } catch (error) {
    for (const store of stores) await store.abort();
    await (keepsUnfinished?.() ? draft.leave() : draft.discard());
    throw writeError(out, error);
  }
}
