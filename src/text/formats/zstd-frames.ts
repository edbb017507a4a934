import { Decompress } from 'fzstd';

/**
 * Compressed bytes that are unpacked at a time. They hold at most 1,024 blocks (of 4 bytes each, header included), which unpack to at
 * most 128 kB each.
 */
const SLICE_BYTES = 1 << 12;

/**
 * Unpacks zstd data of one or more frames. The library does not compare checksums; it is used because Node's own stream (22.23)
 * stops after the first frame and accepts data that is cut short, both without an error.
 */
export async function* unpackZstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const frames = new FrameReader();
  const unpacking = new Decompress(piece => ready.push(piece));
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      // A copy, because the library keeps it until a zstd block is complete.
      const slice = chunk.slice(at, at + SLICE_BYTES);
      frames.feed(slice);
      unpacking.push(slice);
      yield* ready.splice(0);
    }
  }
  unpacking.push(new Uint8Array(0), true);
  yield* ready.splice(0);
}

/** The largest window that a frame may ask for, in bytes: the default limit of the command `zstd`. */
const MOST_WINDOW_BYTES = 1 << 27;

/** The magic numbers of skippable frames are this number and the 15 that follow. */
const SKIPPABLE = 0x184d2a50;
/** The longest header of a frame, magic number included, in bytes. */
const MOST_HEADER_BYTES = 18;

/** Reads the header of each frame (RFC 8878, section 3.1.1) and checks its window size before the library allocates the window. */
class FrameReader {
  /** The first `filled` bytes of the header that is being read: of a frame or, inside a frame, of a block. */
  private readonly head = new Uint8Array(MOST_HEADER_BYTES);
  private readonly view = new DataView(this.head.buffer);
  private filled = 0;
  /** How many of the next bytes are not read: contents of blocks, checksums, and skippable frames. */
  private skipped = 0;
  private inFrame = false;
  /** The length of the checksum behind the last block of the frame: 4 or 0 bytes. */
  private checksumBytes = 0;

  /** Takes the next bytes of the data. @throws Error for a window that is too large */
  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.skipped > 0) {
        const length = Math.min(this.skipped, bytes.length - at);
        this.skipped -= length;
        at += length;
        continue;
      }
      this.head[this.filled++] = bytes[at++];
      if (this.inFrame ? this.filled === 3 : this.isHeaderWhole()) {
        if (this.inFrame) this.beginBlock();
        else this.beginFrame();
        this.head.fill(0, 0, this.filled);
        this.filled = 0;
      }
    }
  }

  private isHeaderWhole(): boolean {
    const { filled, head } = this;
    if (filled < 5) return false;
    return this.isSkippable() ? filled === 8 : filled === headerLength(head[4]);
  }

  private isSkippable(): boolean {
    return (this.view.getUint32(0, true) & 0xfffffff0) >>> 0 === SKIPPABLE;
  }

  private beginFrame(): void {
    const { head, view } = this;
    if (this.isSkippable()) {
      this.skipped = view.getUint32(4, true);
      return;
    }
    const descriptor = head[4];
    const isSingle = (descriptor & 0x20) !== 0;
    const window = isSingle ? this.contentBytes(descriptor) : windowBytes(head[5]);
    if (window > MOST_WINDOW_BYTES) throw new Error(`it needs a window of more than ${MOST_WINDOW_BYTES >> 20} MB`);
    this.inFrame = true;
    this.checksumBytes = (descriptor & 4) !== 0 ? 4 : 0;
  }

  /** The value of the header's field `Frame_Content_Size`, in bytes: the window of a single-segment frame. */
  private contentBytes(descriptor: number): number {
    const size = contentSizeBytes(descriptor);
    let bytes = 0;
    for (let i = 0; i < size; i++) bytes += this.head[headerLength(descriptor) - size + i] * 2 ** (8 * i);
    return bytes;
  }

  private beginBlock(): void {
    const header = this.view.getUint32(0, true);
    const isRepeated = ((header >>> 1) & 3) === 1;
    this.skipped = isRepeated ? 1 : header >>> 3;
    if ((header & 1) === 0) return;
    this.skipped += this.checksumBytes;
    this.inFrame = false;
  }
}

/** The length of a frame's header, magic number included, by its descriptor byte; in bytes. */
function headerLength(descriptor: number): number {
  const isSingle = (descriptor & 0x20) !== 0;
  return 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][descriptor & 3] + contentSizeBytes(descriptor);
}

/** The length of the header's field `Frame_Content_Size`, in bytes. */
function contentSizeBytes(descriptor: number): number {
  const code = descriptor >>> 6;
  return code > 0 ? 1 << code : (descriptor >>> 5) & 1;
}

/** The size of the window by the byte `Window_Descriptor`, in bytes. */
function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}
