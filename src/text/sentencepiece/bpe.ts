import { Merges } from '../subwords/merges.js';
import { cutBefore, type Model } from '../subwords/model.js';
import { refuse } from '../subwords/refuse.js';
import { isOrdinary, type ModelFile, type Piece } from './model-file.js';
import { Surface } from './surface.js';

/** How many times an unused piece may be taken apart into unused pieces again: the reference library's limit. */
const MOST_DEPTH = 100;

/**
 * Byte-pair encoding in which scores of pieces take the place of merge ranks. A symbol is a piece, or a character that is no
 * piece. While two neighbouring symbols together are the text of a piece, the pair whose piece has the highest score is merged;
 * of equal scores the leftmost pair.
 */
export function readBpe(file: ModelFile): Model {
  const { pieces } = file;
  /** The number of each symbol by its text: the number of the piece in the file; other characters get the next free numbers. */
  const numbers = new Map<string, number>();
  const texts = pieces.map(({ text }) => text);
  const add = (character: string): number => {
    const number = texts.length;
    texts.push(character);
    numbers.set(character, number);
    return number;
  };
  const mergeable: number[] = [];
  pieces.forEach(({ text, type }, number) => {
    if (!isOrdinary(type) || type === 'user-defined' || text === '') return;
    numbers.set(text, number);
    mergeable.push(number);
  });
  for (const number of mergeable) for (const character of texts[number]) if (!numbers.has(character)) add(character);
  const { merges, unmerged } = readMerges(pieces, mergeable, numbers);
  const surface = new Surface(file);
  let symbols = new Int32Array(256);

  function give(symbol: number, put: (token: number | string) => void): void {
    if (symbol >= pieces.length) {
      surface.unknown(texts[symbol], put);
      return;
    }
    if (pieces[symbol].type !== 'unused') {
      surface.known(symbol, put);
      return;
    }
    const parts = unmerged.get(symbol);
    if (parts) for (const part of parts) give(part, put);
    else surface.unknown(texts[symbol], put);
  }

  return {
    tokens: surface.tokens,
    tokenize(piece, put) {
      if (symbols.length < piece.length) symbols = new Int32Array(piece.length * 2);
      let length = 0;
      for (const character of piece) symbols[length++] = numbers.get(character) ?? add(character);
      length = merges.apply(symbols, length);
      for (let i = 0; i < length; i++) give(symbols[i], put);
      surface.end(put);
    },
    cutsBefore: cutBefore(
      text => pieces[numbers.get(text) ?? pieces.length]?.type === 'normal',
      mergeable.map(number => texts[number]),
    ),
  };
}

/** Each way to make a piece of two symbols is a merge. Its rank is the rank of the piece's score. */
function readMerges(
  pieces: readonly Piece[],
  mergeable: readonly number[],
  numbers: ReadonlyMap<string, number>,
): { merges: Merges; unmerged: ReadonlyMap<number, readonly number[]> } {
  const ranks = rankScores(pieces);
  const [pairs, rankOf, results]: [number[], number[], number[]] = [[], [], []];
  const unmerged = new Map<number, readonly number[]>();
  for (const number of mergeable) {
    const { text, type } = pieces[number];
    for (let at = 1; at < text.length; at++) {
      if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) continue;
      const left = numbers.get(text.slice(0, at));
      const right = left === undefined ? undefined : numbers.get(text.slice(at));
      if (left === undefined || right === undefined) continue;
      pairs.push(left, right);
      rankOf.push(ranks[number]);
      results.push(number);
      if (type !== 'unused') continue;
      // Which of these pairs the library undoes depends on other words of the text.
      if (unmerged.has(number)) refuse(`pieces[${number}]: is unused, and can be made of other pieces in several ways`);
      unmerged.set(number, [left, right]);
    }
  }
  checkDepth(unmerged);
  return { merges: new Merges(Int32Array.from(pairs), Int32Array.from(rankOf), Int32Array.from(results)), unmerged };
}

/** Ranks from 0 by score, the highest first. Scores are compared by their bits, so that -0 is below 0. */
function rankScores(pieces: readonly Piece[]): readonly number[] {
  const bits = new Int32Array(Float32Array.from(pieces, ({ score }) => score).buffer);
  const keys = Array.from(bits, bit => (bit < 0 ? bit ^ 0x7fffffff : bit));
  const sorted = [...new Set(keys)].sort((a, b) => b - a);
  const rankOf = new Map(sorted.map((key, rank) => [key, rank]));
  return keys.map(key => rankOf.get(key) ?? 0);
}

/** Refuses unused pieces that consist of unused pieces more than `MOST_DEPTH` levels deep: the library gives up there. */
function checkDepth(unmerged: ReadonlyMap<number, readonly number[]>): void {
  const seen = new Set<number>();
  const follow = (number: number, depth: number): void => {
    if (depth > MOST_DEPTH) refuse(`pieces[${number}]: unused pieces are made of each other too often`);
    const key = number * (MOST_DEPTH + 1) + depth;
    if (seen.has(key)) return;
    seen.add(key);
    for (const part of unmerged.get(number) ?? []) follow(part, depth + 1);
  };
  for (const number of unmerged.keys()) follow(number, 0);
}
