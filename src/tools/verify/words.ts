import { decodeClasses } from '../../tables/classes.js';
import { readDictionary, readDictionaryDirectory } from '../../tables/dictionary-reader.js';
import { decodeValue } from '../../base/decode.js';
import { classesKey } from '../../store/keys.js';
import { classIds, wordIds, type Manifest } from '../../tables/manifest.js';
import type { ModelStore } from '../../store/store.js';
import { compareBytes } from '../../base/bytes.js';
import { BOS, EOS, FIRST_WORD, UNK } from '../../text/tokens.js';
import type { Findings } from './findings.js';

/**
 * Checks the dictionary: its blocks can be read, its words ascend, every id has exactly one word, and frequencies add up to the sums
 * in the manifest.
 */
export async function checkDictionary(store: ModelStore, manifest: Manifest, findings: Findings): Promise<void> {
  const check = 'words';
  const firstWords = await findings.try(check, 'dictionary', () => readDictionaryDirectory(store));
  if (!firstWords) return;
  const { dictionaryBlocks } = manifest;
  if (firstWords.length !== dictionaryBlocks) {
    const problem = `has ${firstWords.length} blocks; the manifest says ${dictionaryBlocks}`;
    findings.add(check, 'dictionary', problem);
    return;
  }
  // By id: how many words have it.
  const seen = new Uint8Array(wordIds(manifest));
  let tokens = 0;
  let unknown = 0;
  let last: Uint8Array | undefined;
  const before = findings.count;
  const placeOf = (index: number): string => `dictionary, block ${index}`;
  const onDamage = (error: Error, index: number): void => findings.add(check, placeOf(index), error.message);
  for await (const { index, block } of readDictionary(store, manifest, { firstWords, onDamage })) {
    const place = placeOf(index);
    findings.checked(check, block.words.length);
    for (const [i, word] of block.words.entries()) {
      const id = block.ids[i];
      if (last && compareBytes(last, word) >= 0) findings.add(check, place, 'has words that are not in order');
      if (id === 0) findings.add(check, place, 'has the id 0, which no word has');
      else if (seen[id]++ > 0) findings.add(check, place, `has the id ${id}, which another word has`);
      if (id !== BOS) tokens += block.frequencies[i];
      if (id === UNK) unknown = block.frequencies[i];
      last = word;
    }
  }
  if (findings.count > before) return;
  const unusedId = seen.findIndex((count, id) => count === 0 && id > EOS);
  if (unusedId > 0) findings.add(check, 'dictionary', `lacks the word of the id ${unusedId}`);
  if (manifest.kind === 'backoff') return;
  if (tokens !== manifest.tokens || unknown !== manifest.unknown) {
    const problem = `counts ${tokens} tokens, ${unknown} of them unknown; the manifest says ${manifest.tokens} and ${manifest.unknown}`;
    findings.add(check, 'dictionary', problem);
  }
}

/** Checks that the classes of each clustering can be read, and that they are as many, of as many words, as the manifest says. */
export async function checkClasses(store: ModelStore, manifest: Manifest, findings: Findings): Promise<void> {
  const check = 'classes';
  for (const clustering of manifest.clusterings) {
    const { stream } = clustering;
    await findings.try(check, stream, async () => {
      const value = await store.get(classesKey(stream));
      const { count, of } = decodeValue(`${store.name}: ${stream}`, value, decodeClasses);
      findings.checked(check, count - FIRST_WORD);
      const [classes, ids] = [classIds(clustering), wordIds(manifest)];
      if (count !== classes || of.length !== ids) {
        const problem = `has ${count} ids of classes and ${of.length} of words; the manifest says ${classes} and ${ids}`;
        findings.add(check, stream, problem);
      }
    });
  }
}
