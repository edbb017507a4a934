import * as data from './unicode-data.js';

/**
 * A set of code points: sorted ranges, with gaps between them, in one flat array. Each range includes `first` and `last`.
 *
 *     [first, last, first, last, …]
 */
export type CodePoints = readonly number[];

const LAST = 0x10ffff;

/** Unpacks a character class of `unicode-data.ts`. */
export function unpack(packed: string): CodePoints {
  const ranges: number[] = [];
  let at = 0;
  for (const part of packed.split(' ')) {
    const [gap, length = '1'] = part.split('-');
    const first = at + parseInt(gap, 36);
    at = first + parseInt(length, 36);
    ranges.push(first, at - 1);
  }
  return ranges;
}

/** The code points from `first` to `last`. */
export function range(first: number, last = first): CodePoints {
  return [first, last];
}

/** The code points of a text. */
export function pointsOf(text: string): CodePoints {
  return union(...Array.from(text, character => range(character.codePointAt(0) ?? 0)));
}

/** The code points that are in at least one of the sets. */
export function union(...sets: readonly CodePoints[]): CodePoints {
  const pairs: [number, number][] = [];
  for (const set of sets) for (let i = 0; i < set.length; i += 2) pairs.push([set[i], set[i + 1]]);
  pairs.sort((a, b) => a[0] - b[0]);
  const ranges: number[] = [];
  for (const [first, last] of pairs) {
    const end = ranges.length - 1;
    if (end > 0 && first <= ranges[end] + 1) ranges[end] = Math.max(ranges[end], last);
    else ranges.push(first, last);
  }
  return ranges;
}

/** The code points that are not in the set. */
export function complement(set: CodePoints): CodePoints {
  const ranges: number[] = [];
  let at = 0;
  for (let i = 0; i < set.length; i += 2) {
    if (set[i] > at) ranges.push(at, set[i] - 1);
    at = set[i + 1] + 1;
  }
  if (at <= LAST) ranges.push(at, LAST);
  return ranges;
}

/** The code points that are in both sets. */
export function intersection(a: CodePoints, b: CodePoints): CodePoints {
  return complement(union(complement(a), complement(b)));
}

/** Whether a code point is in the set. */
export function contains(set: CodePoints, point: number): boolean {
  let [low, high] = [0, set.length / 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (set[middle * 2 + 1] < point) low = middle + 1;
    else high = middle;
  }
  return low < set.length / 2 && set[low * 2] <= point;
}

/** The source of a character class for a regular expression with the flag `u`. */
export function classSource(set: CodePoints): string {
  const hex = (point: number): string => `\\u{${point.toString(16)}}`;
  let source = '';
  for (let i = 0; i < set.length; i += 2) {
    source += set[i] === set[i + 1] ? hex(set[i]) : `${hex(set[i])}-${hex(set[i + 1])}`;
  }
  return `[${source}]`;
}

/** A function that returns a character class of `unicode-data.ts`, which it unpacks at its first call. */
function lazy(packed: string): () => CodePoints {
  let set: CodePoints | undefined;
  return () => (set ??= unpack(packed));
}

export const SPACE = lazy(data.SPACE);
export const WORD = lazy(data.WORD);
/** `\w` of Oniguruma in brackets, where `²`, `³`, `¹`, `¼`, `½` and `¾` are not word characters. */
export const WORD_IN_CLASS = (): CodePoints => intersection(WORD(), complement(pointsOf('²³¹¼½¾')));
export const ALPHABETIC = lazy(data.ALPHABETIC);
export const RUST_WORD = lazy(data.RUST_WORD);
export const NUMERIC = lazy(data.NUMERIC);
export const PUNCTUATION = lazy(data.PUNCTUATION);
export const COMBINING = lazy(data.COMBINING);
export const NONSPACING = lazy(data.NONSPACING);
export const CONTROL = lazy(data.CONTROL);
export const EXTENDING = lazy(data.EXTENDING);
export const PREPENDED = lazy(data.PREPENDED);
export const NOT_NORMALIZED = lazy(data.NOT_NORMALIZED);

let categories: ReadonlyMap<string, CodePoints> | undefined;

/** The code points of a general category, such as `Lu`, or of a group of categories, such as `L`; `undefined` for other names. */
export function category(name: string): CodePoints | undefined {
  categories ??= readCategories();
  const single = categories.get(name);
  if (single || name.length !== 1) return single;
  const parts = [...categories].filter(([part]) => part.startsWith(name)).map(([, set]) => set);
  return parts.length > 0 ? union(...parts) : undefined;
}

function readCategories(): ReadonlyMap<string, CodePoints> {
  const names = [...data.CATEGORIES, 'Cn'];
  const sets = new Map<string, number[]>(names.map(name => [name, []]));
  let at = 0;
  for (const [, letter, length] of data.CATEGORY_RUNS.matchAll(/([^a-z0-9])([a-z0-9]*)/g)) {
    const first = at;
    at += length === '' ? 1 : parseInt(length, 36);
    sets.get(names[data.CATEGORY_LETTERS.indexOf(letter)])?.push(first, at - 1);
  }
  return sets;
}

/** The code points of a script by its name, in upper or lower case; `undefined` for a script that `SCRIPTS` lacks. */
export function script(name: string): CodePoints | undefined {
  const found = Object.entries(data.SCRIPTS).find(([known]) => known.toLowerCase() === name.toLowerCase());
  return found && unpack(found[1]);
}

/** The small letter of each capital that some JavaScript engines do not know yet. */
export const RECENT_LOWERCASE: ReadonlyMap<string, string> = (() => {
  const points = data.RECENT_LOWERCASE.split(' ').map(point => String.fromCodePoint(parseInt(point, 36)));
  return new Map(Array.from({ length: points.length / 2 }, (_, i) => [points[i * 2], points[i * 2 + 1]]));
})();
