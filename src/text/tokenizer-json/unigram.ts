import { byteToken, type Model } from '../subwords/model.js';
import { refuse } from '../subwords/refuse.js';
import { Trie } from '../subwords/trie.js';
import { UNKNOWN, UnigramSearch } from '../subwords/unigram-search.js';
import { checkText, type Fields } from './fields.js';

/** A character without a token has the lowest score of a token minus this penalty (SentencePiece's `kUnkPenalty`), natural log. */
const UNKNOWN_PENALTY = 10;

/** SentencePiece's Unigram model. Sums are in double precision, as in PyPI's `tokenizers`. */
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
  const ids = new Map<string, number>();
  const trie = new Trie();
  vocab.forEach((entry, i) => {
    if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[1] !== 'number') {
      refuse(`${path}[${i}]: is not a pair of a token and its score`);
    }
    const token = checkText(entry[0], `${path}[${i}]`);
    tokens.push(token);
    scores[i] = entry[1];
    ids.set(token, i);
    if (token !== '') trie.set(token, i);
  });
  const worst = scores.reduce((least, score) => Math.min(least, score), Infinity);
  const unknownScore = worst - UNKNOWN_PENALTY;
  const byteIds = Array.from({ length: 256 }, (_, byte) => ids.get(byteToken(byte)));

  const refuseUnknown = (): never => refuse('the text holds a character without a token, and the model has no unk_id');
  const search = new UnigramSearch(trie, scores, unknownScore, hasUnknown ? undefined : refuseUnknown, false);

  /** Whether an id stands for a character without a token, or is the unknown token, whose string may occur in the text. */
  const isUnknown = (id: number): boolean => id === UNKNOWN || id === unknown;

  /** Gives the token of unknown characters: a token with their text, else the tokens of their bytes, else their text. */
  function give(text: string, put: (token: number | string) => void): void {
    const token = ids.get(text);
    if (token !== undefined) {
      put(token);
      return;
    }
    if (fallsBack) {
      const bytes = Array.from(encoder.encode(text), byte => byteIds[byte]);
      if (!bytes.includes(undefined)) {
        for (const byte of bytes) put(byte as number);
        return;
      }
    }
    put(text);
  }

  return {
    tokens,
    tokenize(piece, put) {
      search.search(piece);
      const { ends, lastToken } = search;
      let from = 0;
      for (let i = search.count - 1; i >= 0; i--) {
        const to = ends[i];
        if (!isUnknown(lastToken[to])) put(lastToken[to]);
        // Consecutive unknown characters are one token.
        else if (i > 0 && isUnknown(lastToken[ends[i - 1]])) continue;
        else give(piece.slice(from, to), put);
        from = to;
      }
    },
  };
}

const encoder = new TextEncoder();
