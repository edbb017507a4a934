import type { Bigrams } from '../../count/bigrams.js';
import type { ModelBuilder } from '../../tables/builder.js';
import type { ClusteringManifest } from '../../tables/manifest.js';
import { classStream } from '../../tables/pattern.js';
import * as clusterWords from './cluster-words.js';
import type { BuildContext } from './context.js';
import type { CountSource } from './count-source.js';
import { countRows } from './count-tables.js';
import { classesOf, stepsOf, type CountedStream } from './counted-streams.js';
import { putClasses, type CountedTables } from './write-model.js';

/**
 * Groups the words into classes, and counts the tables of the classes and of Model M.
 *
 * - Input: the source, the plan of the clusterings, and the builder of the model. A clustering that an interrupted build stored is restored.
 * - Output: the entries of the manifest. The class of every id, and the rows of the tables, are in the store.
 * - When: after the tables of words are counted, before `write-model.ts`.
 *
 * @throws KNESER_LIMIT, KNESER_DISK_FULL, KNESER_IO, KNESER_ABORTED
 */
export async function run(
  context: BuildContext,
  source: CountSource,
  { sizes, ofModelM }: clusterWords.ClassPlan,
  builder: ModelBuilder,
): Promise<Pick<CountedTables, 'clusterings' | 'modelM'>> {
  const clusterings: ClusteringManifest[] = [];
  let bigrams: Bigrams | undefined;
  let steps: readonly CountedStream[] = [];
  for (const [clustering, classes] of sizes.entries()) {
    const stream = classStream(clustering);
    let of = await clusterWords.restore(context, source, stream);
    if (!of) {
      bigrams ??= await clusterWords.countBigrams(context, source);
      of = await clusterWords.run(context, source, bigrams, classes);
    }
    await putClasses(builder, source, stream, classes, of);
    if (clustering === ofModelM) steps = stepsOf(context, source, classes, of);
    const isLast = clustering === sizes.length - 1 && ofModelM === undefined;
    const tables = await countRows(context, classesOf(context, source, clustering, classes, of, isLast), builder);
    clusterings.push({ stream, classes, tables });
  }
  if (ofModelM === undefined) return { clusterings };
  const classTables = await countRows(context, steps[0], builder);
  const wordTables = await countRows(context, steps[1], builder);
  return { clusterings, modelM: { clustering: ofModelM, classTables, wordTables } };
}
