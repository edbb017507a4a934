/** The exports that `kneser` and `kneser/native-free/decoding` have in common. */
export { ctcBeamSearch, type CtcBeam, type CtcLogits, type CtcOptions, type CtcWord } from './ctc-beam-search.js';
export type { DecodingModel } from './word-scores.js';
