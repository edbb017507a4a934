import { unpack as decode } from 'msgpackr/unpack';

/** What some MessagePack says. The reader is a module of its own: a page that only scores needs no writer. */
export const unpack = decode as (bytes: Uint8Array) => unknown;
