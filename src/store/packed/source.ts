import { KneserError } from '../../base/errors.js';

/** Bytes that can be read from anywhere: a file, memory, an address. */
export interface ByteSource {
  /** What it is called in messages: a path or an address. */
  readonly name: string;
  /** How many bytes there are; `undefined` where a server does not tell. */
  readonly size: number | undefined;
  /** Whether it takes long until an answer comes. */
  readonly distant?: boolean;
  /**
   * Reads so many bytes. They stay as they are.
   *
   * @throws KNESER_DAMAGED where there are not so many.
   */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  /** Gives back what is held open. Closing twice is fine. */
  readonly close?: () => Promise<void>;
}

/** Says that a source ends before it should. */
export function cutShort(name: string): KneserError {
  return new KneserError('KNESER_DAMAGED', `${name}: this file was cut short; copy it again`);
}

interface Range {
  readonly offset: number;
  readonly length: number;
}

/** So many bytes between two ranges are read and thrown away rather than asked for by two requests. */
const GAP_BYTES = 4 << 10;
/** Ranges are not joined to more than this. */
const JOINED_BYTES = 4 << 20;

/** Reads ranges at the same time, close ones at one go. @returns their bytes, in their order. */
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
