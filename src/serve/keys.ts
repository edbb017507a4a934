import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { KneserError } from '../base/errors.js';
import { readWholeText } from '../text/formats/whole-text.js';
import { Failure } from './failure.js';
import { isLoopback } from './options.js';

/** The largest file of keys [bytes]. */
const MOST_BYTES = 1 << 20;
/** The characters of a key: clients write others into a header as UTF-8, or as Latin-1. */
const HEADER = /^[ -~]*$/;

/** Decides who may use the server: holders of a key or, without keys, programs on this machine. */
export class Access {
  /** The SHA-256 of each key; `undefined` if none is needed. */
  private digests: readonly Buffer[] | undefined;

  /** @param host the address at which the server listens. */
  constructor(
    private readonly file: string | undefined,
    private readonly host: string,
  ) {}

  /** Reads the keys. @throws KNESER_INPUT_*, KNESER_INPUT_EMPTY */
  async load(): Promise<void> {
    const { file } = this;
    if (file === undefined) return;
    const lines = (await readWholeText(file, 'file of keys', MOST_BYTES)).split('\n').map(line => line.trim());
    const odd = lines.findIndex(line => !HEADER.test(line));
    if (odd >= 0) {
      throw new KneserError(
        'KNESER_INPUT_UNREADABLE',
        `${file}, line ${odd + 1}: the key has a character that clients do not write alike into the header of a request; write keys in ASCII`,
      );
    }
    const keys = lines.filter(line => line !== '');
    if (keys.length === 0) throw new KneserError('KNESER_INPUT_EMPTY', `${file}: has no key; write one a line`);
    this.digests = keys.map(digest);
  }

  /** @throws Failure with status 401 without a valid key, 403 for a request of a web page of another server. */
  check({ headers }: IncomingMessage): void {
    const { digests } = this;
    if (digests) {
      const key = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1];
      const given = digest(key ?? '');
      if (key !== undefined && digests.some(known => timingSafeEqual(known, given))) return;
      const message = key === undefined ? 'a key is needed, as Authorization: Bearer KEY' : 'the key is not valid';
      throw new Failure(401, 'invalid_api_key', message);
    }
    // A page of another server could reach this one by a name that leads to this machine.
    const name = hostOf(headers.host ?? '');
    if (!isLoopback(name) && name !== this.host)
      throw new Failure(403, 'forbidden_host', 'this server answers to names of this machine only');
    const { origin } = headers;
    if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === headers.host)) {
      throw new Failure(403, 'forbidden_origin', 'pages of other servers may not use this one');
    }
  }
}

function hostOf(header: string): string {
  return header.replace(/:\d+$/, '');
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
