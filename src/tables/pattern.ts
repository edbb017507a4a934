/**
 * Patterns of kept context positions (Pickhardt et al. 2014).
 *
 * A pattern is the set of distances it keeps, counted from the predicted word: 1 is the word just before it. It is
 * written oldest word first, predicted word last, `1` for a kept and `_` for a skipped word: `1_11` keeps the distances 3
 * and 1. The contiguous patterns `1`, `11`, `111` … are the ordinary n-gram orders.
 */

/** The highest order that can be trained. */
export const MAX_ORDER = 12;

/** The distances that a pattern keeps, ascending (nearest word first). The empty pattern is the pattern of unigrams. */
export type Pattern = readonly number[];

/** The contiguous pattern of an order: the distances 1 … order − 1. */
export function contiguous(order: number): Pattern {
  return Array.from({ length: order - 1 }, (_, index) => index + 1);
}

/** Whether the pattern keeps every distance up to its largest, as ordinary n-grams do. */
export function isContiguous(pattern: Pattern): boolean {
  return pattern.length === span(pattern);
}

/** The largest distance the pattern keeps; 0 for the empty pattern. */
export function span(pattern: Pattern): number {
  return pattern.at(-1) ?? 0;
}

/** The text of a pattern: `1_11` for the distances 1 and 3. */
export function formatPattern(pattern: Pattern): string {
  let text = '1';
  for (let distance = 1; distance <= span(pattern); distance++) text = (pattern.includes(distance) ? '1' : '_') + text;
  return text;
}

/** The letters that stand for kept words in the names of the tables of classes: a letter for each clustering. */
const LETTERS = 'cdefgh';

/** The most clusterings of a model's words. */
export const MOST_CLUSTERINGS = LETTERS.length;

/** The tokens that a table counts: words, or the classes of words in one clustering. */
export type Stream = 'words' | ClassStream;

/** The classes of words in the first, second … clustering. */
export type ClassStream = 'classes' | `classes-${number}`;

/** The name of the stream of a clustering. @param clustering its number, from 0. */
export function classStream(clustering: number): ClassStream {
  return clustering === 0 ? 'classes' : `classes-${clustering + 1}`;
}

/** The number of a clustering, from 0, by the name of its stream. */
function clusteringOf(stream: ClassStream): number {
  return stream === 'classes' ? 0 : Number(stream.slice('classes-'.length)) - 1;
}

/** The name of a table: its pattern, in tables of classes with the letter of the clustering for the kept words: `c`, `d` … */
export function tableName(pattern: Pattern, stream: Stream): string {
  const name = formatPattern(pattern);
  return stream === 'words' ? name : name.replaceAll('1', LETTERS[clusteringOf(stream)]);
}

/** The stream of a table. @param name the name of the table. */
export function streamOf(name: string): Stream {
  const clustering = LETTERS.indexOf(name[0]);
  return clustering < 0 ? 'words' : classStream(clustering);
}

/** The reverse of {@link formatPattern}; `undefined` if the text is no pattern. */
export function parsePattern(text: string): Pattern | undefined {
  if (!/^(1[1_]*)?1$/.test(text)) return undefined;
  const pattern: number[] = [];
  for (let distance = 1; distance < text.length; distance++) {
    if (text[text.length - 1 - distance] === '1') pattern.push(distance);
  }
  return pattern;
}

/** The pattern in the name of a table, whichever its stream: the reverse of {@link tableName}; `undefined` if the text names no table. */
export function parseTableName(name: string): Pattern | undefined {
  const letter = name[0];
  return parsePattern(LETTERS.includes(letter) ? name.replaceAll('1', '?').replaceAll(letter, '1') : name);
}

/** Compares patterns for sorting: fewer kept words first, then nearer words first. Each pattern then comes after all its subsets. */
export function comparePatterns(a: Pattern, b: Pattern): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  return 0;
}

/** The choice of a model's skip patterns, besides the contiguous patterns up to its order. */
export interface PatternChoice {
  /** Whether the model has all skip patterns of its order, within the limits `maxGap` and `maxPatterns`. */
  readonly skip?: boolean;
  /** The skip patterns by name, such as `1_11`. */
  readonly list?: readonly string[];
  /** The most words skipped in a row. */
  readonly maxGap?: number;
  /** The most patterns, with the contiguous patterns. Patterns that keep few words, and near words, are taken first. */
  readonly maxPatterns?: number;
}

/**
 * The patterns of a model, each after all its subsets.
 *
 * @throws RangeError for a text of `list` that is no pattern, or is too long for the order. The message names the text.
 */
export function choosePatterns(order: number, choice: PatternChoice): Pattern[] {
  const plain = Array.from({ length: order }, (_, index) => contiguous(index + 1));
  const listed = (choice.list ?? []).map(text => {
    const pattern = parsePattern(text);
    if (!pattern)
      throw new RangeError(`${text} is not a pattern: write 1 for a kept and _ for a skipped word, as 1_11`);
    if (span(pattern) >= order) throw new RangeError(`${text} is longer than the order, ${order}`);
    return pattern;
  });
  const skipping = choice.list ? listed : choice.skip ? allPatterns(order) : [];
  const maxGap = choice.maxGap ?? order;
  const candidates = skipping.filter(pattern => !isContiguous(pattern) && gap(pattern) <= maxGap);
  candidates.sort((a, b) => reach(a) - reach(b) || comparePatterns(a, b));
  const room = Math.max(0, (choice.maxPatterns ?? Infinity) - order);
  const chosen = new Map([...plain, ...candidates.slice(0, room)].map(pattern => [pattern.join(), pattern]));
  return [...chosen.values()].sort(comparePatterns);
}

/** The pattern in which the contexts of `pattern` are n-grams, with the nearest context word as the predicted word: `11` for `111`, `1_1` for `1_11`. */
export function contextPattern([nearest, ...farther]: Pattern): Pattern {
  return farther.map(distance => distance - nearest);
}

/** The pattern without its farthest distance. The contexts of `111` and of `1_11` have their parents among the contexts of `11`. */
export function parentPattern(pattern: Pattern): Pattern {
  return pattern.slice(0, -1);
}

/**
 * The patterns of all tables that a model must have: `patterns`, the context pattern and the parent pattern of each of them, of each of
 * these, and so on.
 */
export function withContexts(patterns: readonly Pattern[]): Pattern[] {
  const all = new Map<string, Pattern>();
  const add = (pattern: Pattern): void => {
    if (all.has(pattern.join())) return;
    all.set(pattern.join(), pattern);
    add(contextPattern(pattern));
    add(parentPattern(pattern));
  };
  patterns.forEach(add);
  return [...all.values()].sort(comparePatterns);
}

/** All patterns of up to `order` words, contiguous patterns included. */
function allPatterns(order: number): Pattern[] {
  return Array.from({ length: 2 ** (order - 1) }, (_, bits) =>
    contiguous(order).filter(distance => bits & (1 << (distance - 1))),
  );
}

/** The longest run of words that a pattern skips. */
function gap(pattern: Pattern): number {
  return pattern.reduce((longest, distance, i) => Math.max(longest, distance - (pattern[i - 1] ?? 0) - 1), 0);
}

/** A measure of how much text a pattern needs to be useful: it grows with the span and with the number of kept words. */
function reach(pattern: Pattern): number {
  return span(pattern) + 2 * pattern.length;
}
