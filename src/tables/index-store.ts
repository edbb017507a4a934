import { FORMAT_VERSION, MANIFEST_KEY } from '../store/keys.js';
import type { ModelStore, ModelWriter } from '../store/store.js';
import { copyWords } from './copy.js';
import { readFrequencies } from './dictionary-reader.js';
import { indexTables } from './index-tables.js';
import type { IndexThreads } from './index-threads.js';
import {
  classIds,
  encodeManifest,
  wordIds,
  type ClusteringManifest,
  type Manifest,
  type TableManifest,
} from './manifest.js';
import { parseTableName, type Stream } from './pattern.js';

/**
 * Makes a model of a store of counted rows. Closes the writer in any case.
 *
 * - Input: a store of counted rows, as `ModelBuilder` writes it, and its manifest.
 * - Output: a model: the tables as tries, copies of all other values, and the manifest, which is written last.
 *
 * @param threads index the tables; without them the caller's thread does.
 * @param onRows called with the number of rows of each block, after it was read; throws to stop.
 * @returns the manifest of the model.
 * @throws KNESER_DAMAGED, and the errors of `onRows`.
 */
export async function indexStore(
  from: ModelStore,
  manifest: Manifest,
  to: ModelWriter,
  threads: IndexThreads | undefined,
  onRows: (rows: number) => void,
): Promise<Manifest> {
  try {
    await copyWords(from, manifest, to);
    const isBackoff = manifest.kind === 'backoff';
    const index = async (
      tables: readonly TableManifest[],
      stream: Stream,
      types: number,
      frequencies?: Float64Array,
    ): Promise<TableManifest[]> => {
      const patterns = tables.map(({ pattern }) => parseTableName(pattern) ?? []);
      // A follower of a context follows its parent, too.
      const hasBare = tables.some(({ bare = 0 }) => bare > 0);
      const figures = await indexTables(
        from,
        to,
        { patterns, stream, types, isBackoff, hasBare, ...(frequencies ? { frequencies } : {}) },
        threads,
        onRows,
      );
      return tables.map(table => {
        const { contexts, bare } = figures.get(table.pattern) ?? { contexts: 0, bare: 0 };
        return { ...table, contexts, ...(isBackoff ? { bare } : {}) };
      });
    };
    const frequencies = isBackoff ? undefined : await readFrequencies(from, manifest);
    const tables = await index(manifest.tables, 'words', wordIds(manifest), frequencies);
    const clusterings: ClusteringManifest[] = [];
    for (const clustering of manifest.clusterings) {
      const its = await index(clustering.tables, clustering.stream, classIds(clustering));
      clusterings.push({ ...clustering, tables: its });
    }
    const { modelM: counted } = manifest;
    // The contexts have words; each predicted class has an id that is below the ids of the words in number.
    const modelM = counted && {
      ...counted,
      classTables: await index(counted.classTables, 'class-step', wordIds(manifest)),
      wordTables: await index(counted.wordTables, 'word-step', wordIds(manifest)),
    };
    const indexed: Manifest = {
      ...manifest,
      format: FORMAT_VERSION,
      tables,
      clusterings,
      ...(modelM ? { modelM } : {}),
    };
    await to.put(MANIFEST_KEY, encodeManifest(indexed));
    await to.finish();
    return indexed;
  } catch (error) {
    await to.abort();
    throw error;
  }
}
