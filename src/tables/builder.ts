import type { EncodedBlock, TableSummary } from './table-writer.js';
import { TableWriter } from './table-writer.js';
import { tableName, type Pattern, type Stream } from './pattern.js';
import { BOS, NONE } from '../text/tokens.js';
import {
  DICTIONARY_BLOCK_BYTES,
  DICTIONARY_BLOCK_WORDS,
  encodeDictionaryBlock,
  encodeDictionaryDirectory,
} from './dictionary.js';
import { encodeDirectory, FirstRows } from './directory.js';
import {
  blockKey,
  CLASSES_KEY,
  dictionaryKey,
  DICTIONARY_DIRECTORY_KEY,
  directoryKey,
  MANIFEST_KEY,
  TOKENIZER_KEY,
} from '../store/keys.js';
import { encodeManifest, type Manifest } from './manifest.js';
import type { ModelWriter } from '../store/store.js';

/** A word of the dictionary. */
export interface DictionaryEntry {
  readonly word: Uint8Array;
  readonly id: number;
  readonly frequency: number;
}

/**
 * Writes a model: blocks in any order, then the dictionary, the directories, and the manifest last. A store without a
 * manifest is not a model.
 */
export class ModelBuilder {
  dictionaryBlocks = 0;
  private readonly firstRows = new Map<string, FirstRows>();

  constructor(private readonly store: ModelWriter) {}

  /** Blocks of one partition; those of a table come in order. */
  async putBlocks(partition: number, blocks: readonly EncodedBlock[]): Promise<void> {
    // All at once, before anything is waited for: calls may overlap.
    for (const { table, first } of blocks) {
      const rows = this.firstRows.get(table) ?? new FirstRows();
      this.firstRows.set(table, rows);
      rows.add(partition, first);
    }
    for (const { table, first, value } of blocks) await this.store.put(blockKey(table, first), value);
  }

  /** The table of order 1, which no partition has by itself. @param counts by id. */
  async putUnigrams(stream: Stream, counts: Uint32Array): Promise<TableSummary> {
    const blocks: EncodedBlock[] = [];
    const writer = new TableWriter(tableName([], stream), 0, block => blocks.push(block));
    const words = new Uint32Array(counts.length);
    const positive = new Uint32Array(counts.length);
    let length = 0;
    for (let id = 0; id < counts.length; id++) {
      if (counts[id] === 0 || id === BOS || id === NONE) continue;
      words[length] = id;
      positive[length++] = counts[id];
    }
    writer.group(new Uint32Array(0), words, positive, length);
    writer.flush();
    await this.putBlocks(0, blocks);
    return writer.summary;
  }

  /** @param entries sorted by the words' bytes. */
  async putDictionary(entries: Iterable<DictionaryEntry>): Promise<void> {
    const firstWords: Uint8Array[] = [];
    let part: DictionaryEntry[] = [];
    let bytes = 0;
    const putPart = async (): Promise<void> => {
      firstWords.push(part[0].word.slice());
      const value = encodeDictionaryBlock({
        words: part.map(entry => entry.word),
        ids: Float64Array.from(part, entry => entry.id),
        frequencies: Float64Array.from(part, entry => entry.frequency),
      });
      part = [];
      bytes = 0;
      await this.store.put(dictionaryKey(this.dictionaryBlocks++), value);
    };
    for (const entry of entries) {
      part.push(entry);
      bytes += entry.word.length;
      if (part.length === DICTIONARY_BLOCK_WORDS || bytes >= DICTIONARY_BLOCK_BYTES) await putPart();
    }
    if (part.length > 0) await putPart();
    await this.store.put(DICTIONARY_DIRECTORY_KEY, encodeDictionaryDirectory(firstWords));
  }

  /** Ends the tables of a stream. */
  async putDirectories(stream: Stream, patterns: readonly Pattern[]): Promise<void> {
    for (const pattern of patterns) {
      const table = tableName(pattern, stream);
      await this.store.put(directoryKey(table), encodeDirectory(this.firstRows.get(table) ?? [], pattern.length));
    }
  }

  async putClasses(value: Uint8Array): Promise<void> {
    await this.store.put(CLASSES_KEY, value);
  }

  /** A value of another model, as it is. */
  async putValue(key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.store.put(key, value);
  }

  async putTokenizer(value: Uint8Array): Promise<void> {
    await this.store.put(TOKENIZER_KEY, value);
  }

  async finish(manifest: Manifest): Promise<void> {
    await this.store.put(MANIFEST_KEY, encodeManifest(manifest));
    await this.store.finish();
  }

  async abort(): Promise<void> {
    await this.store.abort();
  }
}
