import type { LoadedModel, VectorContext } from '../src/index.js';

/** The changes to one token of a sentence: another word replaces it, or one of its letters is mistyped. */
export const CORRUPTIONS = ['other word', 'typo'] as const;
/** These, and a token that changes places with the next one. */
export const MISTAKES = [...CORRUPTIONS, 'swap'] as const;
export type Corruption = (typeof MISTAKES)[number];

/** A sentence with one corrupted token. */
export interface Corrupted {
  readonly tokens: readonly string[];
  /** The index of the corrupted token. */
  readonly at: number;
}

/** A word that can be misspelt: four letters or more. */
const WORD = /^\p{L}{4,}$/u;
/** The letters among which a wrong letter is chosen. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * Corrupts one token of a sentence, which is chosen at random.
 *
 * @param words the tokens of a running text, from which another word is drawn, with the probability of its frequency.
 * @param random gives random numbers from 0 to 1, on which every choice depends.
 * @returns `undefined` if no token can be corrupted.
 */
export function corrupt(
  tokens: readonly string[],
  corruption: Corruption,
  words: readonly string[],
  random: () => number,
): Corrupted | undefined {
  const pick = <T>(choices: ArrayLike<T>): T => choices[Math.floor(random() * choices.length)];
  const indices = [...tokens.keys()].filter(at => {
    if (corruption === 'typo') return WORD.test(tokens[at]);
    return corruption === 'other word' || (at + 1 < tokens.length && tokens[at] !== tokens[at + 1]);
  });
  if (indices.length === 0) return undefined;
  const at = pick(indices);
  if (corruption === 'swap') return { tokens: tokens.with(at, tokens[at + 1]).with(at + 1, tokens[at]), at };
  let token = tokens[at];
  while (token === tokens[at]) token = corruption === 'other word' ? pick(words) : misspell(token, pick);
  return { tokens: tokens.with(at, token), at };
}

/** Transposes two letters of a word, drops one letter, or replaces one. */
function misspell(word: string, pick: <T>(choices: ArrayLike<T>) => T): string {
  const letters = Array.from(word);
  const i = pick([...letters.keys()].slice(1));
  const mistake = pick(['transpose', 'drop', 'replace']);
  if (mistake === 'transpose') letters.splice(i - 1, 2, letters[i], letters[i - 1]);
  else letters.splice(i, 1, ...(mistake === 'drop' ? [] : [pick(LETTERS)]));
  return letters.join('');
}

/** How often one of the {@link WAYS} finds the corrupted token, as shares of the sentences. */
export interface Rates {
  /** The share of sentences in which the most suspicious token shares a window with the corrupted token. */
  covered: number;
  /** The share of sentences in which the most suspicious token is the corrupted token. */
  exact: number;
}

/** The ways to choose the most suspicious token of a sentence: the highest value of the vector, the lowest p, or at random. */
export const WAYS = ['vector, running text', 'vector, windows alone', 'surprisal', 'any token'] as const;
export type Way = (typeof WAYS)[number];

/** Measures how often each way finds the corrupted tokens of sentences. @param window the number of tokens of the windows of the vector. */
export function findCorrupted(
  model: LoadedModel,
  sentences: readonly Corrupted[],
  window: number,
): Readonly<Record<Way, Rates>> {
  const none = (): Rates => ({ covered: 0, exact: 0 });
  const rates: Record<Way, Rates> = {
    'vector, running text': none(),
    'vector, windows alone': none(),
    surprisal: none(),
    'any token': none(),
  };
  const share = 1 / sentences.length;
  for (const { tokens, at } of sentences) {
    const choose = (way: Way, token: number, weight = share): void => {
      // Two tokens share a window if their distance is less than the length of a window.
      if (Math.abs(token - at) < window) rates[way].covered += weight;
      if (token === at) rates[way].exact += weight;
    };
    const vector = (context: VectorContext): Float64Array => model.ngramPerplexities(tokens, { window, context });
    choose('vector, running text', highest(vector('text')));
    choose('vector, windows alone', highest(vector('window')));
    choose('surprisal', highest(model.score(tokens, { end: false }).log10Probs.map(value => -value)));
    for (const token of tokens.keys()) choose('any token', token, share / tokens.length);
  }
  return rates;
}

/** The index of the highest value; of several, the first. */
function highest(values: Float64Array): number {
  return values.indexOf(Math.max(...values));
}
