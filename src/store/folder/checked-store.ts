import { compareBytes } from '../../base/bytes.js';
import type { ModelStore } from '../store.js';
import type { PointerFile } from './pointer.js';

/** A table file whose data have not been compared with the pointer file yet, and its first and last key. */
interface Unchecked {
  readonly file: PointerFile;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/**
 * A store that compares each table file with the pointer file before LevelDB reads data of the file, because LevelDB trusts the lengths in
 * its files and a damaged length can end the process. Files are compared when they are needed, so that a large model opens quickly.
 *
 * @param check compares a whole file with the pointer file; throws KNESER_DAMAGED.
 */
export function checkedStore(
  store: ModelStore,
  files: readonly PointerFile[],
  check: (file: PointerFile) => Promise<void>,
): ModelStore {
  const bytesOf = (key: string): Uint8Array => Buffer.from(key, 'hex');
  let unchecked: Unchecked[] = files.flatMap(file =>
    file.table ? [{ file, first: bytesOf(file.table.first), last: bytesOf(file.table.last) }] : [],
  );
  // Files are checked one after another, and all readers wait for the files that are being checked.
  let checking: Promise<void> = Promise.resolve();
  const checkFiles = (due: readonly Unchecked[]): Promise<void> => {
    if (due.length > 0) {
      unchecked = unchecked.filter(file => !due.includes(file));
      checking = checking.then(async () => {
        for (const { file } of due) await check(file);
      });
      checking.catch(() => undefined);
    }
    return checking;
  };
  const mayHold = ({ first, last }: Unchecked, key: Uint8Array): boolean =>
    compareBytes(first, key) <= 0 && compareBytes(key, last) <= 0;
  const checkFor = (keys: readonly Uint8Array[]): Promise<void> =>
    checkFiles(unchecked.filter(file => keys.some(key => mayHold(file, key))));
  return {
    ...store,
    get: async key => {
      await checkFor([key]);
      return store.get(key);
    },
    getMany: async keys => {
      await checkFor(keys);
      return store.getMany(keys);
    },
    entries: async function* () {
      await checkFiles(unchecked);
      yield* store.entries();
    },
  };
}
