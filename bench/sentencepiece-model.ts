/** A piece: its text, its score, and its type (1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte). */
export type ModelPiece = readonly [text: string, score?: number, type?: number];

/** The fields of a protobuf message by field number: numbers are written as varints, texts and bytes with their length. */
export type MessageFields = Readonly<Record<number, number | string | Uint8Array>>;

const UNKNOWN: ModelPiece = ['<unk>', 0, 2];

/**
 * The bytes of a SentencePiece model, a protobuf message `ModelProto`. Adds the piece `<unk>` as the first.
 *
 * @param type the type of the model: 1 Unigram, 2 BPE, 3 words, 4 characters.
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

/** The message of a piece: field 1 is the text, field 2 the score (a 32-bit float), field 3 the type. */
export function pieceMessage([text, score = 0, type = 1]: ModelPiece): Uint8Array {
  const bytes = Buffer.alloc(5);
  bytes[0] = (2 << 3) | 5;
  bytes.writeFloatLE(score, 1);
  return Buffer.concat([field(1, text), bytes, field(3, type)]);
}

/** A message of these fields. */
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
