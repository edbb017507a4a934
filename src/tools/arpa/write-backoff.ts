import type { Progress } from '../../base/progress.js';
import type { NewModel } from '../../store/folder/write-model.js';
import { FORMAT_VERSION } from '../../store/keys.js';
import { ModelBuilder, type ModelDescription } from '../../tables/builder.js';
import { sortedDictionary } from '../../tables/dictionary.js';
import type { WordList } from '../../text/word-list.js';
import type { Ngrams } from './ngrams.js';
import { putTries } from './put-tries.js';

/** The members of a back-off model beside its n-grams and its words. */
interface BackoffDescription extends Pick<ModelDescription, 'unknown'> {
  readonly options: Omit<ModelDescription['options'], 'vocabulary'>;
  /** The tokenizer's file, if the model has one. */
  readonly tokenizer?: Uint8Array | undefined;
}

/**
 * Writes a back-off model, which has no counts.
 *
 * @param orders the n-grams by order, as `putTries` takes them; their word ids are those of `words`.
 * @param onProgress called with the n-grams that are stored; throws to stop.
 */
export async function writeBackoff(
  model: NewModel,
  orders: readonly Ngrams[],
  words: WordList,
  { unknown, options, tokenizer }: BackoffDescription,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  const types = words.size + 1;
  const store = await model.createStore();
  try {
    const tables = await putTries(store, orders, types, (done, total) =>
      onProgress({ stage: 'store', done, total, unit: 'n-grams' }),
    );
    const builder = new ModelBuilder(store, FORMAT_VERSION);
    const numbers = Uint32Array.from({ length: types }, (_, id) => id);
    await builder.putDictionary(sortedDictionary(words, numbers, new Float64Array(types)));
    if (tokenizer) await builder.putTokenizer(tokenizer);
    await builder.finish({
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
  } catch (error) {
    await store.abort();
    throw error;
  }
}
