import type { IncomingMessage } from 'node:http';
import { Failure, failureOf } from './failure.js';
import type { Limits } from './options.js';

/** Requests of at most this many bytes in all may be under way, as a multiple of the longest body: they bound the memory of a server. */
const BODIES = 3;

/** The bytes of bodies that the server holds. */
export class BodyBudget {
  private held = 0;

  constructor(private readonly most: number) {}

  /** Makes a budget for a longest body. */
  static for(maxBody: number): BodyBudget {
    return new BodyBudget(BODIES * maxBody);
  }

  /** @throws Failure with status 503 if the server holds too many bytes. */
  take(bytes: number): void {
    if (this.held + bytes > this.most) {
      throw new Failure(503, 'overloaded', 'the server is working on other large requests; send this one again later');
    }
    this.held += bytes;
  }

  give(bytes: number): void {
    this.held -= bytes;
  }
}

/** Refuses a body that has no form that the server reads. @throws Failure */
function checkEncoding({ headers }: IncomingMessage): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Failure(
      415,
      'unsupported_encoding',
      `the body is encoded as ${encoding}; send it without a content-encoding`,
    );
  }
}

/** The failure of a body that is too long. */
export function tooLarge(maxBody: number): Failure {
  return new Failure(
    413,
    'body_too_large',
    `the body is longer than ${maxBody} bytes, the limit of this server (--max-body); send less at a time`,
  );
}

/**
 * Reads the body of a request.
 *
 * @param budget holds the bytes of the body until the caller gives them back.
 * @throws Failure with status 413 for a long body, 408 for one that takes longer to arrive than the time limit, 503.
 */
export function readBody(
  incoming: IncomingMessage,
  { maxBody, timeout }: Limits,
  budget: BodyBudget,
): Promise<Uint8Array> {
  checkEncoding(incoming);
  if (Number(incoming.headers['content-length'] ?? 0) > maxBody) return Promise.reject(tooLarge(maxBody));
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const end = (act: () => void): void => {
      clearTimeout(timer);
      incoming.off('data', take).off('end', done).off('close', cut).off('error', cut);
      act();
    };
    const fail = (failure: Error): void =>
      end(() => {
        incoming.pause();
        budget.give(length);
        reject(failure);
      });
    const take = (piece: Uint8Array): void => {
      try {
        if (length + piece.length > maxBody) throw tooLarge(maxBody);
        budget.take(piece.length);
      } catch (failure) {
        fail(failureOf(failure));
        return;
      }
      length += piece.length;
      pieces.push(piece);
    };
    const done = (): void => end(() => resolve(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)));
    const cut = (): void => fail(endedEarly());
    const timer = setTimeout(() => fail(tooSlow(timeout)), timeout);
    incoming.on('data', take).on('end', done).on('close', cut).on('error', cut);
  });
}

function tooSlow(timeout: number): Failure {
  return new Failure(
    408,
    'timeout',
    `the body did not arrive within ${timeout / 1000} s, the time limit of this server`,
  );
}

function endedEarly(): Failure {
  return new Failure(400, 'aborted', 'the body ended early');
}

/**
 * The lines of a body as they arrive, without line feeds and without blank lines.
 *
 * @throws Failure with status 413 for a long line, 408 for a body of which nothing arrives within the time limit.
 */
export async function* readLines(
  incoming: IncomingMessage,
  { maxBody, timeout }: Limits,
): AsyncGenerator<string, void, void> {
  checkEncoding(incoming);
  const pieces = incoming.iterator({ destroyOnReturn: false });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for (;;) {
    const piece = await within(pieces.next() as Promise<IteratorResult<Uint8Array, void>>, timeout);
    try {
      rest += piece.done ? decoder.decode() : decoder.decode(piece.value, { stream: true });
    } catch {
      throw notUtf8();
    }
    const lines = rest.split('\n');
    rest = piece.done ? '' : (lines.pop() ?? '');
    if (rest.length > maxBody) throw tooLarge(maxBody);
    for (const line of lines) if (line.trim() !== '') yield line;
    if (piece.done) return;
  }
}

async function within<T>(work: Promise<T>, timeout: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooSlow(timeout)), timeout);
    });
    return await Promise.race([
      work.catch(() => {
        throw endedEarly();
      }),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

function notUtf8(): Failure {
  return new Failure(400, 'invalid_json', 'the body is not UTF-8');
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The value of a body of JSON. @throws Failure with status 400 */
export function parseJson(body: Uint8Array | string): unknown {
  let text: string;
  try {
    text = typeof body === 'string' ? body : decoder.decode(body);
  } catch {
    throw notUtf8();
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Failure(
      400,
      'invalid_json',
      `the body is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`,
    );
  }
}
