import type { Progress } from '../../base/progress.js';
import type { NewModel } from '../../store/folder/write-model.js';
import { ModelBuilder, type ModelDescription } from '../../tables/builder.js';
import { sortedDictionary } from '../../tables/dictionary.js';
import { writeIndexed } from '../../tables/node/write-indexed.js';
import type { WordList } from '../../text/word-list.js';
import type { Ngrams } from './ngrams.js';
import { putTables } from './put-tables.js';

/** The members of a back-off model beside its n-grams and its words. */
interface BackoffDescription extends Pick<ModelDescription, 'unknown'> {
  readonly options: Omit<ModelDescription['options'], 'vocabulary'>;
  /** The tokenizer's file, if the model has one. */
  readonly tokenizer?: Uint8Array | undefined;
}

/**
 * Writes a back-off model, which has no counts.
 *
 * @param orders the n-grams by order, as `putTables` takes them; their word ids are those of `words`.
 * @param onProgress called with the n-grams that are stored, then with those that are indexed; throws to stop.
 */
export async function writeBackoff(
  model: NewModel,
  orders: readonly Ngrams[],
  words: WordList,
  { unknown, options, tokenizer }: BackoffDescription,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  const report = (stage: 'store' | 'index') => (done: number, total: number) =>
    onProgress({ stage, done, total, unit: 'n-grams' });
  const types = words.size + 1;
  await writeIndexed(
    model,
    async writer => {
      const builder = new ModelBuilder(writer);
      const tables = await putTables(builder, orders, types, report('store'));
      const numbers = Uint32Array.from({ length: types }, (_, id) => id);
      await builder.putDictionary(sortedDictionary(words, numbers, new Float64Array(types)));
      if (tokenizer) await builder.putTokenizer(tokenizer);
      return builder.finish({
        kind: 'backoff',
        order: orders.length,
        sentences: 0,
        tokens: 0,
        vocabulary: types - 2,
        unknown,
        tables,
        clusterings: [],
        options: { ...options, vocabulary: 'words' },
      });
    },
    report('index'),
  );
}
