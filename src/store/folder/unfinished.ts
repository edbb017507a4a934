import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROWS_VERSION } from '../keys.js';

/** The name of a training's record, in the work folder of an unfinished model. The record lists the parts that are complete. */
export const RECORD = 'record.json';

/** The members of a training's record that show its progress. */
export interface Unfinished {
  /** The version of the keys and values in the work folder. */
  readonly format: number;
  /** The command that continues the training; `null` if the library was called. */
  readonly command: string | null;
  /** Missing until the whole text was read and is on disk. */
  readonly text?: { readonly sentences: number };
  /** How many tables the complete model will have; missing until counting begins. */
  readonly tableCount?: number;
  /** The tables that are complete and on disk. */
  readonly tables: readonly unknown[];
}

/** Reads the record that an interrupted training left in `folder`; `undefined` if there is none that can be read. */
export async function readUnfinished(folder: string): Promise<Unfinished | undefined> {
  try {
    const record = JSON.parse(await readFile(join(folder, RECORD), 'utf8')) as Partial<Unfinished>;
    return record.format === ROWS_VERSION && Array.isArray(record.tables) ? (record as Unfinished) : undefined;
  } catch {
    return undefined;
  }
}

/** Says how far a training came, and how to continue. @param record `undefined` if there is nothing to continue. */
export function describeUnfinished(record: Unfinished | undefined, out: string): string {
  if (!record)
    return 'this model is unfinished or has lost its kneser.json, and cannot be resumed: make it again with force (--force)';
  const command = record.command ?? `train({ …, out: ${JSON.stringify(out)}, resume: true })`;
  return `this model is unfinished: its training had ${describeProgress(record)}. To continue: ${command}`;
}

/** The progress of a training in words: `counted 3 of 5 tables`. */
export function describeProgress({ text, tableCount, tables }: Unfinished): string {
  if (tableCount === undefined) return 'not yet read all of the text';
  if (tables.length > 0) return `counted ${tables.length} of ${tableCount} tables`;
  return text ? `read the text, ${text.sentences.toLocaleString('en')} sentences` : 'read the text';
}
