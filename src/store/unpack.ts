import type * as Msgpackr from 'msgpackr';
import * as unpacking from 'msgpackr/unpack';

/** What some MessagePack says. The reader is a module of its own: a page that only scores needs no writer. */
export const unpack = (unpacking as unknown as typeof Msgpackr).unpack as (bytes: Uint8Array) => unknown;
