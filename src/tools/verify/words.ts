import { decodeClasses } from '../../tables/classes.js';
import { decodeBlockValue, readDictionaryDirectory } from '../../model/lookup/words.js';
import { decodeValue } from '../../base/decode.js';
import { CLASSES_KEY, dictionaryKey } from '../../store/keys.js';
import { wordIds, type Manifest } from '../../tables/manifest.js';
import type { ModelStore } from '../../store/store.js';
import { compareBytes } from '../../base/bytes.js';
import { BOS, EOS, FIRST_WORD, UNK } from '../../text/tokens.js';
import type { Findings } from './findings.js';

/** Checks that the dictionary can be read, that its words ascend, and that every id has one word. */
export async function checkDictionary(store: ModelStore, manifest: Manifest, findings: Findings): Promise<void> {
  const check = 'words';
  const first = await findings.try(check, 'dictionary', () => readDictionaryDirectory(store));
  if (!first) return;
  const { dictionaryBlocks } = manifest;
  if (first.length !== dictionaryBlocks) {
    const problem = `has ${first.length} blocks; the manifest says ${dictionaryBlocks}`;
    findings.add(check, 'dictionary', problem);
    return;
  }
  const seen = new Uint8Array(wordIds(manifest));
  let tokens = 0;
  let unknown = 0;
  let last: Uint8Array | undefined;
  const before = findings.count;
  for (let number = 0; number < dictionaryBlocks; number++) {
    const place = `dictionary, block ${number}`;
    const value = await store.get(dictionaryKey(number));
    const block = await findings.try(check, place, () => decodeBlockValue(store, number, value, first[number]));
    if (!block) continue;
    findings.checked(check, block.words.length);
    for (const [i, word] of block.words.entries()) {
      const id = block.ids[i];
      if (last && compareBytes(last, word) >= 0) findings.add(check, place, 'has words that are not in order');
      if (!(id > 0 && id < seen.length)) findings.add(check, place, `has the id ${id}, which is none`);
      else if (seen[id]++ > 0) findings.add(check, place, `has the id ${id}, which another word has`);
      if (id !== BOS) tokens += block.frequencies[i];
      if (id === UNK) unknown = block.frequencies[i];
      last = word;
    }
  }
  if (findings.count > before) return;
  const without = seen.findIndex((count, id) => count === 0 && id > EOS);
  if (without > 0) findings.add(check, 'dictionary', `lacks the word of the id ${without}`);
  if (manifest.kind === 'backoff') return;
  if (tokens !== manifest.tokens || unknown !== manifest.unknown) {
    const problem = `counts ${tokens} tokens, ${unknown} of them unknown; the manifest says ${manifest.tokens} and ${manifest.unknown}`;
    findings.add(check, 'dictionary', problem);
  }
}

/** Checks that the classes of words can be read, and that every word has one. */
export async function checkClasses(store: ModelStore, manifest: Manifest, findings: Findings): Promise<void> {
  if (manifest.classes === 0) return;
  const check = 'classes';
  await findings.try(check, check, async () => {
    const { count, of } = decodeValue(`${store.name}: classes`, await store.get(CLASSES_KEY), decodeClasses);
    findings.checked(check, count - FIRST_WORD);
    if (count !== FIRST_WORD + manifest.classes || of.length !== wordIds(manifest)) {
      const problem = `has ${count - FIRST_WORD} classes of ${of.length} words; the manifest says otherwise`;
      findings.add(check, check, problem);
    }
  });
}
