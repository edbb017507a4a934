import type * as Msgpackr from 'msgpackr';
import * as packing from 'msgpackr/pack';

/** A value as MessagePack. The package's main entry loads a native add-on as soon as it is imported; this one does not. */
export const encodeMsgpack = (packing as unknown as typeof Msgpackr).pack as (value: unknown) => Uint8Array;
