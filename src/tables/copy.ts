import { classesKey, DICTIONARY_DIRECTORY_KEY, dictionaryKey, TOKENIZER_KEY } from '../store/keys.js';
import type { ModelStore, ModelWriter } from '../store/store.js';
import { isTokenizerFile } from '../text/tokenization.js';
import { readEncodedDictionary } from './dictionary-reader.js';
import type { Manifest } from './manifest.js';
import { intactValue } from './table-reader.js';

/**
 * Copies the values of a model that describe its words, byte for byte: the dictionary and, if the model has them, the classes and the
 * tokenizer's file.
 *
 * @throws KNESER_DAMAGED
 */
export async function copyWords(
  from: ModelStore,
  { dictionaryBlocks, clusterings, options }: Manifest,
  to: Pick<ModelWriter, 'put'>,
): Promise<void> {
  let copied = 0;
  for await (const blocks of readEncodedDictionary(from, { dictionaryBlocks })) {
    for (const block of blocks) await to.put(dictionaryKey(copied++), block);
  }
  const copy = async (name: string, key: Uint8Array): Promise<void> =>
    to.put(key, intactValue(`${from.name}: ${name}`, await from.get(key)));
  await copy('dictionary, directory', DICTIONARY_DIRECTORY_KEY);
  for (const { stream } of clusterings) await copy(stream, classesKey(stream));
  if (isTokenizerFile(options.tokenization.tokenizer)) await copy('tokenizer', TOKENIZER_KEY);
}
