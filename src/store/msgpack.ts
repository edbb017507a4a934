import type * as Msgpackr from 'msgpackr';
import * as packing from 'msgpackr/pack';
import * as unpacking from 'msgpackr/unpack';

// The package's main entry loads a native add-on as soon as it is imported; these two do not, but come without types.

/** A value as MessagePack. */
export const pack = (packing as unknown as typeof Msgpackr).pack as (value: unknown) => Uint8Array;

/** What some MessagePack says. */
export const unpack = (unpacking as unknown as typeof Msgpackr).unpack as (bytes: Uint8Array) => unknown;
