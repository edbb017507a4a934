import type { Model } from '../../subwords/model.js';
import { refuse } from '../../subwords/refuse.js';
import { readVocabulary, type Fields } from '../fields.js';

/** BERT's WordPiece: takes the longest token from the left again and again. If no token fits, the whole piece is the unknown token. */
export function readWordPiece(fields: Fields): Model {
  const vocabulary = readVocabulary(fields);
  const unknown = fields.text('unk_token');
  const prefix = fields.text('continuing_subword_prefix');
  const most = fields.count('max_input_chars_per_word');
  const tokens = [...vocabulary.keys()];
  const numbers = new Map(tokens.map((token, i) => [token, i]));
  const longest = tokens.reduce((length, token) => Math.max(length, token.length), 0);
  const found: number[] = [];

  /** Whether the piece can be cut into tokens; if so, `found` holds them. */
  function finds(piece: string): boolean {
    found.length = 0;
    if (piece.length > most && Array.from(piece).length > most) return false;
    for (let from = 0, to = 0; from < piece.length; from = to) {
      let token: number | undefined;
      for (to = Math.min(piece.length, from + longest); to > from; to--) {
        if ((piece.charCodeAt(to) & 0xfc00) === 0xdc00) continue;
        const part = piece.slice(from, to);
        token = numbers.get(from > 0 ? prefix + part : part);
        if (token !== undefined) break;
      }
      if (token === undefined) return false;
      found.push(token);
    }
    return true;
  }

  return {
    tokens,
    tokenize(piece, put) {
      if (finds(piece)) {
        for (const token of found) put(token);
        return;
      }
      const token = numbers.get(unknown);
      if (token === undefined)
        refuse(`the text holds an unknown word, and unk_token ${unknown} is not in the vocabulary`);
      put(token);
    },
  };
}
