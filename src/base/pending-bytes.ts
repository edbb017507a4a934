/** Room that doubles as it grows until it is so large, and then grows by a quarter. */
const LARGE = 1 << 22;

/** What has come of a token, a line or a text whose end has not come yet. */
export class PendingBytes {
  /** The first `length` are those that came; another array when it has to grow. */
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(private readonly room = 1 << 12) {
    this.bytes = new Uint8Array(room);
  }

  add(part: Uint8Array): void {
    this.reserve(part.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
  }

  /** Makes room for so many more. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, (needed > LARGE ? 1.25 : 2) * this.bytes.length));
    larger.set(this.view());
    this.bytes = larger;
  }

  /** What came so far, valid until more comes. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** Begins anew; gives back what only something large needed. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > LARGE) this.bytes = new Uint8Array(this.room);
  }
}
