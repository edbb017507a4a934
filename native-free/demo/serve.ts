import { createReadStream, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Media types by the ending of a file. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** Options of the static server. */
export interface Serving {
  /** The port; if it is in use, the server tries the next ones. 0 takes any free port. */
  readonly port: number;
  /** Called after each answer with the requested path and the number of bytes sent. */
  readonly onAnswer?: (path: string, bytes: number) => void;
}

/** A running static server. */
export interface Server {
  readonly url: string;
  close(): Promise<void>;
}

/** The most ports that the server tries. */
const MOST_PORTS = 20;

/** Serves the files of a folder to this machine only, whole or by ranges of bytes. */
export async function serveFolder(folder: string, { port, onAnswer }: Serving): Promise<Server> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const name = normalize(path.endsWith('/') ? `${path}index.html` : path);
    const bytes = answer(response, join(folder, name), request.method ?? 'GET', request.headers.range);
    onAnswer?.(path, bytes);
  });
  for (let tried = 0; ; tried++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port === 0 ? 0 : port + tried, '127.0.0.1', resolve);
      });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tried + 1 === MOST_PORTS) throw error;
    }
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers a request. @param range the header of the request. @returns the number of bytes sent. */
function answer(response: ServerResponse, file: string, method: string, range: string | undefined): number {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile() || !['GET', 'HEAD'].includes(method)) {
    response.writeHead(stats?.isFile() ? 405 : 404).end();
    return 0;
  }
  const { size, mtimeMs } = stats;
  const headers = {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'cache-control': 'no-cache',
    'accept-ranges': 'bytes',
    etag: `"${size}-${mtimeMs}"`,
  };
  const part = range === undefined ? undefined : readRange(range, size);
  if (part === null) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return 0;
  }
  const { start, end } = part ?? { start: 0, end: size };
  const partial = part ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {};
  response.writeHead(part ? 206 : 200, { ...headers, ...partial, 'content-length': end - start });
  if (method === 'HEAD' || end === start) {
    response.end();
    return 0;
  }
  // The client may have closed the connection.
  pipeline(createReadStream(file, { start, end: end - 1 }), response).catch(() => response.destroy());
  return end - start;
}

/**
 * Reads the header `range`: bytes from `start` to `end` − 1. @returns `undefined` for a header that is not one range, which the server
 * ignores; `null` for a range outside the file.
 */
function readRange(range: string, size: number): { start: number; end: number } | undefined | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range);
  if (!match || match[0] === 'bytes=-') return undefined;
  const [, first, last] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : null;
}
