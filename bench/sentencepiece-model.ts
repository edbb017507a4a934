/** A piece: its text, its score, and its type by number (1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte). */
export type ModelPiece = readonly [text: string, score?: number, type?: number];

/** Fields of a message by number: numbers as varints, texts and bytes with their length. */
export type MessageFields = Readonly<Record<number, number | string | Uint8Array>>;

const UNKNOWN: ModelPiece = ['<unk>', 0, 2];

/**
 * The bytes of a SentencePiece model.
 *
 * @param type 1 Unigram, 2 BPE, 3 words, 4 characters.
 * @param trainer more fields of `trainer_spec`, such as 35 for `byte_fallback`.
 * @param normalizer fields of `normalizer_spec`, such as 3 for `add_dummy_prefix`.
 */
export function sentencePieceModel(
  type: number,
  pieces: readonly ModelPiece[],
  trainer: MessageFields = {},
  normalizer: MessageFields = {},
): Uint8Array {
  return Buffer.concat([
    ...[UNKNOWN, ...pieces].map(piece => field(1, pieceMessage(piece))),
    field(2, message({ 3: type, ...trainer })),
    field(3, message(normalizer)),
  ]);
}

/** A piece's message: text, score as four bytes, type. */
export function pieceMessage([text, score = 0, type = 1]: ModelPiece): Uint8Array {
  const bytes = Buffer.alloc(5);
  bytes[0] = (2 << 3) | 5;
  bytes.writeFloatLE(score, 1);
  return Buffer.concat([field(1, text), bytes, field(3, type)]);
}

export function message(fields: MessageFields): Uint8Array {
  return Buffer.concat(Object.entries(fields).map(([number, value]) => field(Number(number), value)));
}

/** One field of a message. */
export function field(number: number, value: number | string | Uint8Array): Uint8Array {
  if (typeof value === 'number') return Buffer.concat([varint(number << 3), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Uint8Array.from([...bytes, value]);
}
