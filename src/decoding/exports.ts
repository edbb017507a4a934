/** The exports that `kneser` and `kneser/native-free/decoding` have in common. */
export { ctcBeamSearch, type CtcBeam, type CtcLogits, type CtcOptions, type CtcWord } from './ctc-beam-search.js';
export type { DecodingModel } from './word-scores.js';
export type { Candidate, NBestList } from './nbest.js';
export {
  rescore,
  tuneRescoring,
  type RescoredCandidate,
  type RescoredList,
  type RescoreOptions,
  type RescoringModel,
  type RescoringWeights,
  type TuneRescoringOptions,
  type TuneRescoringReport,
} from './rescore.js';
