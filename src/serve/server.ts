import { callBack } from '../base/call-back.js';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { KneserError } from '../base/errors.js';
import { createApp } from './app.js';
import { BodyBudget } from './body.js';
import { Failure, failureOf } from './failure.js';
import { Access } from './keys.js';
import { Metrics } from './metrics.js';
import { Models } from './models.js';
import { isLoopback, type Limits, type ServeOptions } from './options.js';
import { namedPaths } from './served-model.js';
import { Turns } from './turns.js';

const DEFAULT_PORT = 8080;
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_BODY = 8 << 20;
const DEFAULT_SECONDS = 60;
/** The most bytes of the headers of a request. */
const HEADER_BYTES = 16 << 10;
/** How often connections are checked for headers that take too long [ms]. */
const CHECK_MS = 1000;
/** How many requests may have a cache at the same time. */
const MOST_CACHES = 8;
/** How long connections are still accepted when the server is to stop [ms]. */
const ACCEPTING_MS = 20;
/** The most time for connections that arrive while those before them are accepted [ms]. */
const MOST_ACCEPTING_MS = 1000;
/** How long a server that stops waits for the rest of the headers of a request [ms]. */
const HALF_SENT_MS = 1000;
/** How often idle connections are closed while the server stops [ms]. */
const IDLE_MS = 100;

/** A running server. */
export interface ModelServer {
  /** Its address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The names of its models. */
  readonly models: readonly string[];
  /**
   * Opens all models again, and reads the file of keys again: requests from then on use the models as they now are on disk. After an error the models
   * stay as they were.
   *
   * @throws KneserError: the errors of `LanguageModel.open` and `load`.
   */
  reload(): Promise<void>;
  /** Takes no more requests, waits for the answers that are under way, and closes the models. */
  close(): Promise<void>;
}

/** Opens the models, then listens. The options were checked. @throws the errors of `serve`. */
export async function startServer(options: ServeOptions): Promise<ModelServer> {
  const { port = DEFAULT_PORT, host = DEFAULT_HOST, apiKeyFile, onProgress, signal, onWarning } = options;
  if (apiKeyFile === undefined && !isLoopback(host)) {
    throw new KneserError(
      'KNESER_OPTION',
      `host: other machines reach ${host}, and without keys all could use the server; give apiKeyFile (--api-key-file), or listen at ${DEFAULT_HOST}`,
    );
  }
  const limits: Limits = {
    maxBody: options.maxBody ?? DEFAULT_BODY,
    timeout: 1000 * (options.timeout ?? DEFAULT_SECONDS),
    threads: options.threads ?? availableParallelism(),
  };
  const paths = namedPaths(options.models);
  const access = new Access(apiKeyFile, host);
  await access.load();
  const { smoothing, weights, order, tables } = options;
  const models = new Models(paths, {
    ...(smoothing === undefined ? {} : { smoothing }),
    ...(weights === undefined ? {} : { weights }),
    ...(order === undefined ? {} : { order }),
    ...(tables === undefined ? {} : { tables }),
  });
  await models.open(onProgress, signal);
  const http = createHttpServer(limits, {
    models,
    metrics: new Metrics(),
    limits,
    access,
    budget: BodyBudget.for(limits.maxBody),
    caches: new Turns(MOST_CACHES),
    onError: error =>
      callBack(
        onWarning,
        `a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      ),
  });
  try {
    await listen(http.server, port, host);
  } catch (error) {
    await models.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    url: addressOf(http.server.address() as AddressInfo),
    models: paths.map(({ name }) => name),
    reload: async () => {
      await access.load();
      await models.open();
    },
    close: () => (closing ??= close(http, models, limits)),
  };
}

/** The server, and its connections over which no request has come. */
interface HttpServer {
  readonly server: Server;
  readonly silent: ReadonlySet<Socket>;
}

function createHttpServer(limits: Limits, shared: Parameters<typeof createApp>[0]): HttpServer {
  const app = createApp(shared);
  const { timeout } = limits;
  const listener = getRequestListener((request, env) => app.fetch(request, env), {
    overrideGlobalObjects: false,
    errorHandler: error => {
      const failure = new Failure(
        400,
        'invalid_request',
        `the request is not valid: ${error instanceof Error ? error.message : String(error)}`,
      );
      return new Response(JSON.stringify(failure.body), {
        status: 400,
        headers: { 'content-type': 'application/json' },
      });
    },
  });
  const server = createServer(
    {
      headersTimeout: timeout,
      // The time of a body is measured while it is read.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(CHECK_MS, timeout),
      keepAliveTimeout: timeout,
      maxHeaderSize: HEADER_BYTES,
      // A missing host is refused with JSON.
      requireHostHeader: false,
    },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  const silent = new Set<Socket>();
  server.on('connection', socket => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  server.on('clientError', refuse);
  // A connection over which nothing passes is closed, after the answers that say why.
  server.setTimeout(2 * timeout);
  return { server, silent };
}

/** Answers bytes that are no request. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const failure =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new Failure(431, 'headers_too_large', `the headers are longer than ${HEADER_BYTES} bytes`)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new Failure(408, 'timeout', 'the headers did not arrive within the time limit of this server')
        : new Failure(400, 'invalid_request', 'this is no valid HTTP request');
  const { status, body } = failureOf(failure);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} Error\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
    () => socket.destroy(),
  );
}

/** Listens. @throws KNESER_OPTION if the address cannot be used. */
async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host.replace(/^\[(.*)\]$/, '$1'));
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const option = code === 'EADDRINUSE' || code === 'EACCES' ? 'port' : 'host';
    const reason =
      code === 'EADDRINUSE'
        ? `${port} is in use at ${host}; choose another`
        : code === 'EACCES'
          ? `${port} is for the administrator of this machine; choose one from 1024 up`
          : `${host}: the server cannot listen there (${message})`;
    throw new KneserError('KNESER_OPTION', `${option}: ${reason}`, { cause: error });
  }
}

function addressOf({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function close({ server, silent }: HttpServer, models: Models, { timeout }: Limits): Promise<void> {
  await acceptAll(server);
  const closed = new Promise<void>(resolve => {
    server.close(() => resolve());
  });
  // Answers end within the time limit; readers that do not read them must not hold the server up longer.
  const timer = setTimeout(() => server.closeAllConnections(), timeout);
  // A connection whose request has arrived but is not read yet counts as idle, too: it has until the first of these calls.
  const latest = performance.now() + HALF_SENT_MS;
  const idle = setInterval(() => {
    server.closeIdleConnections();
    for (const socket of silent) if (socket.bytesRead === 0 || performance.now() > latest) socket.destroy();
  }, IDLE_MS);
  await closed;
  clearTimeout(timer);
  clearInterval(idle);
  await models.close();
}

/**
 * Accepts the connections that clients have opened: the system would reset them when the server stops listening. Each
 * turn of the event loop accepts at least one of those that wait, so a turn without a new connection means there is none.
 */
async function acceptAll(server: Server): Promise<void> {
  let accepted = 0;
  const count = (): void => {
    accepted++;
  };
  server.on('connection', count);
  await wait(ACCEPTING_MS);
  const latest = performance.now() + MOST_ACCEPTING_MS;
  let before: number;
  do {
    before = accepted;
    // The first turn may end before the system was asked for connections.
    await turn();
    await turn();
  } while (accepted > before && performance.now() < latest);
  server.off('connection', count);
}
