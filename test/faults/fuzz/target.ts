import type { Random } from './mutate.js';

/** A parser whose input others may have made. */
export interface Target {
  /** Right or nearly right inputs, which are mutated. */
  readonly seeds: readonly Uint8Array[];
  /** Words of the format, which mutations insert. */
  readonly words?: readonly string[];
  /** The pattern of the name that every message must hold. */
  readonly names: RegExp;
  /** Changes an input in its structure. Default: bytes are changed. */
  readonly mutate?: (bytes: Uint8Array, random: Random) => Uint8Array | undefined;
  /** Parses an input and uses the result. @throws the parser's error, or {@link Wrong} for an impossible result. */
  run(bytes: Uint8Array): Promise<void>;
}

/** Makes a target. @param folder the folder for its files. */
export type CreateTarget = (folder: string) => Promise<Target> | Target;

/** The error for an impossible result, such as NaN. */
export class Wrong extends Error {}

/** The first byte of an input, which chooses how the other bytes are parsed; 0 for an empty input. */
export function firstByte(bytes: Uint8Array): number {
  return bytes.length > 0 ? bytes[0] : 0;
}

/** Checks a result. @throws Wrong if it is NaN, or contains NaN at any depth. */
export function checkNumbers(value: unknown, path = 'result'): void {
  if (typeof value === 'number' && Number.isNaN(value)) throw new Wrong(`${path} is NaN`);
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Float64Array) {
    if (value.some(Number.isNaN)) throw new Wrong(`${path} has a NaN`);
  } else {
    for (const [key, part] of Object.entries(value)) checkNumbers(part, `${path}.${key}`);
  }
}
