import { FORMAT_VERSION } from '../keys.js';
import { crc32Hex } from '../../base/node/file-digest.js';
import type { SharedFile, TableFile } from '../store.js';

/**
 * The pointer file of a model folder:
 *
 * ```
 * model/
 *   kneser.json            the pointer: names the current generation, with the size and CRC-32 of each of its files
 *   generation-2/tables/   a LevelDB, which never changes once it is published
 *   generation-2/weights/  NAME.weights
 *   kneser.training/       only while a model is built, or after the build was interrupted
 * ```
 *
 * A new model is built as another generation, and becomes the model when a rename replaces the pointer. Each reader opens a private `View`
 * of a generation, which stays readable when the generation is removed.
 */
export const POINTER = 'kneser.json';
/** Matches the names of generations; the group is the number of the generation. */
export const GENERATION = /^generation-(\d+)$/;

/** A file of a generation's LevelDB, as the pointer file has it. */
export interface PointerFile extends SharedFile {
  /** The CRC-32 of the file, as `digestFile` writes it. */
  readonly crc32: string;
}

/** The contents of the pointer file. */
export interface Pointer {
  /** The version of the keys and values: `FORMAT_VERSION` when the model was made. */
  readonly kneser: number;
  readonly generation: string;
  /** When the model was made, ISO 8601. */
  readonly created: string;
  /** The total size of the files, in bytes. */
  readonly bytes: number;
  readonly files: readonly PointerFile[];
}

/** The text of a pointer file: JSON whose last member is the CRC-32 of the other members as `JSON.stringify` writes them. */
export function encodePointer(pointer: Pointer): string {
  return JSON.stringify({ ...pointer, crc32: digestOf(pointer) }, undefined, 1) + '\n';
}

/**
 * Decodes the text of a pointer file. A missing `crc32` is accepted, because early models have none.
 *
 * @param format the version of the model that is wanted.
 * @returns the pointer; the version of a model of another version; `undefined` for text that no version of kneser wrote
 */
export function decodePointer(text: string, format = FORMAT_VERSION): Pointer | number | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { crc32, ...pointer } = value as Partial<Pointer> & { readonly crc32?: unknown };
  if (crc32 !== undefined && crc32 !== digestOf(pointer)) return undefined;
  if (typeof pointer.kneser === 'number' && pointer.kneser !== format) return pointer.kneser;
  return isPointer(pointer) ? pointer : undefined;
}

function digestOf(pointer: Partial<Pointer>): string {
  return crc32Hex(new TextEncoder().encode(JSON.stringify(pointer)));
}

function isPointer(value: Partial<Pointer>): value is Pointer {
  const { files = [] } = value;
  return (
    typeof value.kneser === 'number' &&
    isText(value.generation, GENERATION) &&
    isText(value.created, /^[\dTZ:.-]+$/) &&
    typeof value.bytes === 'number' &&
    Array.isArray(value.files) &&
    (files as readonly (Partial<PointerFile> | null)[]).every(
      file =>
        isText(file?.name, /^[A-Za-z0-9][A-Za-z0-9._-]*$/) &&
        Number.isSafeInteger(file.bytes) &&
        (file.table === undefined || isTableFile(file.table)),
    ) &&
    value.bytes === files.reduce((sum, { bytes }) => sum + bytes, 0)
  );
}

function isTableFile(table: unknown): table is TableFile {
  const { indexFrom, indexCrc32, first, last } = (table ?? {}) as Partial<TableFile>;
  const isOffset = Number.isSafeInteger(indexFrom) && Number(indexFrom) >= 0;
  return isOffset && isText(indexCrc32, /^[0-9a-f]{8}$/) && [first, last].every(key => isText(key, /^([0-9a-f]{2})*$/));
}

/** Whether a value is a string that matches `form`. (A regular expression alone would also match the number 5.) */
function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}
