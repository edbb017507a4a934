import { NOT_IN_VOCABULARY } from '../../model/lookup/words.js';
import type { ModelStore } from '../../store/store.js';
import type { Manifest } from '../../tables/manifest.js';
import { contiguous, formatPattern } from '../../tables/pattern.js';
import { openTable, readBlocks } from '../../tables/table-reader.js';
import { BOS, NONE, UNK } from '../../text/tokens.js';
import { Ngrams } from '../arpa/ngrams.js';

/**
 * A model whose words and n-grams are joined with those of other models. A joined id is the id of a word in the list of the words of all
 * models.
 */
export interface JoinedModel {
  readonly store: ModelStore;
  readonly manifest: Manifest;
  /** By word id of this model: the joined id. */
  readonly joinedIds: Uint32Array;
}

/** By joined id: the word id in one model, or `NOT_IN_VOCABULARY`. */
export function idsOf({ joinedIds }: JoinedModel, types: number): Uint32Array {
  const ids = new Uint32Array(types).fill(NOT_IN_VOCABULARY);
  for (let id = UNK; id < joinedIds.length; id++) ids[joinedIds[id]] = id;
  return ids;
}

/**
 * The n-grams that at least one model has, by order from 1 on, without numbers (log10 p is NaN). Order 1 has all words, `<unk>`, `<s>`
 * and `</s>`. The rows of each order are sorted.
 *
 * @param types all joined ids are below it.
 * @param onRows called with the number of rows of each block that was read.
 */
export async function joinNgrams(
  models: readonly JoinedModel[],
  order: number,
  types: number,
  onRows: (rows: number) => void,
): Promise<Ngrams[]> {
  const orders: Ngrams[] = [];
  for (let length = 1; length <= order; length++) {
    const ngrams = new Ngrams(length, length === order, types);
    const words = new Uint32Array(length);
    for (const model of models) {
      if (length > 1 && length <= model.manifest.order) await addRows(model, words, ngrams, onRows);
    }
    if (length === 1) {
      for (let id = UNK; id < types; id++) {
        words[0] = id;
        ngrams.fill(words);
      }
    }
    ngrams.sort(types);
    orders.push(length === 1 ? ngrams : distinct(ngrams));
  }
  return orders;
}

/** Adds the n-grams of one table of a model to `to`, as joined ids. @param words a buffer for one n-gram: its length is the order. */
async function addRows(
  { store, joinedIds }: JoinedModel,
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
      for (let j = 0; j < width; j++) words[width - 1 - j] = joinedIds[contexts[j][c]];
      for (let row = starts[c]; row < starts[c + 1]; row++) {
        const word = block.words[row];
        // The row of a context without followers is no n-gram. Nor is one that ends with `<s>`, which other toolkits write.
        if (word === NONE || word === BOS) continue;
        words[width] = joinedIds[word];
        to.fill(words);
      }
    }
  }
}

/** The distinct n-grams of sorted ones, sorted. */
function distinct(ngrams: Ngrams): Ngrams {
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

/**
 * For each n-gram of `orders` (indices: order − 1, row), a number whose bit i is 1 if the n-gram is a context of model i, that is, if the
 * model has an n-gram one word longer that begins with it.
 */
export async function contextBits(models: readonly JoinedModel[], orders: readonly Ngrams[]): Promise<Uint32Array[]> {
  const bits = orders.map(({ length }) => new Uint32Array(length));
  for (const [i, { store, manifest, joinedIds }] of models.entries()) {
    for (let width = 1; width < manifest.order; width++) {
      const context = new Uint32Array(width);
      const table = await openTable(store, formatPattern(contiguous(width + 1)), width);
      for await (const { block } of readBlocks(store, table)) {
        const { contexts, contextCount, starts } = block;
        for (let c = 0; c < contextCount; c++) {
          if (block.words[starts[c]] === NONE) continue;
          for (let j = 0; j < width; j++) context[width - 1 - j] = joinedIds[contexts[j][c]];
          const row = orders[width - 1].find(context);
          if (row >= 0) bits[width - 1][row] |= 1 << i;
        }
      }
    }
  }
  return bits;
}
