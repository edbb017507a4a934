import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { open, stat } from 'node:fs/promises';
import { checksum } from '#kneser/src/base/checksum.js';

/** The faults that the server can have. */
export interface Behaviour {
  /** Answers with the whole file, whatever is asked for. */
  readonly whole?: boolean;
  /** Sends no ETag and no date, so that versions of a file cannot be told apart by the headers. */
  readonly silent?: boolean;
  /** Answers every request with this status. */
  readonly status?: number;
  /** Breaks off in the middle of every answer. */
  readonly breaks?: boolean;
  /** Takes requests and never answers. */
  readonly hangs?: boolean;
}

/** A static server of one file, which answers range requests and counts them. */
export interface RangeServer extends AsyncDisposable {
  readonly url: URL;
  /** The content: bytes, or the path of a file. It may be replaced. */
  content: Uint8Array | string;
  behaviour: Behaviour;
  requests: number;
  /** Bytes of the bodies that it sent. */
  bytes: number;
}

/** Starts a server on this machine. */
export async function serve(content: Uint8Array | string, behaviour: Behaviour = {}): Promise<RangeServer> {
  const server = createServer((request, response) => {
    void answer(request.headers.range).catch(() => response.destroy());

    async function answer(range: string | undefined): Promise<void> {
      const { content, behaviour } = state;
      state.requests++;
      if (behaviour.hangs) return;
      if (behaviour.status) return void response.writeHead(behaviour.status).end();
      const size = typeof content === 'string' ? (await stat(content)).size : content.length;
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
      const tag = typeof content === 'string' ? `"${size}"` : `"${checksum(content)}"`;
      const headers = behaviour.silent ? {} : { etag: tag };
      const whole = behaviour.whole === true || range === undefined;
      const [from, to] = whole ? [0, size] : [Number(first), Math.min(size, Number(last) + 1)];
      if (!whole && from >= size) return void response.writeHead(416, headers).end();
      const body = await read(content, from, to);
      state.bytes += body.length;
      response.writeHead(whole ? 200 : 206, {
        ...headers,
        'content-length': body.length,
        ...(whole || behaviour.silent ? {} : { 'content-range': `bytes ${from}-${to - 1}/${size}` }),
      });
      if (!behaviour.breaks) response.end(body);
      else response.write(body.subarray(0, body.length >> 1), () => response.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const state = {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/model.kneser`),
    content,
    behaviour,
    requests: 0,
    bytes: 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return state;
}

async function read(content: Uint8Array | string, from: number, to: number): Promise<Uint8Array> {
  if (typeof content !== 'string') return content.subarray(from, to);
  await using file = await open(content);
  const bytes = new Uint8Array(to - from);
  await file.read(bytes, 0, bytes.length, from);
  return bytes;
}
