const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Decodes the types of MessagePack that models hold: nil, booleans, numbers, text, byte strings, arrays and maps. Byte strings are
 * views of the input.
 *
 * msgpackr writes models, but its decoder is not used, for three reasons: with it the code of a page for scoring would be five times as
 * large; it compiles functions from strings, which the content security policy of a page may forbid; it decodes types that are not
 * data.
 *
 * @throws RangeError if the input is cut short, has bytes after the value, or holds another type.
 */
export function decodeMsgpack(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.read();
  if (reader.at !== bytes.length) throw new RangeError('MessagePack has bytes after its value');
  return value;
}

/** Reads one value after another. */
class Reader {
  at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): unknown {
    const type = this.number(1);
    if (type < 0x80) return type;
    if (type < 0x90) return this.map(type & 15);
    if (type < 0xa0) return this.array(type & 15);
    if (type < 0xc0) return this.text(type & 31);
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.take(this.number(1 << (type - 0xc4)));
      case 0xca:
        return this.view.getFloat32(this.skip(4));
      case 0xcb:
        return this.view.getFloat64(this.skip(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.number(1 << (type - 0xcc));
      case 0xd0:
        return this.view.getInt8(this.skip(1));
      case 0xd1:
        return this.view.getInt16(this.skip(2));
      case 0xd2:
        return this.view.getInt32(this.skip(4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.number(1 << (type - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.array(this.number(2 << (type - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.map(this.number(2 << (type - 0xde)));
      case 0xd4:
        // msgpackr writes `undefined` as an extension of type 0 with one byte, 0.
        if (this.number(2) === 0) return undefined;
        throw new RangeError('MessagePack with an extension type');
      default:
        throw new RangeError(`MessagePack of type ${type}`);
    }
  }

  /** An unsigned integer of 1, 2 or 4 bytes. */
  private number(size: number): number {
    const from = this.skip(size);
    return size === 1 ? this.bytes[from] : size === 2 ? this.view.getUint16(from) : this.view.getUint32(from);
  }

  /** Skips the next `length` bytes. @returns the offset of the first of them. */
  private skip(length: number): number {
    const from = this.at;
    this.at += length;
    if (this.at > this.bytes.length) throw new RangeError('MessagePack is cut short');
    return from;
  }

  private take(length: number): Uint8Array {
    const from = this.skip(length);
    return this.bytes.subarray(from, from + length);
  }

  private text(length: number): string {
    return decoder.decode(this.take(length));
  }

  private array(length: number): unknown[] {
    const values: unknown[] = [];
    for (let i = 0; i < length; i++) values.push(this.read());
    return values;
  }

  private map(length: number): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    for (let i = 0; i < length; i++) entries.push([String(this.read()), this.read()]);
    return Object.fromEntries(entries);
  }
}
