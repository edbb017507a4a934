import { whole } from '../../report/figures.js';
import type { TableManifest } from '../../tables/manifest.js';

/** A vocabulary of fewer types than this is small: characters, digits or tags. */
const FEW_TYPES = 200;
/** A text of fewer tokens than this is small. */
const FEW_TOKENS = 10_000;

/** Tables that are named in a note. */
const MOST_TABLES = 3;

/** The tables that a note on discounts names, and the figures of their text. */
export interface FallbackTables {
  /** The tables whose discounts are the fallback, shorter contexts first. */
  readonly tables: readonly Pick<TableManifest, 'pattern' | 'rows' | 'dropped' | 'countsOfCounts'>[];
  /** The contiguous pattern of the highest order: the counts in its table are raw counts. */
  readonly highest: string;
  /** Tokens of the text, `</s>` counted. */
  readonly tokens: number;
  /** Types of the vocabulary. */
  readonly types: number;
}

/**
 * Says which discounts could not be estimated, why, with figures, and what to do. The estimate of Chen & Goodman needs n-grams with each
 * of the counts 1, 2 and 3, and more n-grams with a count than with the next higher one.
 */
export function fallbackNote(about: FallbackTables): string {
  const { tables } = about;
  const more = tables.length - MOST_TABLES;
  const named = tables.slice(0, MOST_TABLES).map(table => `${table.pattern} (${causeOf(table)})`);
  const others = more > 0 ? [`${more} other table${more > 1 ? 's' : ''}`] : [];
  const list = [...named, ...others].join(', ');
  return `The discounts of ${list} cannot be estimated: 0.5, 1 and 1.5 are used there. ${advice(about)}`;
}

function causeOf({ rows, dropped = 0, countsOfCounts }: FallbackTables['tables'][number]): string {
  const missing = missingCount(countsOfCounts);
  return missing > 0
    ? `none of ${whole(rows + dropped)} n-grams has the count ${missing}`
    : `${countsOfCounts.map(whole).join(' / ')} n-grams have the counts 1 / 2 / 3 / 4`;
}

function advice({ tables, highest, tokens, types }: FallbackTables): string {
  if (tokens < FEW_TOKENS) return `The text is small, ${whole(tokens)} tokens: train on more.`;
  if (types < FEW_TYPES) {
    return `The text has few types, ${whole(types)}, so that few n-grams are rare: the discounts matter little there.`;
  }
  const longest = tables.find(({ pattern }) => pattern === highest);
  const missing = longest ? missingCount(longest.countsOfCounts) : 0;
  if (missing === 1) {
    return 'No n-gram of the highest order occurs once: does the text hold everything several times? Train on it without repetitions.';
  }
  if (missing > 1)
    return 'N-grams of the highest order hardly recur in this text: train on more text, or lower the order.';
  return 'Counts do not fall as those of natural text do: is the text generated, filtered, or full of repetitions?';
}

/** The lowest count, of 1, 2 and 3, that no n-gram has; 0 if all three occur. */
function missingCount(countsOfCounts: readonly number[]): number {
  return countsOfCounts.slice(0, 3).indexOf(0) + 1;
}
