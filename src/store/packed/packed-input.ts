import { shown } from '../../base/check.js';
import { KneserError, type ErrorCode } from '../../base/errors.js';
import { cutShort, type ByteSource } from './source.js';

/** A packed model: a `Blob`, such as the `File` that a user chose in a web page; the URL of a file; or the file's bytes. */
export type PackedInput = Blob | URL | ArrayBuffer | Uint8Array;

/**
 * Opens the bytes of a packed model for reading.
 *
 * @param signal stops the reading of a URL.
 * @throws KNESER_OPTION if `input` is of another type, or empty because it was transferred; for a URL also the errors of `openUrl`. A Blob is not read yet.
 */
export async function openPackedInput(input: PackedInput, signal?: AbortSignal): Promise<ByteSource> {
  if (input instanceof Blob) return blobSource(input);
  if (input instanceof Uint8Array) return memorySource(input.buffer, input);
  // Not `instanceof`, because a buffer or URL may come from another realm, such as an iframe.
  if (Object.prototype.toString.call(input) === '[object ArrayBuffer]') {
    return memorySource(input as ArrayBuffer);
  }
  if (Object.prototype.toString.call(input) !== '[object URL]') {
    const given =
      typeof input === 'string' ? `${JSON.stringify(input)} is a path` : `${shown(input)} is not a packed model`;
    throw new KneserError(
      'KNESER_OPTION',
      `file: ${given}; fromFile takes a Blob, a URL or the bytes. Open a path with open (in Node), or pass new URL(path, base)`,
    );
  }
  const { openUrl } = await import('./url-source.js');
  return openUrl(input as URL, signal);
}

/** The source of a buffer, or a part of it. @throws KNESER_OPTION if the buffer was given away */
function memorySource(buffer: ArrayBufferLike, part?: Uint8Array): ByteSource {
  const name = 'packed model';
  const refuse = (code: ErrorCode, subject: string): KneserError =>
    new KneserError(code, `${subject}: its buffer was transferred, and is empty now; give fromFile a copy (slice)`);
  if (isDetached(buffer)) throw refuse('KNESER_OPTION', 'file');
  const bytes = part ?? new Uint8Array(buffer);
  return {
    name,
    size: bytes.length,
    read: (offset, length) => {
      if (offset + length <= bytes.length) return Promise.resolve(bytes.slice(offset, offset + length));
      return Promise.reject(isDetached(buffer) ? refuse('KNESER_INPUT_UNREADABLE', name) : cutShort(name));
    },
  };
}

/** Whether a buffer was given away, such as to a worker (`postMessage`). */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    // Throws for such a buffer.
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true;
  }
}

/** The source of a Blob. Its `read` throws KNESER_INPUT_UNREADABLE if the file of the Blob has changed. */
function blobSource(blob: Blob): ByteSource {
  const name = 'name' in blob && typeof blob.name === 'string' ? blob.name : 'packed model';
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      let bytes: ArrayBuffer;
      try {
        bytes = await blob.slice(offset, offset + length).arrayBuffer();
      } catch (error) {
        throw new KneserError(
          'KNESER_INPUT_UNREADABLE',
          `${name}: cannot be read any longer, because it was moved, changed or removed; choose the file again`,
          { cause: error },
        );
      }
      if (bytes.byteLength !== length) throw cutShort(name);
      return new Uint8Array(bytes);
    },
  };
}
