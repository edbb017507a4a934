import { KneserError } from '../../base/errors.js';
import {
  contextPattern,
  contiguous,
  formatPattern,
  isContiguous,
  parentPattern,
  parseTableName,
  type Pattern,
} from '../../tables/pattern.js';
import type { ModelMManifest, TableManifest } from '../../tables/manifest.js';

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
  /** By how much the distances of the pattern are greater than those of the words in the text; missing if 0. */
  readonly shift?: number;
}

/** Model M: the tables of each step, and their relations within the step. */
export interface ModelMPart {
  /** The clustering of its classes, as an index into the clusterings of the model. */
  readonly clustering: number;
  readonly classTables: readonly TablePart[];
  readonly wordTables: readonly TablePart[];
}

/** The tables of Model M. `contextTable` and `contextColumn` are those of {@link withSteps}. */
export function stepParts({ clustering, classTables, wordTables }: ModelMManifest): ModelMPart {
  const partsOf = (tables: readonly TableManifest[], shift: number): TablePart[] =>
    tables.map((manifest, length) => {
      const relations = { parent: length - 1, contextTable: -1, contextColumn: 0 };
      return { manifest, pattern: contiguous(length + 1), ...relations, ...(shift > 0 ? { shift } : {}) };
    });
  // The first id of a context of the word step is the class of the predicted word itself.
  return { clustering, classTables: partsOf(classTables, 0), wordTables: partsOf(wordTables, 1) };
}

/**
 * The tables of words, followed by those of Model M, which have their contexts among the tables before them: the contexts of the class step are
 * n-grams of words, and those of the word step are n-grams of the class step.
 */
export function withSteps(words: readonly TablePart[], modelM: ModelMPart | undefined): TablePart[] {
  const all = [...words];
  if (!modelM) return all;
  const wordsOf = (length: number): number =>
    words.findIndex(({ pattern }) => pattern.length === length && isContiguous(pattern));
  const firstClass = words.length;
  const firstWord = firstClass + modelM.classTables.length;
  const add = (part: TablePart, first: number, contextTable: number): void => {
    const contextColumn = all.filter(other => other.contextTable === contextTable).length;
    all.push(part.pattern.length === 0 ? part : { ...part, parent: first + part.parent, contextTable, contextColumn });
  };
  modelM.classTables.forEach((part, length) => {
    add(part, firstClass, wordsOf(length - 1));
  });
  modelM.wordTables.forEach((part, length) => {
    add(part, firstWord, firstClass + length - 1);
  });
  return all;
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
