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

/** All letters that stand for kept words or classes. */
const NAME_LETTERS = `${LETTERS}kw`;

/** The most clusterings of a model's words. */
export const MOST_CLUSTERINGS = LETTERS.length;

/** What a table counts: words, the classes of words in one clustering, or one of the two steps of Model M. */
export type Stream = 'words' | ClassStream | StepStream;

/**
 * The steps in which Model M predicts a word. `class-step`: the class of the next word after the words before; the contexts are words, nearest
 * first. `word-step`: the next word, given its class and the words before; the contexts are this class, then words, nearest first. The
 * ids of a context are at the distances 1, 2, 3 of the table's pattern.
 */
export type StepStream = 'class-step' | 'word-step';

/** The letter of a step in the names of its tables. */
const STEP_LETTERS: Readonly<Record<StepStream, string>> = { 'class-step': 'k', 'word-step': 'w' };

/** The steps, in the order in which they are counted. */
export const STEPS: readonly StepStream[] = ['class-step', 'word-step'];

/** The most ids of a context of Model M. */
const STEP_REACH = 3;

/** The patterns of the tables of a step of Model M, shorter contexts first. @param order of the model. */
export function stepPatterns(step: StepStream, order: number): Pattern[] {
  // The class of the word itself takes the place of one word.
  const longest = Math.min(STEP_REACH, step === 'class-step' ? order - 1 : order);
  return Array.from({ length: longest + 1 }, (_, length) => contiguous(length + 1));
}

export function isStep(stream: Stream): stream is StepStream {
  return stream === 'class-step' || stream === 'word-step';
}

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

/**
 * The name of a table: its pattern, in tables of classes with the letter of the clustering for the kept words: `c`, `d` …; in tables of
 * Model M with `k` for the class step and `w` for the word step.
 */
export function tableName(pattern: Pattern, stream: Stream): string {
  const name = formatPattern(pattern);
  if (stream === 'words') return name;
  return name.replaceAll('1', isStep(stream) ? STEP_LETTERS[stream] : LETTERS[clusteringOf(stream)]);
}

/** The name of the table in which the contexts of a table are n-grams. @param pattern not the empty one. */
export function contextTableName(pattern: Pattern, stream: Stream): string {
  // The words before a class are an n-gram of words; they are, with the class behind them, an n-gram of the class step.
  const of = stream === 'class-step' ? 'words' : stream === 'word-step' ? 'class-step' : stream;
  return tableName(contextPattern(pattern), of);
}

/** The stream of a table. @param name the name of the table. */
export function streamOf(name: string): Stream {
  const step = STEPS.find(its => STEP_LETTERS[its] === name[0]);
  if (step) return step;
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
  return parsePattern(NAME_LETTERS.includes(letter) ? name.replaceAll('1', '?').replaceAll(letter, '1') : name);
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
