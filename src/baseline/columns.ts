import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { LineReader } from '../text/formats/lines.js';
import { writeError } from '../base/errors.js';

/** Characters that are gathered before they are written. */
const PIECE = 1 << 16;

/**
 * Some columns of the table of tokens, on disk until the other columns are complete. A line is a sentence, with the cells
 * of its tokens one after another:
 *
 * ```
 * the file      token 1: a TAB b TAB  token 2: a TAB b    …   for columns a and b
 * the table     token 1: a TAB b TAB … columns of other files
 * ```
 */
export class ColumnFile {
  private readonly stream: WriteStream;
  private text = '';

  /** @param columns names of the columns; every token has one cell for each. */
  constructor(
    readonly path: string,
    readonly columns: readonly string[],
  ) {
    this.stream = createWriteStream(path);
    // Errors are reported where the stream is awaited, in flush and end.
    this.stream.on('error', () => undefined);
  }

  /** Adds a sentence. @param cells columns × tokens, token by token. */
  async add(cells: readonly string[]): Promise<void> {
    this.text += cells.join('\t') + '\n';
    if (this.text.length >= PIECE) await this.flush();
  }

  /** @throws KNESER_DISK_FULL, KNESER_IO */
  async end(): Promise<void> {
    try {
      await this.flush();
      this.stream.end();
      await finished(this.stream);
    } catch (error) {
      throw writeError(this.path, error);
    }
  }

  private async flush(): Promise<void> {
    const { text } = this;
    this.text = '';
    if (this.stream.errored) throw writeError(this.path, this.stream.errored);
    if (!this.stream.write(text)) await once(this.stream, 'drain');
  }
}

/**
 * Joins column files to the table of tokens.
 *
 * - Input: the columns of the tokens, then the columns of each model; all files have the same sentences.
 * - Output: lines of the table, the first with the names of the columns.
 * - Order: as in the sentences.
 */
export async function* joinColumns(files: readonly ColumnFile[]): AsyncGenerator<string> {
  yield files.flatMap(({ columns }) => columns).join('\t') + '\n';
  const readers = files.map(({ path }) => new LineReader(path, { anyBytes: true }).lines());
  const widths = files.map(({ columns }) => columns.length);
  for await (const first of readers[0]) {
    const rest = await Promise.all(readers.slice(1).map(async reader => (await reader.next()).value as string));
    const cells = [first, ...rest].map(line => line.split('\t'));
    let text = '';
    for (let t = 0; t * widths[0] < cells[0].length; t++) {
      widths.forEach((width, f) => {
        for (let k = 0; k < width; k++) text += (f + k > 0 ? '\t' : '') + cells[f][t * width + k];
      });
      text += '\n';
    }
    yield text;
  }
  await Promise.all(readers.map(reader => reader.return(undefined)));
}
