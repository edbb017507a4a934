import { PendingBytes } from '../base/pending-bytes.js';
import { NEWLINE } from './tokens.js';

/** Cuts text, which comes piece by piece, into lines: call `feed` with its bytes in order, then `end`. */
export class LineCutter {
  /** The beginning of a line whose end has not come yet. */
  private readonly pending = new PendingBytes();

  /** @param take takes the line `bytes[from, to)` without its line feed; the bytes are valid during the call. */
  constructor(private readonly take: (bytes: Uint8Array, from: number, to: number) => void) {}

  /** The length of the line whose end has not come yet, in bytes. The caller refuses too long a line after each `feed`. */
  get unended(): number {
    return this.pending.length;
  }

  feed(bytes: Uint8Array): void {
    const { pending, take } = this;
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      if (pending.length === 0) {
        take(bytes, from, at);
      } else {
        pending.add(bytes.subarray(from, at));
        this.takePending();
      }
      from = at + 1;
    }
    if (from < bytes.length) pending.add(bytes.subarray(from));
  }

  /** Takes the last line, if no line feed ends it. */
  end(): void {
    if (this.pending.length > 0) this.takePending();
  }

  private takePending(): void {
    const { pending } = this;
    this.take(pending.bytes, 0, pending.length);
    pending.clear();
  }
}
