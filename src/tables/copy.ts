import { CLASSES_KEY, TOKENIZER_KEY } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import type { ModelBuilder } from './builder.js';
import { readDictionaryDirectory, readEncodedDictionary } from './dictionary-reader.js';
import type { Manifest } from './manifest.js';
import { intactValue, openTable, readEncodedBlocks } from './table-reader.js';
import { isTokenizerFile } from '../text/tokenization.js';

/** Copies the blocks of a table as they are. @param width words of a context. @throws KNESER_DAMAGED */
export async function copyTable(store: ModelStore, table: string, width: number, builder: ModelBuilder): Promise<void> {
  for await (const blocks of readEncodedBlocks(store, await openTable(store, table, width))) {
    await builder.putBlocks(0, blocks);
  }
}

/**
 * Copies the dictionary as it is, and the words' classes and the tokenizer's file where the model has them.
 *
 * @throws KNESER_DAMAGED
 */
export async function copyWords(store: ModelStore, manifest: Manifest, builder: ModelBuilder): Promise<void> {
  for await (const blocks of readEncodedDictionary(store, manifest)) await builder.putDictionaryBlocks(blocks);
  await builder.putDictionaryDirectory(await readDictionaryDirectory(store));
  const { classes, options } = manifest;
  if (classes > 0) {
    await builder.putClasses(intactValue(`${store.name}: classes`, await store.get(CLASSES_KEY)));
  }
  if (isTokenizerFile(options.tokenization.tokenizer)) {
    await builder.putTokenizer(intactValue(`${store.name}: tokenizer`, await store.get(TOKENIZER_KEY)));
  }
}
