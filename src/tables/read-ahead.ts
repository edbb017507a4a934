import { KneserError } from '../base/errors.js';
import type { ModelStore } from '../store/store.js';

/** Number of values that are read at once: blocks of tables and of the dictionary, of about 8 kB each. */
export const BLOCKS_A_READ = 128;

/** Values of consecutive keys: `values[i]` belongs to key `from` + i. */
export interface ReadValues {
  readonly from: number;
  readonly values: readonly (Uint8Array | undefined)[];
}

/**
 * Reads the values of the keys `first` … `end` − 1, in ascending order and in batches of {@link BLOCKS_A_READ}. Each batch is read while
 * the caller works on the batch before it, so two batches are in memory.
 */
export async function* readAhead(
  store: ModelStore,
  keyOf: (number: number) => Uint8Array,
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
      // A failure is thrown when these values are awaited. The caller may stop before, so the failure must not count as unhandled.
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
  /** Called with the error of each damaged block, which is left out. Without it, the first damaged block ends the reading. */
  readonly onDamage?: (error: KneserError, number: number) => void;
}

/** A decoded value and the number of its key. */
export interface Numbered<Block> {
  readonly number: number;
  readonly block: Block;
}

/**
 * The same values, decoded one after another.
 *
 * @param decode throws KNESER_DAMAGED for a value that is missing or damaged.
 */
export async function* decodeAhead<Block>(
  store: ModelStore,
  keyOf: (number: number) => Uint8Array,
  first: number,
  end: number,
  decode: (number: number, value: Uint8Array | undefined) => Block,
  { onDamage }: DamageOptions,
): AsyncGenerator<Numbered<Block>, void, void> {
  for await (const { from, values } of readAhead(store, keyOf, first, end)) {
    for (let i = 0; i < values.length; i++) {
      const number = from + i;
      let block: Block;
      try {
        block = decode(number, values[i]);
      } catch (error) {
        if (!onDamage || !(error instanceof KneserError && error.code === 'KNESER_DAMAGED')) throw error;
        onDamage(error, number);
        continue;
      }
      yield { number, block };
    }
  }
}
