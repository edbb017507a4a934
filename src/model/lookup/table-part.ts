import { KneserError } from '../../base/errors.js';
import { contextPattern, formatPattern, parentPattern, parseTableName, type Pattern } from '../../tables/pattern.js';
import type { TableManifest } from '../../tables/manifest.js';

/** A table in which words are looked up, and its relations to the other tables of its stream. */
export interface TablePart {
  readonly manifest: TableManifest;
  readonly pattern: Pattern;
  /** The index, among the tables of its stream, of the table whose pattern lacks the farthest word, or −1. */
  readonly parent: number;
  /** The index of the table whose n-grams are the contexts of this table, or −1 for the empty pattern. */
  readonly contextTable: number;
  /**
   * The index of the link in a row of the context table that leads to this table: the number of earlier tables with the same
   * `contextTable`.
   */
  readonly contextColumn: number;
}

/** The tables of a stream with their patterns and relations. @throws KNESER_DAMAGED */
export function tableParts(store: string, tables: readonly TableManifest[]): TablePart[] {
  const patterns = tables.map(({ pattern }) => {
    const parsed = parseTableName(pattern);
    if (!parsed) throw new KneserError('KNESER_DAMAGED', `${store}: manifest: ${pattern} is no pattern`);
    return parsed;
  });
  const names = patterns.map(formatPattern);
  const indexOf = (pattern: Pattern): number => names.indexOf(formatPattern(pattern));
  const contextTables = patterns.map(pattern => (pattern.length > 0 ? indexOf(contextPattern(pattern)) : -1));
  return tables.map((manifest, i) => {
    const pattern = patterns[i];
    const contextTable = contextTables[i];
    if (contextTable >= i || (i > 0 && contextTable < 0) || (i === 0 && pattern.length > 0)) {
      throw new KneserError(
        'KNESER_DAMAGED',
        `${store}: manifest: the contexts of ${names[i]} have no table before it`,
      );
    }
    const parent = i > 0 ? indexOf(parentPattern(pattern)) : -1;
    if (i > 0 && (parent < 0 || parent >= i)) {
      throw new KneserError(
        'KNESER_DAMAGED',
        `${store}: manifest: ${names[i]} has no table of its shorter contexts before it`,
      );
    }
    const contextColumn = contextTables.slice(0, i).filter(table => table === contextTable).length;
    return { manifest, pattern, parent, contextTable, contextColumn };
  });
}
