import { KneserError } from '../../base/errors.js';

/** The bytes of a packed model, which can be read at any offset: of a file, in memory, or on a web server. */
export interface ByteSource {
  /** The name of the source in messages: a path or an address. */
  readonly name: string;
  /** The number of bytes; `undefined` if the server does not tell it. */
  readonly size: number | undefined;
  /**
   * Reads `length` bytes from `offset` on, into an array that is not overwritten later.
   *
   * @throws KNESER_DAMAGED if the source ends within these bytes.
   */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  /** Ends the requests that are pending, and refuses later ones (KNESER_CLOSED). Only a source that asks a server has it. */
  readonly stop?: () => void;
  /** Closes the file or connection. Closing twice is fine. */
  readonly close?: () => Promise<void>;
  /** For a file on a disk: the descriptor of the open file, with which other threads of the process can read it too. */
  readonly descriptor?: number;
}

/** The error for a source with fewer bytes than its header says. */
export function cutShort(name: string): KneserError {
  return new KneserError('KNESER_DAMAGED', `${name}: this file was cut short; copy it again`);
}

/** Bytes of a source. */
interface Range {
  readonly offset: number;
  readonly length: number;
}

/** Two ranges are read in one request if at most this many bytes are between them. */
const GAP_BYTES = 4 << 10;
/** The most bytes of one request for joined ranges. */
const JOINED_BYTES = 4 << 20;

/** Reads ranges at the same time, and ranges near each other in one request. @returns the bytes of each range, in the order of `ranges` */
export async function readRanges(source: ByteSource, ranges: readonly Range[]): Promise<Uint8Array[]> {
  const order = ranges.map((_, index) => index).sort((a, b) => ranges[a].offset - ranges[b].offset);
  const joined: { offset: number; end: number; members: number[] }[] = [];
  for (const index of order) {
    const { offset, length } = ranges[index];
    const last = joined.at(-1);
    const end = Math.max(last?.end ?? 0, offset + length);
    if (last && offset <= last.end + GAP_BYTES && end - last.offset <= JOINED_BYTES) {
      last.end = end;
      last.members.push(index);
    } else {
      joined.push({ offset, end: offset + length, members: [index] });
    }
  }
  const results = new Array<Uint8Array>(ranges.length);
  await Promise.all(
    joined.map(async ({ offset, end, members }) => {
      const bytes = await source.read(offset, end - offset);
      for (const index of members) {
        const from = ranges[index].offset - offset;
        results[index] = bytes.subarray(from, from + ranges[index].length);
      }
    }),
  );
  return results;
}
