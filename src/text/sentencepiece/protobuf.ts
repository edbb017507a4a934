/**
 * src/text/sentencepiece: reads SentencePiece `.model` files and cuts text as PyPI's `sentencepiece` does, token for token.
 *
 * This file, `protobuf.ts`, decodes Protocol Buffers; `model-file.ts` reads the fields of a model; `normalizer.ts` normalizes text;
 * `models.ts` has the four types of models; `engine.ts` joins normalizer and model. A file that the library would refuse is refused
 * with the path of the wrong field. A **piece** is an entry of the model's vocabulary; its id is its index.
 */
import { concatenate } from '../../base/bytes.js';
import { refuse } from '../subwords/refuse.js';

/** The value of a field: a number for the wire types 0 (varint) and 5 (taken as a float), else bytes. */
type Value = Uint8Array | number;

const WIRE_TYPES = ['varint', '64 bits', 'bytes', 'group', 'end of group', '32 bits'];

/**
 * The fields of one message of Protocol Buffers: the values of each field by its number, in the order of the file.
 *
 *     field:  varint number * 8 + wire type | value
 *     value:  type 0 varint | 1 eight bytes | 2 varint length, bytes | 5 four bytes
 *
 * SentencePiece models use these four wire types in three messages. Reading them takes less code than describing the messages to a
 * library for Protocol Buffers.
 */
export class Message {
  private readonly values = new Map<number, Value[]>();
  private readonly types = new Map<number, number>();

  /** @param path the message's path, for errors, such as `trainer_spec`. @throws KNESER_TOKENIZER if the bytes are not a message */
  constructor(
    bytes: Uint8Array,
    readonly path: string,
  ) {
    const reader = new Reader(bytes, path);
    while (!reader.isAtEnd()) {
      const tag = reader.varint();
      const number = Math.floor(tag / 8);
      const type = tag % 8;
      if (number === 0 || number >= 2 ** 29) refuse(`${this.path || 'the file'}: is not a message of Protocol Buffers`);
      const value = reader.value(type);
      if ((this.types.get(number) ?? type) !== type)
        refuse(`${this.at(`field ${number}`)}: occurs with two wire types`);
      this.types.set(number, type);
      const values = this.values.get(number);
      if (values) values.push(value);
      else this.values.set(number, [value]);
    }
  }

  /** All values of a repeated field of bytes. */
  list(number: number, name: string): readonly Uint8Array[] {
    return this.all(number, name, 2) as readonly Uint8Array[];
  }

  /**
   * A message inside this message. Several occurrences of the field are joined to one message, as the format says.
   *
   * @throws KNESER_TOKENIZER if the field is missing, as in a file that is cut short
   */
  message(number: number, name: string): Message {
    const parts = this.list(number, name);
    if (parts.length === 0) refuse(`${this.at(name)}: is missing; is the file cut short?`);
    return new Message(parts.length === 1 ? parts[0] : concatenate(parts), this.at(name));
  }

  /** The last value of a field of bytes; `undefined` if the field is missing. */
  bytes(number: number, name: string): Uint8Array | undefined {
    return this.list(number, name).at(-1);
  }

  /** @param ifMissing the value of a missing field. */
  flag(number: number, name: string, ifMissing: boolean): boolean {
    const value = this.all(number, name, 0).at(-1) ?? ifMissing;
    return Boolean(value);
  }

  /** A number of an enumeration. @param ifMissing the value of a missing field. */
  choice(number: number, name: string, ifMissing: number): number {
    return (this.all(number, name, 0).at(-1) ?? ifMissing) as number;
  }

  /** A number of single precision; 0 for a missing field. */
  float(number: number, name: string): number {
    return (this.all(number, name, 5).at(-1) ?? 0) as number;
  }

  /** The path of a field. */
  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** All values of a field. @throws KNESER_TOKENIZER if the file has the field with another wire type than `type` */
  private all(number: number, name: string, type: number): readonly Value[] {
    const found = this.types.get(number) ?? type;
    if (found !== type) refuse(`${this.at(name)}: has the wire type ${WIRE_TYPES[found]}, not ${WIRE_TYPES[type]}`);
    return this.values.get(number) ?? [];
  }
}

/** @throws KNESER_TOKENIZER if the bytes are not UTF-8 */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    refuse(`${path}: is not UTF-8`);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the numbers and bytes of a message one after another. */
class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly path: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** An unsigned number. Numbers beyond 2^53 lose bits, but no field that is used has one. */
  varint(): number {
    let value = 0;
    for (let factor = 1, i = 0; i < 10; i++, factor *= 128) {
      if (this.isAtEnd()) this.cutShort();
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    refuse(`${this.path || 'the file'}: has a number of more than ten bytes`);
  }

  /** The next value. @param type its wire type. */
  value(type: number): Value {
    switch (type) {
      case 0:
        return this.varint();
      case 1:
        return this.take(8);
      case 2:
        return this.take(this.varint());
      case 5: {
        const at = this.at;
        this.take(4);
        return this.view.getFloat32(at, true);
      }
      default:
        refuse(`${this.path || 'the file'}: has a field of the wire type ${WIRE_TYPES[type] ?? type}`);
    }
  }

  private take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) this.cutShort();
    const from = this.at;
    this.at += length;
    return this.bytes.subarray(from, this.at);
  }

  private cutShort(): never {
    refuse(`${this.path || 'the file'}: is cut short`);
  }
}
