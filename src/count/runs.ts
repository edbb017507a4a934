import { readVarint, writeVarint } from '../base/varint.js';
import { KneserError } from '../base/errors.js';
import type { ScratchFile } from './scratch.js';
import type { TupleSink } from './sort.js';
import { EqualTuples } from './tuple-sums.js';

/** A sorted run of tuples: `length` bytes of a temporary file, from the byte `offset` on. */
export interface RunSegment {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** Size of the buffer through which a run is written [bytes]. */
export const RUN_BUFFER_BYTES = 1 << 18;
/** The most bytes of a tuple: one for the shared prefix, and a varint for each of up to 13 columns and for the weight. */
const TUPLE_BYTES = 1 + 14 * 5;

/**
 * Writes sorted tuples one after the other. Equal tuples are written once, with their weights added up. The layout of a tuple:
 *
 *     byte: how many leading columns equal the previous tuple's │ varint: difference of the next column │ varints: the other columns │ varint: weight
 *
 * A weight below 0 is written as its two's complement. Tuples whose weights add up to 0 are left out.
 *
 * - Input: the tuples of one partition of one sort and chunk, ascending.
 * - Output: one run in the file.
 * - Calls: `add` for all tuples, then `end`.
 */
export class RunWriter extends EqualTuples {
  /** Bytes in the buffer. */
  private fill = 0;
  /** Where the buffer will be written in the file [bytes]. */
  private written: number;
  /** The last tuple that was written. */
  private readonly previous: Uint32Array;

  /**
   * @param offset where the run begins in the file [bytes].
   * @param width columns of a tuple.
   */
  constructor(
    private readonly file: ScratchFile,
    private readonly path: string,
    private readonly offset: number,
    width: number,
    private readonly buffer = new Uint8Array(RUN_BUFFER_BYTES),
  ) {
    super(width);
    this.written = offset;
    this.previous = new Uint32Array(width);
  }

  end(): RunSegment {
    this.putLast();
    this.flush();
    return { path: this.path, offset: this.offset, length: this.written - this.offset };
  }

  /** Puts `current` into the buffer. */
  protected override put(weight: number): void {
    const { current, previous, buffer } = this;
    const width = current.length;
    if (this.fill + TUPLE_BYTES > buffer.length) this.flush();
    let shared = 0;
    while (shared < width - 1 && current[shared] === previous[shared]) shared++;
    let at = this.fill;
    buffer[at++] = shared;
    at = writeVarint(buffer, at, current[shared] - previous[shared]);
    for (let j = shared + 1; j < width; j++) at = writeVarint(buffer, at, current[j]);
    this.fill = writeVarint(buffer, at, weight >>> 0);
    previous.set(current);
  }

  private flush(): void {
    this.file.write(this.buffer.subarray(0, this.fill), this.written);
    this.written += this.fill;
    this.fill = 0;
  }
}

/** Reads the tuples of one run, in the sequence in which they were written. */
class RunReader {
  /** The tuple that was read last. */
  readonly tuple: Uint32Array;
  /** The weight of the tuple. */
  weight = 0;
  private readonly buffer: Uint8Array;
  /** Where the next tuple begins in the buffer [bytes]. */
  private readonly cursor = { at: 0 };
  /** Bytes in the buffer. */
  private fill = 0;
  /** Where the bytes after the buffer are in the file [bytes]. */
  private next: number;
  /** Where the run ends in the file [bytes]. */
  private readonly end: number;

  constructor(
    private readonly file: ScratchFile,
    private readonly segment: RunSegment,
    width: number,
    room: Uint8Array,
    private readonly isSigned: boolean,
  ) {
    this.tuple = new Uint32Array(width);
    this.buffer = room.length >= 2 * TUPLE_BYTES ? room : new Uint8Array(2 * TUPLE_BYTES);
    this.next = segment.offset;
    this.end = segment.offset + segment.length;
  }

  /** Reads the next tuple. @returns false at the end of the run. */
  advance(): boolean {
    const { cursor, tuple, buffer } = this;
    if (this.fill - cursor.at < TUPLE_BYTES) this.refill();
    if (cursor.at >= this.fill) return false;
    const shared = buffer[cursor.at++];
    tuple[shared] += readVarint(buffer, cursor);
    for (let j = shared + 1; j < tuple.length; j++) tuple[j] = readVarint(buffer, cursor);
    const weight = readVarint(buffer, cursor);
    this.weight = this.isSigned ? weight | 0 : weight;
    return true;
  }

  /** Moves the unread bytes to the beginning of the buffer, and fills the buffer from the file. */
  private refill(): void {
    const { buffer, cursor } = this;
    if (this.next >= this.end) return;
    buffer.copyWithin(0, cursor.at, this.fill);
    this.fill -= cursor.at;
    cursor.at = 0;
    while (this.fill < buffer.length && this.next < this.end) {
      const wanted = Math.min(buffer.length - this.fill, this.end - this.next);
      const read = this.file.read(buffer.subarray(this.fill, this.fill + wanted), this.next);
      if (read === 0) throw new KneserError('KNESER_IO', `${this.segment.path}: the temporary file is cut short`);
      this.fill += read;
      this.next += read;
    }
  }
}

/**
 * Merges sorted runs into one ascending sequence of tuples.
 *
 * - Input: the runs of all chunks of one sort and partition, completely written.
 * - Output: the tuples, given to `sink` one at a time with their weights; equal tuples of different runs are not added up.
 *
 * @param width columns of a tuple.
 * @param open opens the file of a run.
 * @param memory is divided equally into the buffers of the runs.
 * @param isSigned whether weights may be less than 0.
 */
export function mergeRuns(
  segments: readonly RunSegment[],
  width: number,
  open: (path: string) => ScratchFile,
  memory: Uint8Array,
  sink: TupleSink,
  isSigned = false,
): void {
  const share = Math.floor(memory.length / Math.max(1, segments.length));
  const heap = segments
    .filter(segment => segment.length > 0)
    .map((segment, i) => {
      const room = memory.subarray(i * share, (i + 1) * share);
      return new RunReader(open(segment.path), segment, width, room, isSigned);
    })
    .filter(reader => reader.advance());
  for (let i = (heap.length >>> 1) - 1; i >= 0; i--) siftDown(heap, i);
  const columns = Array.from({ length: width }, () => new Uint32Array(1));
  const order = new Uint32Array(1);
  while (heap.length > 0) {
    const least = heap[0];
    for (let j = 0; j < width; j++) columns[j][0] = least.tuple[j];
    sink(columns, order, 1, least.weight);
    if (!least.advance()) {
      const last = heap.pop();
      if (heap.length === 0 || !last) return;
      heap[0] = last;
    }
    siftDown(heap, 0);
  }
}

/** Restores the heap below entry `at`. In a heap, the tuple of entry i is at most the tuples of the entries 2·i + 1 and 2·i + 2. */
function siftDown(heap: RunReader[], at: number): void {
  const reader = heap[at];
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
    if (!isBefore(heap[child], reader)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = reader;
}

/** Whether the tuple of `a` is less than the tuple of `b`. */
function isBefore(a: RunReader, b: RunReader): boolean {
  for (let j = 0; j < a.tuple.length; j++) {
    if (a.tuple[j] !== b.tuple[j]) return a.tuple[j] < b.tuple[j];
  }
  return false;
}
