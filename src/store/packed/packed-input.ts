import { shown } from '../../base/check.js';
import { KneserError } from '../../base/errors.js';
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
  if (input instanceof Uint8Array) return memorySource(input.buffer, input.byteOffset, input.length);
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

/** The source of a buffer, or a part of it. @throws KNESER_OPTION if the buffer was given away, such as to a worker (`postMessage`) */
function memorySource(buffer: ArrayBufferLike, from?: number, length?: number): ByteSource {
  const name = 'packed model';
  const transferred = (): KneserError =>
    new KneserError('KNESER_OPTION', 'file: its buffer was transferred; give fromFile a copy (slice)');
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(buffer, from, length);
  } catch {
    throw transferred();
  }
  const size = bytes.length;
  return {
    name,
    size,
    read: (offset, length) => {
      if (offset + length <= bytes.length) return Promise.resolve(bytes.slice(offset, offset + length));
      return Promise.reject(bytes.length < size ? transferred() : cutShort(name));
    },
  };
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
