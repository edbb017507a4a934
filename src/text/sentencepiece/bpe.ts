import { Merges } from '../subwords/merges.js';
import { findCutMark, type Model } from '../subwords/model.js';
import { refuse } from '../subwords/refuse.js';
import { isOrdinary, type ModelFile, type Piece } from './model-file.js';
import { TokenWriter } from './token-writer.js';

/** How many levels deep an unused piece may consist of unused pieces: the reference library's limit. */
const MOST_DEPTH = 100;

/**
 * Byte-pair encoding in which the scores of pieces take the place of merge ranks. A symbol is a piece, or a character that is not a
 * piece. While some neighbouring symbols together are the text of a piece, the pair whose piece has the highest score is merged; of
 * equal scores the leftmost pair.
 */
export function readBpe(file: ModelFile): Model {
  const { pieces } = file;
  /** The id of each symbol by its text: the id of the piece; other characters get the next free ids. */
  const ids = new Map<string, number>();
  /** The text of each symbol by id. */
  const texts = pieces.map(({ text }) => text);
  const add = (character: string): number => {
    const id = texts.length;
    texts.push(character);
    ids.set(character, id);
    return id;
  };
  const mergeable: number[] = [];
  pieces.forEach(({ text, type }, id) => {
    if (!isOrdinary(type) || type === 'user-defined' || text === '') return;
    ids.set(text, id);
    mergeable.push(id);
  });
  for (const id of mergeable) for (const character of texts[id]) if (!ids.has(character)) add(character);
  const { merges, unmerged } = readMerges(pieces, mergeable, ids);
  const writer = new TokenWriter(file);
  let symbols = new Int32Array(256);

  /** Gives the tokens of a symbol: an unused piece is taken apart again into the symbols of its merge. */
  function give(symbol: number, put: (token: number | string) => void): void {
    if (symbol >= pieces.length) {
      writer.unknown(texts[symbol], put);
      return;
    }
    if (pieces[symbol].type !== 'unused') {
      writer.piece(symbol, put);
      return;
    }
    const parts = unmerged.get(symbol);
    if (parts) for (const part of parts) give(part, put);
    else writer.unknown(texts[symbol], put);
  }

  return {
    tokens: writer.tokens,
    tokenize(text, put) {
      if (symbols.length < text.length) symbols = new Int32Array(text.length * 2);
      let length = 0;
      for (const character of text) symbols[length++] = ids.get(character) ?? add(character);
      length = merges.apply(symbols, length);
      for (let i = 0; i < length; i++) give(symbols[i], put);
      writer.end(put);
    },
    cutMark: findCutMark(
      text => pieces[ids.get(text) ?? pieces.length]?.type === 'normal',
      mergeable.map(id => texts[id]),
    ),
  };
}

/**
 * Makes a merge of each way to join two symbols to a piece; its rank is the rank of the piece's score. Also returns the two symbols of
 * each unused piece, by the piece's id (`unmerged`).
 */
function readMerges(
  pieces: readonly Piece[],
  mergeable: readonly number[],
  ids: ReadonlyMap<string, number>,
): { merges: Merges; unmerged: ReadonlyMap<number, readonly number[]> } {
  const ranks = rankScores(pieces);
  const [pairs, mergeRanks, results]: [number[], number[], number[]] = [[], [], []];
  const unmerged = new Map<number, readonly number[]>();
  for (const id of mergeable) {
    const { text, type } = pieces[id];
    for (let at = 1; at < text.length; at++) {
      if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) continue;
      const left = ids.get(text.slice(0, at));
      const right = left === undefined ? undefined : ids.get(text.slice(at));
      if (left === undefined || right === undefined) continue;
      pairs.push(left, right);
      mergeRanks.push(ranks[id]);
      results.push(id);
      if (type !== 'unused') continue;
      // Which of several merges the library undoes depends on other words of the text.
      if (unmerged.has(id)) refuse(`pieces[${id}]: is unused, and can be made of other pieces in several ways`);
      unmerged.set(id, [left, right]);
    }
  }
  checkDepth(unmerged);
  return {
    merges: new Merges(Int32Array.from(pairs), Int32Array.from(mergeRanks), Int32Array.from(results)),
    unmerged,
  };
}

/** The rank of each piece, from 0 for the highest score. Scores are compared by their bits, so that -0 is below 0. */
function rankScores(pieces: readonly Piece[]): readonly number[] {
  const bits = new Int32Array(Float32Array.from(pieces, ({ score }) => score).buffer);
  const keys = Array.from(bits, bit => (bit < 0 ? bit ^ 0x7fffffff : bit));
  const sorted = [...new Set(keys)].sort((a, b) => b - a);
  const rankOf = new Map(sorted.map((key, rank) => [key, rank]));
  return keys.map(key => rankOf.get(key) ?? 0);
}

/** Refuses unused pieces that consist of unused pieces more than `MOST_DEPTH` levels deep, because the library stops there. */
function checkDepth(unmerged: ReadonlyMap<number, readonly number[]>): void {
  const seen = new Set<number>();
  const checkFrom = (id: number, depth: number): void => {
    if (depth > MOST_DEPTH) refuse(`pieces[${id}]: is made of unused pieces more than ${MOST_DEPTH} levels deep`);
    const key = id * (MOST_DEPTH + 1) + depth;
    if (seen.has(key)) return;
    seen.add(key);
    for (const part of unmerged.get(id) ?? []) checkFrom(part, depth + 1);
  };
  for (const id of unmerged.keys()) checkFrom(id, 0);
}
