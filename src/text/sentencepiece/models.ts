import { findCutMark, type Model } from '../subwords/model.js';
import { Trie } from '../subwords/trie.js';
import { UNKNOWN, UnigramSearch } from '../subwords/unigram-search.js';
import { readBpe } from './bpe.js';
import { isOrdinary, type ModelFile, type ModelType } from './model-file.js';
import { TokenWriter } from './token-writer.js';

/** Makes the model of each type. BPE and char are given only the stretches between user-defined pieces. */
export const MODELS: Readonly<Record<ModelType, (file: ModelFile) => Model>> = {
  unigram: readUnigram,
  bpe: readBpe,
  word: readWord,
  char: readCharacter,
};

/** The ids of the pieces that may be found in a text, by their text. Unused pieces are not among them: they count as unknown. */
function idsOf({ pieces }: ModelFile): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  pieces.forEach(({ text, type }, id) => {
    if (isOrdinary(type) && type !== 'unused') ids.set(text, id);
  });
  return ids;
}

/** A character without a piece has the lowest score of a piece minus this penalty (the library's `kUnkPenalty`), natural log. */
const UNKNOWN_PENALTY = 10;
/** The largest number of single precision: the library takes it as the lowest score if no piece is normal. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

function readUnigram(file: ModelFile): Model {
  const { pieces } = file;
  const trie = new Trie();
  let worst = LARGEST;
  pieces.forEach(({ score, type }) => {
    if (type === 'normal') worst = Math.min(worst, score);
  });
  const scores = Float64Array.from(pieces, ({ text, score, type }) =>
    // A user-defined piece has a score of at least 0, which grows with its length, so that it beats every other cut of its text.
    type === 'user-defined' ? Math.fround(0.1 * (encoder.encode(text).length - 1)) : score,
  );
  for (const [text, id] of idsOf(file)) trie.set(text, id);
  const unknownScore = Math.fround(worst - UNKNOWN_PENALTY);
  const search = new UnigramSearch(trie, scores, unknownScore, undefined, true);
  const writer = new TokenWriter(file);
  return {
    tokens: writer.tokens,
    tokenize(text, put) {
      search.search(text);
      const { ends, lastToken } = search;
      let from = 0;
      for (let i = search.count - 1; i >= 0; i--) {
        const to = ends[i];
        if (lastToken[to] === UNKNOWN) writer.unknown(text.slice(from, to), put);
        else writer.piece(lastToken[to], put);
        from = to;
      }
      writer.end(put);
    },
  };
}

const encoder = new TextEncoder();

/** Makes each character a token. */
function readCharacter(file: ModelFile): Model {
  const ids = idsOf(file);
  const writer = new TokenWriter(file);
  return {
    tokens: writer.tokens,
    tokenize(text, put) {
      for (const character of text) {
        const id = ids.get(character);
        if (id === undefined) writer.unknown(character, put);
        else writer.piece(id, put);
      }
      writer.end(put);
    },
    cutMark: findCutMark(text => ids.has(text), []),
  };
}

/** Cuts a text into words before each mark `▁`, also where the original text had this character; a word is one piece or unknown. */
function readWord(file: ModelFile): Model {
  const ids = idsOf(file);
  const writer = new TokenWriter(file);
  return {
    tokens: writer.tokens,
    tokenize(text, put) {
      for (let from = 0, to = 0; from < text.length; from = to) {
        to = text.indexOf('▁', from + 1);
        if (to < 0) to = text.length;
        const word = text.slice(from, to);
        const id = ids.get(word);
        if (id === undefined) writer.unknown(word, put);
        else writer.piece(id, put);
      }
      writer.end(put);
    },
  };
}
