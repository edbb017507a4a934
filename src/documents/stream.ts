import { callBack } from '../base/call-back.js';
import { optionError, type Check } from '../base/check.js';
import { checkAborted } from '../base/errors.js';
import type { WorkOptions } from '../base/progress.js';
import type { DocumentOptions, RecordPiece } from '../text/formats/corpus.js';
import { readRecords } from '../text/formats/index.js';
import { sizeOf, type Input } from '../text/formats/input.js';
import { memberOf, textOf, type JsonObject } from '../text/formats/jsonl.js';

/** A record of a file: a JSON object. */
export interface RecordAt {
  /** Its position among all records of all files, from 0. */
  readonly index: number;
  /** The path of the file. */
  readonly file: string;
  /** The record's JSON in UTF-8, without a line feed; valid until the next records are asked for. */
  readonly line: Uint8Array;
  /** The record's JSON, parsed. */
  readonly object: JsonObject;
  /** The word for a record in messages: `line` or `row`. */
  readonly unit: 'line' | 'row';
  /** The number of the record in its file, from 1; blank lines count. */
  readonly number: number;
  /** The place of the record for messages: `FILE, line 7`. */
  readonly place: () => string;
}

/** The place of a record for messages: `FILE, line 7`. */
export function placeOf({ file, unit, number }: Pick<RecordAt, 'file' | 'unit' | 'number'>): string {
  return `${file}, ${unit} ${number}`;
}

/** A document: a record with a text. */
export interface DocumentAt extends RecordAt {
  /** The text; `undefined` if the record has none, with `missing: 'skip'`. */
  readonly text: string | undefined;
}

/** A part of the documents: the documents whose index has the remainder `part` − 1 when divided by `parts`. */
export interface Shard {
  /** The number of this shard, from 1 to `parts`. */
  readonly part: number;
  /** The number of shards. */
  readonly parts: number;
}

/** The check of the option `shard`. */
export const checkShard: Check = (name, value) => {
  const { part, parts } = (value ?? {}) as Partial<Shard>;
  const whole = Number.isSafeInteger(part) && Number.isSafeInteger(parts);
  if (!whole || (part ?? 0) < 1 || (part ?? 0) > (parts ?? 0)) {
    throw optionError(name, value, 'a shard such as { part: 1, parts: 4 }, its part from 1 to parts');
  }
};

/** Whether a document belongs to a shard. */
export function isInShard(index: number, shard: Shard | undefined): boolean {
  return !shard || index % shard.parts === shard.part - 1;
}

/** The functions that are called while documents are read. */
export interface StreamEvents extends WorkOptions {
  /** Called with the number of invalid UTF-8 sequences of plain text that were just read as U+FFFD. */
  readonly onReplaced?: (sequences: number) => void;
  /** Called with one sentence for each folder with entries that are left out: their names and the reasons. */
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/**
 * Input: files. Output: their records, in the order of the files, some records at a time.
 *
 * @param isChecked whether all files were already read without an error: objects are then parsed only when they are asked for.
 * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_OPTION, KNESER_ABORTED
 */
export function readAllRecords(
  inputs: readonly Input[],
  documents: DocumentOptions,
  events: StreamEvents,
  isChecked = false,
): AsyncGenerator<readonly RecordAt[]> {
  return readFiles(inputs, documents, events, isChecked);
}

async function* readFiles(
  inputs: readonly Input[],
  documents: DocumentOptions,
  { onProgress, signal, onReplaced }: StreamEvents,
  isChecked: boolean,
): AsyncGenerator<readonly FileRecord[]> {
  const total = sizeOf(inputs);
  let done = 0;
  let first = 0;
  const onRead = (read: number): void => {
    done += read;
    callBack(onProgress, { stage: 'score', done, total, unit: 'bytes' });
  };
  for (const { path: file } of inputs) {
    for await (const piece of readRecords(file, { ...documents, onRead, signal, isChecked, onReplaced })) {
      checkAborted(signal, 'reading documents');
      const from = first;
      first += piece.lines.length;
      yield piece.lines.map((line, i) => new FileRecord(from + i, file, line, piece, i));
    }
  }
}

/** Record `i` of a piece of a file. It makes no function or object but itself, because there may be billions of records. */
class FileRecord implements DocumentAt {
  text: string | undefined = undefined;
  private parsed: JsonObject | undefined = undefined;

  constructor(
    readonly index: number,
    readonly file: string,
    readonly line: Uint8Array,
    private readonly piece: RecordPiece,
    private readonly i: number,
  ) {}

  get object(): JsonObject {
    return (this.parsed ??= this.piece.object(this.i));
  }

  get unit(): 'line' | 'row' {
    return this.piece.unit;
  }

  /** The member that holds the text. */
  get textMember(): string {
    return this.piece.textMember;
  }

  get number(): number {
    return this.piece.numberOf(this.i);
  }

  get place(): () => string {
    return () => placeOf(this);
  }
}

/** Like {@link readAllRecords}, with the text of each record. @throws KNESER_INPUT_JSON for a record without text, unless `missing` is `skip` */
export async function* readAllDocuments(
  inputs: readonly Input[],
  documents: DocumentOptions,
  events: StreamEvents,
): AsyncGenerator<readonly DocumentAt[]> {
  for await (const records of readFiles(inputs, documents, events, false)) {
    const field = records[0].textMember;
    const where = { ...documents, field };
    for (const record of records) {
      const text = memberOf(record.object, field);
      record.text = typeof text === 'string' ? text : textOf(record.object, where, record.place);
    }
    yield records;
  }
}

/** Yields one by one the items that come some at a time. */
export async function* eachOf<T>(some: AsyncIterable<readonly T[]>): AsyncGenerator<T, void, void> {
  for await (const items of some) yield* items;
}

/** Items that are scored are handed on in groups of this many. */
const SOME = 64;

/** Yields items some at a time: the reverse of {@link eachOf}. */
export async function* someOf<T>(items: AsyncIterable<T>): AsyncGenerator<readonly T[], void, void> {
  let some: T[] = [];
  for await (const item of items) {
    some.push(item);
    if (some.length < SOME) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
