import type { Model } from '../subwords/model.js';
import { refuse } from '../subwords/refuse.js';
import { readVocabulary, type Fields } from './fields.js';

/** WordLevel: a piece that is in the vocabulary is a token; any other piece becomes the unknown token. */
export function readWordLevel(fields: Fields): Model {
  const vocabulary = readVocabulary(fields);
  const unknown = fields.text('unk_token');
  const tokens = [...vocabulary.keys()];
  const ids = new Map(tokens.map((token, i) => [token, i]));
  return {
    tokens,
    tokenize(piece, put) {
      const token = ids.get(piece) ?? ids.get(unknown);
      if (token === undefined)
        refuse(`the text holds an unknown word, and unk_token ${unknown} is not in the vocabulary`);
      put(token);
    },
  };
}
