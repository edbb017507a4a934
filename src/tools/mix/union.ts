import { NOT_IN_VOCABULARY } from '../../model/lookup/words.js';
import type { ModelStore } from '../../store/store.js';
import { readDictionary } from '../../tables/dictionary-reader.js';
import { wordIds, type Manifest } from '../../tables/manifest.js';
import { contiguous, formatPattern } from '../../tables/pattern.js';
import { openTable, readBlocks } from '../../tables/table-reader.js';
import { BOS, NONE, UNK } from '../../text/tokens.js';
import { hashBytes, WordList } from '../../text/word-list.js';
import { Ngrams } from '../arpa/ngrams.js';

/** A model whose words and n-grams are joined with those of others. */
export interface JoinedModel {
  readonly store: ModelStore;
  readonly manifest: Manifest;
  /** By its own word id, the joined id. */
  readonly numbers: Uint32Array;
}

/** Adds the words of a model to the joined list. The joined id of a word is its number in the list. */
export async function joinWords(store: ModelStore, manifest: Manifest, words: WordList): Promise<JoinedModel> {
  const numbers = new Uint32Array(wordIds(manifest));
  for await (const { block } of readDictionary(store, manifest)) {
    for (const [i, word] of block.words.entries()) {
      numbers[block.ids[i]] = words.add(word, 0, word.length, hashBytes(word, 0, word.length));
    }
  }
  return { store, manifest, numbers };
}

/** By joined id, the id in a model, or `NOT_IN_VOCABULARY`. */
export function idsOf({ numbers }: JoinedModel, types: number): Uint32Array {
  const ids = new Uint32Array(types).fill(NOT_IN_VOCABULARY);
  for (let id = UNK; id < numbers.length; id++) ids[numbers[id]] = id;
  return ids;
}

/**
 * The n-grams that at least one model has, without numbers. Of order 1: all words, `<unk>`, `<s>` and `</s>`. Order: sorted, as the store has
 * them.
 *
 * @param types joined ids are below this.
 * @param onRows told of rows as they are read.
 */
export async function joinNgrams(
  models: readonly JoinedModel[],
  order: number,
  types: number,
  onRows: (rows: number) => void,
): Promise<Ngrams[]> {
  const orders: Ngrams[] = [];
  for (let length = 1; length <= order; length++) {
    const all = new Ngrams(length, length === order, types);
    const words = new Uint32Array(length);
    for (const model of models) {
      if (length > 1 && length <= model.manifest.order) await addRows(model, words, all, onRows);
    }
    if (length === 1) {
      for (let id = UNK; id < types; id++) {
        words[0] = id;
        all.fill(words);
      }
    }
    all.sort(types);
    orders.push(length === 1 ? all : withoutRepetition(all));
  }
  return orders;
}

async function addRows(
  { store, numbers }: JoinedModel,
  words: Uint32Array,
  to: Ngrams,
  onRows: (rows: number) => void,
): Promise<void> {
  const width = words.length - 1;
  const table = await openTable(store, formatPattern(contiguous(words.length)), width);
  for await (const { block } of readBlocks(store, table)) {
    const { contexts, contextCount, starts } = block;
    onRows(starts[contextCount]);
    for (let c = 0; c < contextCount; c++) {
      for (let j = 0; j < width; j++) words[width - 1 - j] = numbers[contexts[j][c]];
      for (let row = starts[c]; row < starts[c + 1]; row++) {
        const word = block.words[row];
        // A context without followers, and a marked word of other toolkits, are no n-grams.
        if (word === NONE || word === BOS) continue;
        words[width] = numbers[word];
        to.fill(words);
      }
    }
  }
}

/** The same n-grams, sorted, each once. */
function withoutRepetition(ngrams: Ngrams): Ngrams {
  const { order, isHighest, length } = ngrams;
  const once = new Ngrams(order, isHighest, length);
  const words = new Uint32Array(order);
  for (let row = 0; row < length; row++) {
    let isSame = row > 0;
    for (let j = 0; j < order; j++) {
      isSame &&= ngrams.columns[j][row] === words[j];
      words[j] = ngrams.columns[j][row];
    }
    if (!isSame) once.fill(words);
  }
  return once;
}

/** By order and n-gram, bit i: whether the n-gram is a context of model i, which has n-grams one word longer that begin with it. */
export async function contextBits(models: readonly JoinedModel[], orders: readonly Ngrams[]): Promise<Uint32Array[]> {
  const bits = orders.map(({ length }) => new Uint32Array(length));
  for (const [i, { store, manifest, numbers }] of models.entries()) {
    for (let width = 1; width < manifest.order; width++) {
      const context = new Uint32Array(width);
      const table = await openTable(store, formatPattern(contiguous(width + 1)), width);
      for await (const { block } of readBlocks(store, table)) {
        const { contexts, contextCount, starts } = block;
        for (let c = 0; c < contextCount; c++) {
          if (block.words[starts[c]] === NONE) continue;
          for (let j = 0; j < width; j++) context[width - 1 - j] = numbers[contexts[j][c]];
          const row = orders[width - 1].find(context);
          if (row >= 0) bits[width - 1][row] |= 1 << i;
        }
      }
    }
  }
  return bits;
}
