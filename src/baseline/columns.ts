import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { LineReader } from '../text/formats/lines.js';
import { writeError } from '../base/errors.js';

/** About how many characters are gathered before they are written. */
const PIECE = 1 << 16;

/**
 * A temporary file with some columns of the table of tokens, until the columns of all models are complete. A line of the file is a
 * sentence, with the cells of its tokens one after another; a line of the table is a token. For the columns a and b:
 *
 * ```
 * a line of the file       a of token 1 TAB b of token 1 TAB a of token 2 TAB b of token 2 …
 * a line of the table      a of token 1 TAB b of token 1 TAB … columns of other files
 * ```
 */
export class ColumnFile {
  private readonly stream: WriteStream;
  /** Lines that were not written yet. */
  private text = '';

  /** @param columns the names of the columns. */
  constructor(
    readonly path: string,
    readonly columns: readonly string[],
  ) {
    this.stream = createWriteStream(path);
    // `flush` and `end` report the errors of the stream.
    this.stream.on('error', () => undefined);
  }

  /** Adds a sentence. @param cells the cells of its first token, then of its second … (tokens × columns). */
  async add(cells: readonly string[]): Promise<void> {
    this.text += cells.join('\t') + '\n';
    if (this.text.length >= PIECE) await this.flush();
  }

  /** Completes the file. @throws KNESER_DISK_FULL, KNESER_IO */
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
 * @param files the columns that all models share, then the columns of each model. All files have the same sentences in the same order.
 * @returns pieces of the table: the line with the names of the columns, then the lines of each sentence.
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
