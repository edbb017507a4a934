import { decompressPage } from 'hyparquet/src/datapage.js';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import type { ColumnDecoder, PageHeader, SchemaElement } from 'hyparquet/src/types.js';

/** The uncompressed bytes of a page. A page of version 2 begins with its levels, which are never compressed; its values follow. */
export function unpackPage(bytes: Uint8Array, header: PageHeader, { codec, compressors }: ColumnDecoder): Uint8Array {
  const levels = levelBytes(header);
  if (!(levels >= 0 && levels <= bytes.length)) throw new Error('levels are longer than their page');
  const valueCodec = header.data_page_header_v2?.is_compressed === false ? 'UNCOMPRESSED' : codec;
  const values = decompressPage(
    bytes.subarray(levels),
    header.uncompressed_page_size - levels,
    valueCodec,
    compressors,
  );
  if (levels === 0) return values;
  const page = new Uint8Array(levels + values.length);
  page.set(bytes.subarray(0, levels));
  page.set(values, levels);
  return page;
}

/** The length of the levels at the beginning of a page of version 2, in bytes; 0 for other pages. */
function levelBytes({ data_page_header_v2: second }: PageHeader): number {
  return second ? second.definition_levels_byte_length + second.repetition_levels_byte_length : 0;
}

/**
 * Refuses a page whose runs or lengths announce more values or bytes than its header allows, because hyparquet would allocate
 * memory for all of them before it reads a value.
 *
 * @param page the uncompressed bytes of the page.
 * @param most the largest total size of a page's values, in bytes.
 * @throws Error
 */
export function checkPage(page: Uint8Array, header: PageHeader, element: SchemaElement, most: number): void {
  const first = header.data_page_header;
  const second = header.data_page_header_v2;
  const data = first ?? second;
  if (!data) return;
  const reader = { view: new DataView(page.buffer, page.byteOffset, page.length), offset: levelBytes(header) };
  let count = data.num_values - (second?.num_nulls ?? 0);
  if (element.repetition_type === 'OPTIONAL') {
    const begin = first ? 4 : (second?.repetition_levels_byte_length ?? 0);
    const end = first ? begin + reader.view.getUint32(0, true) : reader.offset;
    checkRuns(page, begin, end, 1, data.num_values);
    if (first) {
      const defined = new Uint8Array(count);
      readRleBitPackedHybrid(reader, 1, defined);
      count = defined.reduce((sum, level) => sum + level, 0);
    }
  }
  if (data.encoding.endsWith('_DICTIONARY')) {
    const width = reader.view.getUint8(reader.offset);
    if (width > 0) checkRuns(page, reader.offset + 1, page.length, width, count);
  } else if (data.encoding === 'DELTA_BYTE_ARRAY') {
    // The length of a value is the length of the prefix that it shares with the value before it, plus the length of its suffix.
    let sum = 0;
    for (const lengths of [new Int32Array(count), new Int32Array(count)]) {
      deltaBinaryUnpack(reader, count, lengths);
      for (const length of lengths) sum += Math.max(0, length);
    }
    if (sum > most) throw new Error(`a page has ${sum} bytes`);
  }
}

/**
 * Checks the runs in `page[from, to)`: numbers of `width` bits, run-length encoded or bit-packed in groups of eight.
 *
 * @param count the most numbers that the runs may hold, without the padding of the last group.
 * @throws Error
 */
function checkRuns(page: Uint8Array, from: number, to: number, width: number, count: number): void {
  let at = from;
  for (let seen = 0; seen < count && at < Math.min(to, page.length);) {
    let header = 0;
    let unit = 1;
    do {
      header += (page[at] & 0x7f) * unit;
      unit *= 0x80;
    } while (page[at++] >= 0x80);
    const isPacked = header % 2 === 1;
    const groups = Math.floor(header / 2);
    const run = isPacked ? 8 * groups : groups;
    at += isPacked ? groups * width : (width + 7) >>> 3;
    if (run >= count - seen + 8) throw new Error(`a run of ${run} numbers in a page of ${count}`);
    seen += run;
  }
}
