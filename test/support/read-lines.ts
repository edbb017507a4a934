import type { DocumentOptions } from '#kneser/src/text/formats/corpus.js';
import { LineReader } from '#kneser/src/text/formats/lines.js';

/** Reads a file: how many lines it has, the beginning of the first, and what was replaced and left out; or the error. */
export async function readLines(path: string, options: DocumentOptions = {}): Promise<Record<string, unknown>> {
  const reader = new LineReader(path, options);
  const lines: string[] = [];
  try {
    for await (const line of reader.lines()) lines.push(line);
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    return { code, refused: message };
  }
  const { replaced, skipped } = reader;
  return { lines: lines.length, first: lines[0]?.slice(0, 30), replaced, skipped };
}
