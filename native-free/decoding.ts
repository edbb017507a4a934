/**
 * Finds the words in the output of a speech or handwriting recognizer, with a loaded model.
 *
 * @packageDocumentation
 */
export {
  ctcBeamSearch,
  type CtcBeam,
  type CtcLogits,
  type CtcOptions,
  type CtcWord,
} from '../src/decoding/ctc-beam-search.js';
export type { DecodingModel } from '../src/decoding/word-scores.js';
