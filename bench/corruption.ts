import type { LoadedModel, VectorContext } from '../src/index.js';

/** The change to one token of a sentence: another word takes its place, or one of its letters is mistyped. */
export const CORRUPTIONS = ['other word', 'typo'] as const;
export type Corruption = (typeof CORRUPTIONS)[number];

/** A sentence with one corrupted token. */
export interface Corrupted {
  readonly tokens: readonly string[];
  readonly at: number;
}

/** A word in which a letter can be mistyped: four letters or more. */
const WORD = /^\p{L}{4,}$/u;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * Corrupts one token.
 *
 * @param words running text from which other words are drawn, so by their frequency.
 * @param random gives numbers from 0 to 1, which make every choice.
 * @returns `undefined` if no token can be corrupted.
 */
export function corrupt(
  tokens: readonly string[],
  corruption: Corruption,
  words: readonly string[],
  random: () => number,
): Corrupted | undefined {
  const pick = <T>(choices: ArrayLike<T>): T => choices[Math.floor(random() * choices.length)];
  const places = [...tokens.keys()].filter(at => corruption === 'other word' || WORD.test(tokens[at]));
  if (places.length === 0) return undefined;
  const at = pick(places);
  let token = tokens[at];
  while (token === tokens[at]) token = corruption === 'other word' ? pick(words) : misspell(token, pick);
  return { tokens: tokens.with(at, token), at };
}

/** Transposes two letters, drops one or replaces one. */
function misspell(word: string, pick: <T>(choices: ArrayLike<T>) => T): string {
  const letters = Array.from(word);
  const i = pick([...letters.keys()].slice(1));
  const wrong = pick(['transpose', 'drop', 'replace']);
  if (wrong === 'transpose') letters.splice(i - 1, 2, letters[i], letters[i - 1]);
  else letters.splice(i, 1, ...(wrong === 'drop' ? [] : [pick(LETTERS)]));
  return letters.join('');
}

/** How often one of the {@link WAYS} finds the corrupted token. */
export interface Rates {
  /** The share of sentences in which the most suspicious token shares a window with the corrupted token. */
  covered: number;
  /** The share of sentences in which the most suspicious token is the corrupted token. */
  exact: number;
}

/** The ways to choose the most suspicious token: the highest value of the vector, the lowest p, or at random. */
export const WAYS = ['vector, running text', 'vector, windows alone', 'surprisal', 'any token'] as const;
export type Way = (typeof WAYS)[number];

/** How often the corrupted tokens of sentences are found, with windows of `window` tokens. */
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
    const found = (way: Way, token: number, weight = share): void => {
      // Two tokens are in one window if they are less than a window apart.
      if (Math.abs(token - at) < window) rates[way].covered += weight;
      if (token === at) rates[way].exact += weight;
    };
    const vector = (context: VectorContext): Float64Array => model.ngramPerplexities(tokens, { window, context });
    found('vector, running text', highest(vector('text')));
    found('vector, windows alone', highest(vector('window')));
    found('surprisal', highest(model.score(tokens, { end: false }).log10Probs.map(value => -value)));
    for (const token of tokens.keys()) found('any token', token, share / tokens.length);
  }
  return rates;
}

/** The place of the highest value, the first of several. */
function highest(values: Float64Array): number {
  return values.indexOf(Math.max(...values));
}
