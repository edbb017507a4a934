import { KneserError } from '../base/errors.js';
import type { ModelStore } from '../store/store.js';

/** Number of values that are read at once: blocks of tables and of the dictionary, of about 8 kB each. */
export const BLOCKS_A_READ = 128;

/** Values of consecutive blocks: `values[i]` is the value of block `from` + i, or `undefined` if the store lacks it. */
export interface ReadValues {
  readonly from: number;
  readonly values: readonly (Uint8Array | undefined)[];
}

/**
 * Reads the values of the blocks `first` … `end` − 1, in this order and in batches of {@link BLOCKS_A_READ}. Each batch is read while the
 * caller works on the batch before, so that two batches are in memory.
 *
 * @param keyOf the key of a block, by the index of the block.
 */
export async function* readAhead(
  store: ModelStore,
  keyOf: (index: number) => Uint8Array,
  first: number,
  end: number,
): AsyncGenerator<ReadValues, void, void> {
  const read = (from: number): Promise<ReadValues['values']> => {
    const length = Math.min(BLOCKS_A_READ, end - from);
    return length > 0 ? store.getMany(Array.from({ length }, (_, i) => keyOf(from + i))) : Promise.resolve([]);
  };
  let reading = read(first);
  try {
    for (let from = first; from < end; from += BLOCKS_A_READ) {
      const values = await reading;
      reading = read(from + BLOCKS_A_READ);
      // A failure is thrown when these values are awaited. If the caller stops before, it must not count as an unhandled failure.
      reading.catch(() => undefined);
      yield { from, values };
    }
  } finally {
    // A caller that stops early may close the store next.
    await reading.catch(() => undefined);
  }
}

/** How damaged values are treated. */
export interface DamageOptions {
  /** Called with the error and the index of each damaged block, which is left out. Without it, the first damaged block ends the reading. */
  readonly onDamage?: (error: KneserError, index: number) => void;
}

/** A decoded block, and its index among the blocks of its table or dictionary. */
export interface BlockAt<Block> {
  readonly index: number;
  readonly block: Block;
}

/**
 * As {@link readAhead}, but decodes the values and yields one block at a time.
 *
 * @param decode throws KNESER_DAMAGED for a value that is missing or damaged.
 */
export async function* decodeAhead<Block>(
  store: ModelStore,
  keyOf: (index: number) => Uint8Array,
  first: number,
  end: number,
  decode: (index: number, value: Uint8Array | undefined) => Block,
  { onDamage }: DamageOptions,
): AsyncGenerator<BlockAt<Block>, void, void> {
  for await (const { from, values } of readAhead(store, keyOf, first, end)) {
    for (let i = 0; i < values.length; i++) {
      const index = from + i;
      let block: Block;
      try {
        block = decode(index, values[i]);
      } catch (error) {
        if (!onDamage || !(error instanceof KneserError && error.code === 'KNESER_DAMAGED')) throw error;
        onDamage(error, index);
        continue;
      }
      yield { index, block };
    }
  }
}
