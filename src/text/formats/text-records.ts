import { KneserError } from '../../base/errors.js';
import { PendingBytes } from '../../base/pending-bytes.js';
import { canonicalSurface, decode } from '../surface.js';
import { NEWLINE } from '../tokens.js';
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
  const pending = new PendingBytes();
  let linesRead = 0;
  let lines: Uint8Array[] = [];
  let objects: JsonObject[] = [];
  const keep = (part: Uint8Array): void => {
    if (pending.length + part.length > MOST_BYTES) {
      throw new KneserError(
        'KNESER_LIMIT',
        `${path}, line ${linesRead + 1}: has more than ${MOST_BYTES >> 20} MB; split it`,
      );
    }
    pending.add(part);
  };
  const add = (bytes: Uint8Array): void => {
    onReplaced?.(canonicalSurface(bytes, false)?.replaced ?? 0);
    const object = { text: decode(bytes) };
    lines.push(encoder.encode(JSON.stringify(object)));
    objects.push(object);
    linesRead++;
  };
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
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      if (pending.length > 0) {
        keep(bytes.subarray(from, end));
        add(pending.view());
        pending.clear();
      } else {
        add(bytes.subarray(from, end));
      }
      from = end + 1;
    }
    keep(bytes.subarray(from));
    if (lines.length > 0) yield take();
  }
  if (pending.length > 0) add(pending.view());
  if (lines.length > 0) yield take();
}
