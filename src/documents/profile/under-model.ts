import type { TokenScoring } from '../../model/token-scoring.js';
import { bitsOf } from '../../model/scoring/perplexity.js';
import { EOS } from '../../text/tokens.js';
import { hashBytes, type WordList } from '../../text/word-list.js';
import type { ModelFigures } from './figures.js';
import type { TextArrays } from './unit-text.js';

/** The entropy, which takes about 50 µs for a token, is the mean over about this many tokens. */
const ENTROPY_TOKENS = 20_000;
/** Sentences are scored together until they have this many tokens. */
const BATCH_TOKENS = 1 << 14;

/** Figures of a text under a model. @param pause called after each batch. */
export async function modelFigures(
  { words: text, sentenceEnds, tokens }: TextArrays,
  list: WordList,
  scoring: TokenScoring,
  pause: () => Promise<void> | undefined,
): Promise<ModelFigures> {
  const ids = new Uint32Array(list.size + 1);
  for (let word = 1; word <= list.size; word++) {
    const bytes = list.bytes(word);
    ids[word] = scoring.words.find(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
  }
  ids[0] = EOS;
  let [log10Prob, oov, entropy, entropyTokens] = [0, 0, 0, 0];
  for (const batch of batches(text, sentenceEnds, 1)) {
    const scores = await scoring.score(batch.map(word => ids[word]));
    for (const value of scores.log10Probs) log10Prob += value;
    for (const value of scores.oov) oov += value;
    await pause();
  }
  const every = Math.ceil(tokens / ENTROPY_TOKENS);
  for (const batch of batches(text, sentenceEnds, every)) {
    const { entropies } = await scoring.spreads(batch.map(word => ids[word]));
    for (const value of entropies) entropy += value / Math.LN2;
    entropyTokens += entropies.length;
    await pause();
  }
  return {
    meanSurprisal: bitsOf(log10Prob) / text.length,
    meanEntropy: entropy / entropyTokens,
    entropyTokens,
    oov,
  };
}

/** Whole sentences, about {@link BATCH_TOKENS} words at a time. @param every takes the first of so many sentences. */
function* batches(words: Uint32Array, sentenceEnds: Uint32Array, every: number): Generator<Uint32Array<ArrayBuffer>> {
  let batch = new Uint32Array(BATCH_TOKENS);
  let used = 0;
  for (let sentence = 0; sentence < sentenceEnds.length; sentence += every) {
    const own = words.subarray(sentence === 0 ? 0 : sentenceEnds[sentence - 1], sentenceEnds[sentence]);
    if (used > 0 && used + own.length > batch.length) {
      yield batch.subarray(0, used);
      used = 0;
    }
    if (own.length > batch.length) batch = new Uint32Array(own.length);
    batch.set(own, used);
    used += own.length;
  }
  if (used > 0) yield batch.slice(0, used);
}
