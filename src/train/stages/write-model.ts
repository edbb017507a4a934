import type { ModelBuilder } from '../../tables/builder.js';
import { encodeClasses } from '../../tables/classes.js';
import { sortedDictionary } from '../../tables/dictionary.js';
import type { ClusteringManifest, Manifest, ModelMManifest, TableManifest } from '../../tables/manifest.js';
import type { ClassStream } from '../../tables/pattern.js';
import type { Pruning } from '../../tables/pruning.js';
import { encodeTokenizer } from '../../tables/tokenizer.js';
import type { VocabularyChoice } from '../../count/vocabulary.js';
import { FIRST_WORD, UNK } from '../../text/tokens.js';
import type { BuildContext } from './context.js';
import type { CountSource, SourceFigures } from './count-source.js';

/** The tables of a model, as the manifest lists them. */
export interface CountedTables {
  readonly tables: readonly TableManifest[];
  readonly clusterings: readonly ClusteringManifest[];
  readonly modelM?: ModelMManifest;
  /** How the source dropped n-grams; missing if it dropped none. */
  readonly pruning?: Pruning;
}

/** Writes the class of every id in a clustering. */
export async function putClasses(
  builder: ModelBuilder,
  { vocabulary }: SourceFigures,
  stream: ClassStream,
  classes: number,
  of: Uint32Array,
): Promise<void> {
  await builder.putClasses(stream, encodeClasses(FIRST_WORD + classes, of, vocabulary.frequencies));
}

/**
 * Writes all of a model but its tables: the dictionary, the `tokenizer.json`, and the manifest.
 *
 * - Input: the vocabulary and figures of the text, and the tables' entries of the manifest.
 * - Output: the manifest. The store is closed.
 * - When: after the tables are counted, before `prune-tables.ts`.
 *
 * @throws KNESER_ABORTED
 */
export async function run(
  context: BuildContext,
  text: SourceFigures,
  counted: CountedTables,
  builder: ModelBuilder,
): Promise<Manifest> {
  const { plan } = context;
  const { list, indices, frequencies } = text.vocabulary;
  await builder.putDictionary(sortedDictionary(list, indices, frequencies));
  if (plan.tokenizerFile) await builder.putTokenizer(encodeTokenizer(plan.tokenizerFile));
  context.checkAborted();
  return await builder.finish({
    order: plan.order,
    sentences: text.sentences,
    tokens: text.tokens + text.sentences,
    vocabulary: indices.length - 2,
    unknown: frequencies[UNK],
    ...counted,
    options: {
      lowercase: plan.lowercase,
      skipBlank: plan.skipBlank,
      vocabulary: describeChoice(plan.vocabulary),
      tokenization: plan.tokenization.info,
      ...(plan.tokenization.order ? { wordOrder: plan.tokenization.order.name } : {}),
    },
  });
}

/** The tables; marked as pruned if the source lacks n-grams. */
export function markPruned({ pruned }: CountSource, counted: CountedTables): CountedTables {
  return pruned ? { ...counted, tables: counted.tables.map(asPruned), pruning: { counts: pruned } } : counted;
}

/** Marks a table as pruned with `dropped: 0`, because the number of n-grams that the source left out is unknown. */
function asPruned(table: TableManifest): TableManifest {
  return table.pattern === '1' ? table : { ...table, dropped: 0 };
}

/** The choice of the vocabulary as `kneser inspect` shows it. */
function describeChoice(choice: VocabularyChoice): string {
  switch (choice.kind) {
    case 'limit':
      return `limit=${choice.limit}`;
    case 'frequency':
      return `frequency>=${choice.atLeast}`;
    case 'all':
    case 'words':
      return choice.kind;
  }
}
