/**
 * MessagePack, as much of it as models hold: nil, booleans, numbers, text, bytes, arrays and maps. Whole numbers of
 * 32 bits are written as such, all others as doubles. The format is that of the specification (github.com/msgpack/msgpack); the known
 * libraries are several times the size of all else that decoding a model takes.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

let buffer = new Uint8Array(1 << 12);
let view = new DataView(buffer.buffer);
let at = 0;

/** A value as MessagePack. */
export function pack(value: unknown): Uint8Array {
  at = 0;
  write(value);
  return buffer.slice(0, at);
}

function write(value: unknown): void {
  reserve(9);
  if (typeof value === 'number') writeNumber(value);
  else if (typeof value === 'string') writeText(value);
  else if (typeof value === 'boolean') buffer[at++] = value ? 0xc3 : 0xc2;
  else if (value === null) buffer[at++] = 0xc0;
  else if (value instanceof Uint8Array) writeBytes(value);
  else if (Array.isArray(value)) {
    writeLength(value.length, 0x90, 16, 0xdc);
    for (const item of value) write(item);
  } else if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    buffer[at++] = 0xde;
    view.setUint16(at, entries.length);
    at += 2;
    for (const [key, item] of entries) {
      write(key);
      write(item);
    }
  } else throw new TypeError(`a ${typeof value} cannot be packed`);
}

function writeNumber(value: number): void {
  if (value >>> 0 === value) {
    if (value < 0x80) buffer[at++] = value;
    else if (value < 0x100) {
      buffer[at++] = 0xcc;
      buffer[at++] = value;
    } else if (value < 0x10000) {
      buffer[at] = 0xcd;
      view.setUint16(at + 1, value);
      at += 3;
    } else {
      buffer[at] = 0xce;
      view.setUint32(at + 1, value);
      at += 5;
    }
  } else if ((value | 0) === value) {
    if (value >= -0x20) buffer[at++] = value;
    else if (value >= -0x80) {
      buffer[at++] = 0xd0;
      buffer[at++] = value;
    } else if (value >= -0x8000) {
      buffer[at] = 0xd1;
      view.setInt16(at + 1, value);
      at += 3;
    } else {
      buffer[at] = 0xd2;
      view.setInt32(at + 1, value);
      at += 5;
    }
  } else {
    buffer[at] = 0xcb;
    view.setFloat64(at + 1, value);
    at += 9;
  }
}

function writeText(text: string): void {
  const bytes = encoder.encode(text);
  if (bytes.length > 31 && bytes.length < 0x100) {
    buffer[at++] = 0xd9;
    buffer[at++] = bytes.length;
  } else writeLength(bytes.length, 0xa0, 32, 0xda);
  append(bytes);
}

function writeBytes(bytes: Uint8Array): void {
  if (bytes.length < 0x100) {
    buffer[at++] = 0xc4;
    buffer[at++] = bytes.length;
  } else writeLength(bytes.length, 0, 0, 0xc5);
  append(bytes);
}

/** A length: within the first byte where it is below `short`, else in two or four bytes behind `long` or `long` + 1. */
function writeLength(length: number, fixed: number, short: number, long: number): void {
  if (length < short) buffer[at++] = fixed | length;
  else if (length < 0x10000) {
    buffer[at] = long;
    view.setUint16(at + 1, length);
    at += 3;
  } else {
    buffer[at] = long + 1;
    view.setUint32(at + 1, length);
    at += 5;
  }
}

function append(bytes: Uint8Array): void {
  reserve(bytes.length);
  buffer.set(bytes, at);
  at += bytes.length;
}

function reserve(more: number): void {
  if (at + more <= buffer.length) return;
  const larger = new Uint8Array(2 * (at + more));
  larger.set(buffer);
  buffer = larger;
  view = new DataView(buffer.buffer);
}

/**
 * What some MessagePack says; bytes are views of it.
 *
 * @throws RangeError where it is cut short or goes on, or holds anything else.
 */
export function unpack(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.read();
  if (reader.at !== bytes.length) throw new RangeError('MessagePack goes on');
  return value;
}

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
      default:
        throw new RangeError(`MessagePack of type ${type}`);
    }
  }

  /** A whole number of 1, 2 or 4 bytes. */
  private number(size: number): number {
    const from = this.skip(size);
    return size === 1 ? this.bytes[from] : size === 2 ? this.view.getUint16(from) : this.view.getUint32(from);
  }

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
