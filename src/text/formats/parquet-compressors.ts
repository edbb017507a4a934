import { compressors as all } from 'hyparquet-compressors';
import type { Compressors } from 'hyparquet';

/** The codecs of Parquet. An empty page, such as the dictionary of a column without values, is not decoded: the library refuses an empty page of LZ4. */
export const compressors: Compressors = Object.fromEntries(
  Object.entries(all).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, length: number) => (length === 0 ? new Uint8Array(0) : decompress(input, length)),
  ]),
);
