import { KneserError } from '../../../src/base/errors.js';
import { Tokenization } from '../../../src/text/tokenization.js';
import { field, message, sentencePieceModel, type ModelPiece } from '../../../bench/sentencepiece-model.js';
import { below, mutate, NUMBERS, pick, type Random } from './mutate.js';
import type { CreateTarget } from './target.js';

const PIECES: readonly ModelPiece[] = [
  ['<s>', 0, 3],
  ['▁the', -1],
  ['th', -2],
  ['▁', -3],
  ['<user>', 0, 4],
  ['qx', -4, 5],
  ...Array.from('theacs', (character, i) => [character, -5 - i] as const),
];
const BYTES: readonly ModelPiece[] = Array.from({ length: 256 }, (_, byte) => [
  `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  0,
  6,
]);

/** A trie with one rule, `A` to `a`, as Darts-clone lays it out. */
function rules(): Uint8Array {
  const units = new Uint32Array(256);
  units[0] = 1 << 10;
  units[1 ^ 0x41] = 0x41 | 0x100 | ((2 ^ (1 ^ 0x41)) << 10);
  units[2] = 0x80000000;
  return Buffer.concat([Uint8Array.of(0, 4, 0, 0), new Uint8Array(units.buffer), Buffer.from('a\0')]);
}

/** A SentencePiece model and the tokens of a few texts. */
export const sentencepiece: CreateTarget = () => ({
  seeds: [
    ...[1, 2, 3, 4].map(type => sentencePieceModel(type, PIECES, {}, { 2: rules() })),
    sentencePieceModel(1, [...PIECES, ...BYTES], { 35: 1 }, { 3: 0, 4: 0 }),
    sentencePieceModel(2, [...PIECES, ...BYTES], { 35: 1, 24: 1 }, { 5: 0 }),
  ],
  words: ['▁', '\0', '<unk>', '<0x41>', '▁▁▁', 'a'.repeat(9000)],
  names: /SentencePiece model/,
  mutate: (bytes, random) => (random() < 0.3 ? undefined : mutateMessage(bytes, random)),
  async run(bytes) {
    const tokenization = await Tokenization.open(
      { tokenizer: 'sentencepiece', sentences: 'lines', normalize: 'none' },
      { sentencepiece: bytes },
    );
    for (const text of ['the cat <user>sat', '', 'AÉ 日本 12345 x\0y', ' a  b '.repeat(50)]) {
      try {
        tokenization.tokens(text);
      } catch (error) {
        if (!(error instanceof KneserError)) throw error;
      }
    }
  },
});

/** Changes one field of a message or of a message in it; lengths stay right. `undefined` for bytes that are no message. */
function mutateMessage(bytes: Uint8Array, random: Random): Uint8Array | undefined {
  const fields = fieldsOf(bytes);
  if (!fields || fields.length === 0) return undefined;
  const at = below(random, fields.length);
  const { number, content, whole } = fields[at];
  const changed = (): Uint8Array => {
    switch (below(random, 6)) {
      case 0:
        return new Uint8Array(0);
      case 1:
        return Buffer.concat([whole, whole]);
      case 2:
        return field(below(random, 60) + 1, Math.abs(Math.trunc(pick(random, NUMBERS))) >>> 0);
      case 3:
        return message({ [number]: content ? mutate(content, [], [], random) : below(random, 9) });
      default: {
        const inner = content && mutateMessage(content, random);
        return inner
          ? field(number, inner)
          : field(number, content ? mutate(content, [], [], random) : below(random, 2));
      }
    }
  };
  return new Uint8Array(Buffer.concat(fields.map((one, i) => (i === at ? changed() : one.whole))));
}

interface Field {
  readonly number: number;
  /** Of fields with a length. */
  readonly content: Uint8Array | undefined;
  readonly whole: Uint8Array;
}

function fieldsOf(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; at < bytes.length; factor *= 128) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const from = at;
    const tag = varint();
    let content: Uint8Array | undefined;
    if (tag % 8 === 2) {
      const length = varint();
      content = bytes.subarray(at, at + length);
      at += length;
    } else if (tag % 8 === 5) at += 4;
    else if (tag % 8 === 0) varint();
    else return undefined;
    if (at > bytes.length) return undefined;
    fields.push({ number: Math.floor(tag / 8), content, whole: bytes.subarray(from, at) });
  }
  return fields;
}
