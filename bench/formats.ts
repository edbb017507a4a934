import { readFile, writeFile } from 'node:fs/promises';
import { join, dirname } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { readText } from '../src/text/formats/index.js';
import type { Suite } from './suite.js';

/** Reads the training text from files in each format of texts; each line of the text is a document. MB are those of the plain text. */
export const formatsSuite: Suite = {
  name: 'formats',
  async prepare(text) {
    // hyparquet-writer is only a development dependency, so it is loaded here.
    const { parquetWriteBuffer } = await import('hyparquet-writer');
    const bytes = await readFile(text.train);
    const lines = bytes.toString().trimEnd().split('\n');
    const json = Buffer.from(lines.map(line => JSON.stringify({ text: line }) + '\n').join(''));
    const columnData = [{ name: 'text', data: lines, type: 'STRING', encoding: 'PLAIN' } as const];
    const files: readonly [string, Uint8Array][] = [
      ['txt', bytes],
      ['txt.gz', await promisify(gzip)(bytes)],
      ['jsonl', json],
      ['jsonl.gz', await promisify(gzip)(json)],
      ['parquet', new Uint8Array(parquetWriteBuffer({ columnData: [...columnData] }))],
    ];
    const paths = files.map(([ending]) => join(dirname(text.train), `formats.${ending}`));
    await Promise.all(files.map(([, content], i) => writeFile(paths[i], content)));
    return {
      cases: files.map(([name], i) => ({ name, work: bytes.length / 1e6, unit: 'MB', run: () => readAll(paths[i]) })),
    };
  },
};

/** Reads a text to its end. @returns the length of its documents with their line ends [bytes of UTF-8]. */
async function readAll(path: string): Promise<number> {
  let length = 0;
  for await (const piece of readText(path)) length += piece.length;
  return length;
}
