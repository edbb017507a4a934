import { closedError, KneserError } from '../../base/errors.js';
import { concatenate } from '../../base/bytes.js';
import { cutShort, type ByteSource } from './source.js';

/** Bytes of the first request. A model of 500 MB has its header and front in them, so that opening it needs only one more request, for the manifest. */
const FIRST_BYTES = 128 << 10;
/** The largest file that is accepted from a server that ignores ranges and sends the whole file, in bytes. */
const WHOLE_BYTES = 64 << 20;
/** The most requests at the same time. */
const MOST_REQUESTS = 24;

/** The user name and the password in an address. */
const CREDENTIALS = /\/\/[^/?#]*@/;

/** Parses an address. @throws KNESER_OPTION */
export function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new KneserError('KNESER_OPTION', `${text.replace(CREDENTIALS, '//')}: is not an address`);
  }
}

/**
 * Opens a file on a web server, which is read by range requests. They have the header `Range: bytes=a-b` but not `If-Range`, so that a
 * page may send them to another site without a CORS preflight. A file that was replaced on the server is therefore recognized by the
 * responses: by ETag, date and size where the page can see them, and always by the checksums of the values.
 *
 * @throws KNESER_INPUT_MISSING (404, 410), KNESER_INPUT_UNREADABLE (401, 403), KNESER_OPTION, KNESER_IO, KNESER_ABORTED, KNESER_CLOSED
 */
export async function openUrl(url: URL, signal?: AbortSignal): Promise<ByteSource> {
  if (url.username !== '' || url.password !== '') {
    const name = url.href.replace(CREDENTIALS, '//');
    const remedy = 'which no request can have; name the address of a file that can be read without signing in';
    throw new KneserError('KNESER_OPTION', `${name}: the address has a user name or a password, ${remedy}`);
  }
  if (!/^(https?|blob|data):$/.test(url.protocol)) {
    throw new KneserError('KNESER_OPTION', `${url.href}: is not a web address; open a file by its path`);
  }
  const name = url.href;
  const requests = new Requests();
  const abort = (): void => requests.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  const stop = (): void => {
    signal?.removeEventListener('abort', abort);
    requests.abort(closedError(name));
  };
  try {
    const close = (): Promise<void> => {
      stop();
      return Promise.resolve();
    };
    return { name, ...(await openParts(url, requests)), stop, close };
  } catch (error) {
    stop();
    throw error;
  }
}

/** The requests that are pending. Each has a signal of its own: Node keeps a listener on the signal of a request until the request is collected as garbage. */
class Requests {
  private readonly pending = new Set<AbortController>();
  private readonly ended = new AbortController();

  /** Ends the requests that are pending, and every later one. */
  abort(reason: unknown): void {
    this.ended.abort(reason);
    for (const request of this.pending) request.abort(reason);
  }

  /** Makes a request and reads its response. */
  async run<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const request = new AbortController();
    const { signal } = this.ended;
    if (signal.aborted) request.abort(signal.reason);
    this.pending.add(request);
    try {
      return await act(request.signal);
    } finally {
      this.pending.delete(request);
    }
  }
}

/** Requests the first part of a file, and returns its size, and the function that reads all parts. */
async function openParts(url: URL, requests: Requests): Promise<Pick<ByteSource, 'size' | 'read'>> {
  const name = url.href;
  const opening = await requests.run(async signal => {
    const response = await request(url, 0, FIRST_BYTES, signal);
    const { status } = response;
    // The status 416 means that there is no first byte: the file is empty.
    if (status === 416) return { first: response, bytes: new Uint8Array(0) };
    return { first: response, bytes: await bodyOf(name, response, status === 200 ? WHOLE_BYTES : FIRST_BYTES, signal) };
  });
  const { first } = opening;
  let start = opening.bytes;
  const isWhole = first.status === 200;
  const total = isWhole || start.length < FIRST_BYTES ? start.length : totalOf(first);
  const version = versionOf(first);
  const sizeShown = totalOf(first);
  const readPart = async (offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> => {
    const response = await request(url, offset, length, signal);
    const { status } = response;
    const isSame = versionOf(response) === version && (status === 200 || totalOf(response) === sizeShown);
    if (!isSame || status === 416) {
      await response.body?.cancel();
      throw replaced(name);
    }
    const bytes = await bodyOf(name, response, status === 200 ? WHOLE_BYTES : length, signal);
    if (status === 206) {
      if (bytes.length < length) throw cutShort(name);
      return bytes;
    }
    // A server may stop to answer ranges, and send the same file as a whole.
    if (bytes.length !== (total ?? bytes.length)) throw replaced(name);
    start = bytes;
    if (start.length < offset + length) throw cutShort(name);
    return start.slice(offset, offset + length);
  };
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (offset + length > (total ?? Infinity)) throw cutShort(name);
    if (offset + length <= start.length) return start.slice(offset, offset + length);
    return requests.run(signal => readPart(offset, length, signal));
  };
  return { size: total, read: atMost(MOST_REQUESTS, read) };
}

function replaced(name: string): KneserError {
  return new KneserError('KNESER_IO', `${name}: the file was replaced while it was being read; open it again`);
}

/** Requests a range of the file. @returns a response with the status 200, 206 or 416 */
async function request(url: URL, offset: number, length: number, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { Range: `bytes=${offset}-${offset + length - 1}` },
      signal,
    });
  } catch (error) {
    throw failed(url.href, error, signal);
  }
  const { status } = response;
  if (status === 200 || status === 206 || status === 416) return response;
  await response.body?.cancel();
  const answer = `${url.href}: the server answers ${status}${response.statusText ? ` ${response.statusText}` : ''}`;
  if (status === 404 || status === 410) throw new KneserError('KNESER_INPUT_MISSING', `${answer}; check the address`);
  if (status === 401 || status === 403) {
    throw new KneserError('KNESER_INPUT_UNREADABLE', `${answer}; the file must be readable without signing in`);
  }
  throw new KneserError('KNESER_IO', `${answer}; try again later`);
}

/** The body of a response. @throws KNESER_IO if it has more than `limit` bytes. */
async function bodyOf(name: string, response: Response, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const announced = Number(response.headers.get('content-length') ?? 0);
  const body: ReadableStream<Uint8Array> | null = response.body;
  const reader = body?.getReader();
  try {
    while (reader && announced <= limit && length <= limit) {
      const { done, value } = await reader.read();
      if (done) return concatenate(pieces);
      pieces.push(value);
      length += value.length;
    }
    await reader?.cancel();
  } catch (error) {
    throw failed(name, error, signal);
  }
  if (!reader) return new Uint8Array(0);
  throw new KneserError(
    'KNESER_IO',
    response.status === 206
      ? `${name}: the server sends more than the range that was requested; download the file and open the copy`
      : `${name}: the server sends the file only as a whole, and it is larger than ${WHOLE_BYTES >> 20} MB; ` +
          'use a server that answers range requests, or download the file and open the copy',
  );
}

/** The size of the whole file, in bytes; `undefined` if the response does not show it. */
function totalOf(response: Response): number | undefined {
  const match = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  return match ? Number(match[1]) : undefined;
}

/** Identifies the version of the file: its ETag and date, as far as the response shows them. */
function versionOf({ headers }: Response): string {
  return [headers.get('etag'), headers.get('last-modified')].join(' ');
}

/** The error for a request that failed. */
function failed(name: string, error: unknown, signal: AbortSignal): KneserError {
  const reason: unknown = signal.reason;
  if (reason instanceof KneserError && reason.code === 'KNESER_CLOSED') return reason;
  if (signal.aborted) return new KneserError('KNESER_ABORTED', `${name}: reading was interrupted`, { cause: reason });
  const reasons: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) reasons.push(at.message);
  return new KneserError(
    'KNESER_IO',
    `${name}: the server cannot be reached, or broke off (${reasons.join(': ')}); check the address, and try again`,
    { cause: error },
  );
}

/** Limits a function: of the calls to the returned function, at most `limit` run `act` at the same time; the other calls wait. */
function atMost<A extends unknown[], T>(limit: number, act: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (...args) => {
    if (free === 0) await new Promise<void>(resolve => waiting.push(resolve));
    else free--;
    try {
      return await act(...args);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
