import type * as Msgpackr from 'msgpackr';
import * as packing from 'msgpackr/pack';

/**
 * Encodes a value as MessagePack. The import is `msgpackr/pack`, because msgpackr's main entry loads a native add-on. The build bundles
 * msgpackr into this module (`native-free/bundle.ts`), because npm would install that add-on for a dependency of the package.
 */
export const encodeMsgpack = (packing as unknown as typeof Msgpackr).pack as (value: unknown) => Uint8Array;
