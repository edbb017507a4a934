import { KneserError } from '../../base/errors.js';
import { LineCutter } from '../line-cutter.js';
import { canonicalSurface, decode } from '../surface.js';
import type { Piece, RecordPiece } from './corpus.js';
import type { JsonObject } from './jsonl.js';

/** The longest line of plain text, in bytes. */
const MOST_BYTES = 1 << 25;

const encoder = new TextEncoder();

/** The lines of plain text as records: objects with the member `text`. @param path for messages. @throws KNESER_LIMIT */
export async function* recordsOfLines(
  path: string,
  text: AsyncIterable<Piece>,
  onReplaced: ((sequences: number) => void) | undefined,
): AsyncGenerator<RecordPiece> {
  let linesRead = 0;
  let lines: Uint8Array[] = [];
  let objects: JsonObject[] = [];
  const cutter = new LineCutter((bytes, from, to) => {
    const line = bytes.subarray(from, to);
    onReplaced?.(canonicalSurface(line, false)?.replaced ?? 0);
    const object = { text: decode(line) };
    lines.push(encoder.encode(JSON.stringify(object)));
    objects.push(object);
    linesRead++;
  });
  const take = (): RecordPiece => {
    const pieceObjects = objects;
    const linesBefore = linesRead - pieceObjects.length;
    const piece: RecordPiece = {
      lines,
      object: (i: number) => pieceObjects[i],
      textMember: 'text',
      unit: 'line',
      numberOf: (i: number) => linesBefore + i + 1,
    };
    lines = [];
    objects = [];
    return piece;
  };
  for await (const { bytes } of text) {
    cutter.feed(bytes);
    if (cutter.unended > MOST_BYTES) {
      throw new KneserError(
        'KNESER_LIMIT',
        `${path}, line ${linesRead + 1}: has more than ${MOST_BYTES >> 20} MB; split it`,
      );
    }
    if (lines.length > 0) yield take();
  }
  cutter.end();
  if (lines.length > 0) yield take();
}
