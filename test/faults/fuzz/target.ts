import type { Random } from './mutate.js';

/** A parser that is given bytes, which others may have made. */
export interface Target {
  /** Inputs that are right, or nearly so: where mutations begin. */
  readonly seeds: readonly Uint8Array[];
  /** What means something to the parser. */
  readonly words?: readonly string[];
  /** What every message must name. */
  readonly names: RegExp;
  /** A change of the target's own, in its structure; without one bytes are changed. */
  readonly mutate?: (bytes: Uint8Array, random: Random) => Uint8Array | undefined;
  /** Takes an input to its end. @throws what the parser throws; {@link Wrong} for a result that must not be. */
  run(bytes: Uint8Array): Promise<void>;
}

/** Makes a target. @param folder where it may make files. */
export type CreateTarget = (folder: string) => Promise<Target> | Target;

/** A result that must not be, such as NaN. */
export class Wrong extends Error {}

/** The first byte of an input, which chooses what the others are given to; 0 where there is none. */
export function firstByte(bytes: Uint8Array): number {
  return bytes.length > 0 ? bytes[0] : 0;
}

/** @throws Wrong for a value that is NaN, in whatever it is. */
export function checkNumbers(value: unknown, path = 'result'): void {
  if (typeof value === 'number' && Number.isNaN(value)) throw new Wrong(`${path} is NaN`);
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Float64Array) {
    if (value.some(Number.isNaN)) throw new Wrong(`${path} has a NaN`);
  } else {
    for (const [key, part] of Object.entries(value)) checkNumbers(part, `${path}.${key}`);
  }
}
