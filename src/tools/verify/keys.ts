import type { TrieDirectory } from '../../tables/trie-directory.js';
import {
  classesKey,
  DICTIONARY_DIRECTORY_KEY,
  dictionaryKey,
  MANIFEST_KEY,
  TOKENIZER_KEY,
  trieBlockKey,
  trieKey,
} from '../../store/keys.js';
import type { ModelStore } from '../../store/store.js';
import { allTables, type Manifest } from '../../tables/manifest.js';
import { compareBytes } from '../../base/bytes.js';
import type { Findings } from './findings.js';
import { isTokenizerFile } from '../../text/tokenization.js';

const CHECK = 'keys';
const TABLE = /^table\/([1c-hkw_]+)\//;

/**
 * Checks that the store has no keys but those of the model. The checks that read the values find missing keys.
 *
 * @param directories the directories that could be read, by table.
 */
export async function checkKeys(
  store: ModelStore,
  manifest: Manifest,
  directories: ReadonlyMap<string, TrieDirectory>,
  findings: Findings,
): Promise<void> {
  const single = new Set(singleKeys(manifest).map(textOf));
  // By table: the first block whose key was not met yet.
  const next = new Map<string, number>();
  for await (const [key] of store.entries()) {
    findings.checked(CHECK);
    const text = textOf(key);
    if (single.has(text)) continue;
    const table = TABLE.exec(text)?.[1] ?? '';
    const directory = directories.get(table);
    // The keys of a table come in the order of its blocks.
    let block = next.get(table) ?? 0;
    let compared = 1;
    for (; directory && block < directory.parents.length; block++) {
      compared = compareBytes(trieBlockKey(table, block), key);
      if (compared >= 0) break;
    }
    next.set(table, compared === 0 ? block + 1 : block);
    // Without a readable directory, which is a finding of another check, the keys of a table cannot be checked.
    const isUncheckable = table !== '' && !directory && isTable(manifest, table);
    if (compared !== 0 && !isUncheckable) findings.add(CHECK, `key ${JSON.stringify(text)}`, 'is no key of the model');
  }
}

function isTable(manifest: Manifest, name: string): boolean {
  return allTables(manifest).some(({ pattern }) => pattern === name);
}

/** All keys of a model except those of table blocks. */
function singleKeys(manifest: Manifest): Uint8Array[] {
  const { clusterings, dictionaryBlocks, options } = manifest;
  const keys = Array.from({ length: dictionaryBlocks }, (_, index) => dictionaryKey(index));
  for (const { pattern } of allTables(manifest)) keys.push(trieKey(pattern));
  keys.push(MANIFEST_KEY, DICTIONARY_DIRECTORY_KEY);
  for (const { stream } of clusterings) keys.push(classesKey(stream));
  if (isTokenizerFile(options.tokenization.tokenizer)) keys.push(TOKENIZER_KEY);
  return keys;
}

/** The bytes of a key as text, one character for each byte. */
function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
