import { grown } from '../base/grown.js';
import type { ModelStore } from '../store/store.js';
import type { TableCursor } from './cursor.js';
import { openCursor } from './open-cursor.js';
import { tableName, type Pattern, type Stream } from './pattern.js';

/** A list of contexts of one table, ascending. */
export class ContextList {
  /** Number of contexts. */
  length = 0;
  /** The word ids of the contexts, one context after the other, nearest word first. */
  private words: Uint32Array;

  /** @param width words of a context. */
  constructor(private readonly width: number) {
    this.words = new Uint32Array(16 * Math.max(1, width));
  }

  /** Adds the nearest `width` words of a context, unless these words were added last. */
  add(context: Uint32Array): void {
    const { width } = this;
    if (this.length > 0 && this.compare(this.length - 1, context) === 0) return;
    const at = this.length * width;
    if (at + width > this.words.length) {
      this.words = grown(this.words, 2 * this.words.length);
    }
    this.words.set(context.subarray(0, width), at);
    this.length++;
  }

  /** Restores the methods of a list that another thread sent, because a message has only the data. */
  static from({ width, words, length }: ContextList): ContextList {
    return Object.assign(new ContextList(width), { words, length });
  }

  /** The words of context `index`, nearest word first. */
  at(index: number): Uint32Array {
    return this.words.subarray(index * this.width, (index + 1) * this.width);
  }

  /** Compares context `index` with the nearest `width` words of another context: below 0 if it comes before. */
  compare(index: number, context: Uint32Array): number {
    return compareWords(this.at(index), context);
  }
}

/**
 * Finds the contexts that tries need and a back-off model lacks. A trie needs the parent of each context, which is the context without
 * its farthest word. A context may exist only for its back-off; its parent may then have neither followers nor a back-off, so that the
 * tables of the model lack the parent.
 *
 * @param patterns the contiguous patterns of the model, lower orders first.
 * @returns the missing contexts of each table.
 */
export async function missingParents(
  store: ModelStore,
  patterns: readonly Pattern[],
  stream: Stream,
): Promise<ContextList[]> {
  const missing = patterns.map(({ length }) => new ContextList(length));
  const open = (width: number): Promise<TableCursor> =>
    openCursor(store, tableName(patterns[width], stream), width, () => undefined);
  for (let width = patterns.length - 1; width > 1; width--) {
    const [cursor, parents] = [await open(width), await open(width - 1)];
    for (let inserted = 0; ;) {
      const isInserted =
        inserted < missing[width].length && (cursor.done || missing[width].compare(inserted, cursor.context) < 0);
      if (!isInserted && cursor.done) break;
      const context = isInserted ? missing[width].at(inserted) : cursor.context;
      while (!parents.done && compareWords(parents.context, context) < 0) {
        const reading = parents.advance();
        if (reading) await reading;
      }
      if (parents.done || compareWords(parents.context, context) !== 0) missing[width - 1].add(context);
      if (isInserted) {
        inserted++;
        continue;
      }
      const reading = cursor.advance();
      if (reading) await reading;
    }
  }
  return missing;
}

/** Compares a context with the first words of another one. */
function compareWords(context: Uint32Array, other: Uint32Array): number {
  for (let j = 0; j < context.length; j++) if (context[j] !== other[j]) return context[j] < other[j] ? -1 : 1;
  return 0;
}
