import type { Model } from '../subwords/model.js';
import { refuse } from '../subwords/refuse.js';
import { readVocabulary, type Fields } from './fields.js';

/**
 * WordPiece of BERT: from left to right, the longest token that fits is cut off. If none fits somewhere, the whole piece becomes the
 * unknown token.
 */
export function readWordPiece(fields: Fields): Model {
  const vocabulary = readVocabulary(fields);
  const unknown = fields.text('unk_token');
  const prefix = fields.text('continuing_subword_prefix');
  const mostCharacters = fields.count('max_input_chars_per_word');
  const tokens = [...vocabulary.keys()];
  const ids = new Map(tokens.map((token, i) => [token, i]));
  const longest = tokens.reduce((length, token) => Math.max(length, token.length), 0);
  const found: number[] = [];

  /** Cuts a piece into tokens: their ids are in `found`. @returns false if no token fits somewhere */
  function cut(piece: string): boolean {
    found.length = 0;
    if (piece.length > mostCharacters && Array.from(piece).length > mostCharacters) return false;
    for (let from = 0, to = 0; from < piece.length; from = to) {
      let token: number | undefined;
      for (to = Math.min(piece.length, from + longest); to > from; to--) {
        if ((piece.charCodeAt(to) & 0xfc00) === 0xdc00) continue;
        const part = piece.slice(from, to);
        token = ids.get(from > 0 ? prefix + part : part);
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
      if (cut(piece)) {
        for (const token of found) put(token);
        return;
      }
      const token = ids.get(unknown);
      if (token === undefined)
        refuse(`the text holds an unknown word, and unk_token ${unknown} is not in the vocabulary`);
      put(token);
    },
  };
}
