import { TableWriter, type EncodedBlock, type TableSummary } from './table-writer.js';
import { tableName, type Pattern, type ClassStream, type Stream } from './pattern.js';
import { BOS, NONE } from '../text/tokens.js';
import {
  DICTIONARY_BLOCK_BYTES,
  DICTIONARY_BLOCK_WORDS,
  encodeDictionaryBlock,
  encodeDictionaryDirectory,
  type DictionaryEntry,
} from './dictionary.js';
import { encodeDirectory, FirstRows } from './directory.js';
import {
  blockKey,
  classesKey,
  dictionaryKey,
  DICTIONARY_DIRECTORY_KEY,
  directoryKey,
  ROWS_VERSION,
  MANIFEST_KEY,
  TOKENIZER_KEY,
} from '../store/keys.js';
import { encodeManifest, type Manifest } from './manifest.js';
import type { ModelStore, ModelWriter } from '../store/store.js';
import { copyWords } from './copy.js';

/** A manifest without the entries that {@link ModelBuilder.finish} adds. */
export type ModelDescription = Omit<Manifest, 'format' | 'dictionaryBlocks'>;

/**
 * Writes a store of counted rows. `indexStore` makes a model of such a store.
 *
 * - Input: the blocks of tables, the dictionary, the classes, and the tokenizer's file.
 * - Output: a store with these values, the directories of the tables and of the dictionary, and the manifest.
 * - Calls: the blocks of a table ascend within a partition; the directory of a table comes after its blocks; the manifest comes last,
 *   because a store without a manifest is no model.
 */
export class ModelBuilder {
  private dictionaryBlocks = 0;
  /** By table, the first row of each block that was put. */
  private readonly firstRows = new Map<string, FirstRows>();

  /** @param format `FORMAT_VERSION` if the caller puts the tables into the store as tries, so that the store is a model. */
  constructor(
    private readonly store: ModelWriter,
    private readonly format = ROWS_VERSION,
  ) {}

  /** Puts the next blocks of tables within one partition, which is a range of the context's nearest word. */
  async putBlocks(partition: number, blocks: readonly EncodedBlock[]): Promise<void> {
    // Note all first rows before the first `await`, because calls for other partitions may run during it.
    for (const { table, first } of blocks) {
      const rows = this.firstRows.get(table) ?? new FirstRows();
      this.firstRows.set(table, rows);
      rows.add(partition, first);
    }
    for (const { table, first, value } of blocks) await this.store.put(blockKey(table, first), value);
  }

  /**
   * Puts the table of unigrams, which is counted for the whole text and not by partition.
   *
   * @param counts by word id, the count of the unigram; 0 for words without a row.
   */
  async putUnigrams(stream: Stream, counts: Uint32Array): Promise<TableSummary> {
    const blocks: EncodedBlock[] = [];
    const writer = new TableWriter(tableName([], stream), 0, block => blocks.push(block));
    const { words, positive, length } = unigramRows(counts);
    writer.group(new Uint32Array(0), words, positive, length);
    writer.flush();
    await this.putBlocks(0, blocks);
    return writer.summary;
  }

  /** Puts the dictionary and its directory. @param entries sorted by the words' bytes, as `sortedDictionary` gives them. */
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
      await this.putDictionaryBlocks([value]);
    };
    for (const entry of entries) {
      part.push(entry);
      bytes += entry.word.length;
      if (part.length === DICTIONARY_BLOCK_WORDS || bytes >= DICTIONARY_BLOCK_BYTES) await putPart();
    }
    if (part.length > 0) await putPart();
    await this.putDictionaryDirectory(firstWords);
  }

  /** Puts the next blocks of a dictionary, which are encoded already. */
  async putDictionaryBlocks(blocks: readonly Uint8Array[]): Promise<void> {
    for (const block of blocks) await this.store.put(dictionaryKey(this.dictionaryBlocks++), block);
  }

  /** Puts the directory of the dictionary. @param firstWords the first word of each block, as UTF-8. */
  async putDictionaryDirectory(firstWords: readonly Uint8Array[]): Promise<void> {
    await this.store.put(DICTIONARY_DIRECTORY_KEY, encodeDictionaryDirectory(firstWords));
  }

  /** Copies the dictionary, classes and tokenizer of a model as they are. @throws KNESER_DAMAGED */
  async copyWords(from: ModelStore, manifest: Manifest): Promise<void> {
    await copyWords(from, manifest, this.store);
    this.dictionaryBlocks = manifest.dictionaryBlocks;
  }

  /** Puts the directories of tables whose blocks are complete. */
  async putDirectories(stream: Stream, patterns: readonly Pattern[]): Promise<void> {
    for (const pattern of patterns) {
      const table = tableName(pattern, stream);
      await this.store.put(directoryKey(table), encodeDirectory(this.firstRows.get(table) ?? [], pattern.length));
    }
  }

  /** Puts the classes of the words in a clustering. @param value as `encodeClasses` makes it. */
  async putClasses(stream: ClassStream, value: Uint8Array): Promise<void> {
    await this.store.put(classesKey(stream), value);
  }

  /** Puts the tokenizer's file. @param value as `encodeTokenizer` makes it. */
  async putTokenizer(value: Uint8Array): Promise<void> {
    await this.store.put(TOKENIZER_KEY, value);
  }

  /** Puts the manifest, and closes the store. The one place where manifests are made. @returns the manifest. */
  async finish(model: ModelDescription): Promise<Manifest> {
    const { kind, order, sentences, tokens, vocabulary, unknown } = model;
    const { tables, clusterings, modelM, options, pruning } = model;
    // The order of the members is part of the manifest's bytes.
    const manifest: Manifest = {
      format: this.format,
      ...(kind ? { kind } : {}),
      order,
      sentences,
      tokens,
      vocabulary,
      unknown,
      dictionaryBlocks: this.dictionaryBlocks,
      tables,
      clusterings,
      ...(modelM ? { modelM } : {}),
      options,
      ...(pruning ? { pruning } : {}),
    };
    await this.store.put(MANIFEST_KEY, encodeManifest(manifest));
    await this.store.finish();
    return manifest;
  }

  /** Closes the store without a manifest: it is no model. */
  async abort(): Promise<void> {
    await this.store.abort();
  }
}

/** The rows of the table of unigrams: words with a count above 0, except `<s>`. @param counts by word id, the count of the unigram. */
export function unigramRows(counts: ArrayLike<number>): {
  /** By row, the word id, ascending. */
  readonly words: Uint32Array;
  /** By row, the count. */
  readonly positive: Uint32Array;
  /** Number of rows; the arrays may be longer. */
  readonly length: number;
} {
  const words = new Uint32Array(counts.length);
  const positive = new Uint32Array(counts.length);
  let length = 0;
  for (let id = 0; id < counts.length; id++) {
    if (counts[id] === 0 || id === BOS || id === NONE) continue;
    words[length] = id;
    positive[length++] = counts[id];
  }
  return { words, positive, length };
}
