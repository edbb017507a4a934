import { checkText, refuse, type Fields } from '../fields.js';
import { Trie } from '../trie.js';
import type { Model } from './model.js';

/** How much worse than the worst token a character is that has none (SentencePiece's kUnkPenalty), as natural log. */
const UNKNOWN_PENALTY = 10;

/**
 * SentencePiece's Unigram: of all ways to cut a piece into tokens, the one with the largest sum of log probabilities; of equal
 * ones the one whose last token begins first (Kudo 2018, "Subword regularization"; Viterbi, the sums in the library's order).
 */
export function readUnigram(fields: Fields): Model {
  const vocab = fields.list('vocab');
  const path = fields.at('vocab');
  const hasUnknown = fields.isSet('unk_id');
  const unknown = hasUnknown ? fields.count('unk_id') : -1;
  if (!hasUnknown) fields.take('unk_id');
  const fallsBack = fields.flag('byte_fallback', false);
  if (unknown >= vocab.length) refuse(`${fields.at('unk_id')}: is beyond the vocabulary`);
  const tokens: string[] = [];
  const scores = new Float64Array(vocab.length);
  const numbers = new Map<string, number>();
  const trie = new Trie();
  vocab.forEach((entry, i) => {
    if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[1] !== 'number') {
      refuse(`${path}[${i}]: is no pair of a token and its score`);
    }
    const token = checkText(entry[0], `${path}[${i}]`);
    tokens.push(token);
    scores[i] = entry[1];
    numbers.set(token, i);
    if (token !== '') trie.set(token, i);
  });
  const worst = scores.reduce((least, score) => Math.min(least, score), Infinity);
  const unknownScore = worst - UNKNOWN_PENALTY;
  const byteNumbers = Array.from({ length: 256 }, (_, byte) =>
    numbers.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  );

  /** For each place in the piece: the best sum that ends there, where its last token begins, and that token. */
  let best = new Float64Array(256);
  let begins = new Int32Array(256);
  let last = new Int32Array(256);
  const ends: number[] = [];

  function offer(at: number, score: number, begin: number, token: number): void {
    if (begins[at] >= 0 && !(score > best[at])) return;
    best[at] = score;
    begins[at] = begin;
    last[at] = token;
  }

  function search(piece: string): void {
    const { length } = piece;
    if (length >= best.length) {
      best = new Float64Array(length * 2);
      begins = new Int32Array(length * 2);
      last = new Int32Array(length * 2);
    }
    begins.fill(-1, 0, length + 1);
    best[0] = 0;
    for (let at = 0, next = 0; at < length; at = next) {
      next = at + ((piece.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
      const before = at === 0 ? 0 : best[at];
      let hasSingle = false;
      for (let node = 0, to = at; to < length;) {
        node = trie.child(node, piece.charCodeAt(to++));
        if (node === 0) break;
        const token = trie.valueAt(node);
        if (token < 0) continue;
        offer(to, scores[token] + before, at, token);
        if (to === next) hasSingle = true;
      }
      if (hasSingle) continue;
      if (begins[next] >= 0 && !(unknownScore + before > best[next])) continue;
      if (!hasUnknown) refuse('the text holds a character without a token, and the model has no unk_id');
      offer(next, unknownScore + before, at, unknown);
    }
  }

  function give(text: string, put: (token: number | string) => void): void {
    const token = numbers.get(text);
    if (token !== undefined) {
      put(token);
      return;
    }
    if (fallsBack) {
      const bytes = Array.from(encoder.encode(text), byte => byteNumbers[byte]);
      if (!bytes.includes(undefined)) {
        for (const byte of bytes) put(byte as number);
        return;
      }
    }
    if (!hasUnknown) refuse('the text holds a character without a token, and the model has no unk_id');
    put(text);
  }

  return {
    tokens,
    tokenize(piece, put) {
      search(piece);
      ends.length = 0;
      for (let at = piece.length; at > 0; at = begins[at]) ends.push(at);
      let from = 0;
      for (let i = ends.length - 1; i >= 0; i--) {
        // Unknown characters in a row are one token.
        if (last[ends[i]] === unknown && i > 0 && last[ends[i - 1]] === unknown) continue;
        const to = ends[i];
        if (last[to] !== unknown) put(last[to]);
        else give(piece.slice(from, to), put);
        from = to;
      }
    },
  };
}

const encoder = new TextEncoder();
