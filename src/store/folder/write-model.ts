import { join } from 'node:path';
import { writeError } from '../../base/errors.js';
import type { LevelWriter } from '../level.js';
import type { ModelStore } from '../store.js';
import { beginDraft, type Draft, type FindUnfinished } from './folder.js';

/** A model while it is written. */
export interface NewModel extends Draft {
  /** Opens the LevelDB of its tables, once. It is closed where writing fails. */
  createStore(): Promise<LevelWriter>;
  /** Opens a LevelDB for rows that the tables are made of, once. It is removed in the end. */
  createRows(): Promise<LevelWriter>;
  /** Opens the same LevelDB, written and closed, for reading. */
  openRows(): Promise<ModelStore>;
}

/** Options of {@link writeModel}. */
export interface WriteModelOptions {
  /** When the model was made, ISO 8601, if not now. */
  readonly created?: string;
  /** As {@link beginDraft} takes it. */
  readonly findUnfinished?: FindUnfinished | undefined;
  /** Asked after a failure: whether the unfinished model stays, for `--resume`. Default: it is removed. */
  readonly keepsUnfinished?: () => boolean;
}

/**
 * Writes a model into the folder `out`, whole or not at all: until the last step readers find the earlier model, even if this
 * process is killed. Training, pruning, unpacking and importing call it.
 *
 * @param force whether a model in the folder may be replaced.
 * @param write writes the tables and closes their store, and writes the weights.
 * @returns the result of `write`, and the bytes of the model's files.
 * @throws KneserError: KNESER_OPTION, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_IO, and the errors of `write`.
 */
export async function writeModel<T>(
  out: string,
  force: boolean,
  write: (model: NewModel) => Promise<T>,
  { created, findUnfinished, keepsUnfinished }: WriteModelOptions = {},
): Promise<{ written: T; bytes: number }> {
  const draft = await beginDraft(out, force, findUnfinished);
  const stores: LevelWriter[] = [];
  const create = async (path: string, lasts: boolean): Promise<LevelWriter> => {
    const { createLevelWriter } = await import('./leveldb.js');
    const store = await createLevelWriter(path, Infinity, lasts);
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
