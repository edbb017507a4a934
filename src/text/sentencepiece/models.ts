import { cutBefore, type Model } from '../subwords/model.js';
import { Trie } from '../subwords/trie.js';
import { UNKNOWN, UnigramSearch } from '../subwords/unigram-search.js';
import { readBpe } from './bpe.js';
import { isOrdinary, type ModelFile, type ModelType } from './model-file.js';
import { Surface } from './surface.js';

/** The models by `trainer_spec.model_type`. BPE and char get the texts between user-defined pieces. */
export const MODELS: Readonly<Record<ModelType, (file: ModelFile) => Model>> = {
  unigram: readUnigram,
  bpe: readBpe,
  word: readWord,
  char: readCharacter,
};

/** Numbers of the pieces that texts may be cut into, by their text; unused pieces count as unknown. */
function numbersOf({ pieces }: ModelFile): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  pieces.forEach(({ text, type }, number) => {
    if (isOrdinary(type) && type !== 'unused') numbers.set(text, number);
  });
  return numbers;
}

/** Subtracted from the lowest score of a piece to get the score of a character without a piece (`kUnkPenalty`), natural log. */
const UNKNOWN_PENALTY = 10;
/** The largest number of single precision: the library's worst score if no piece is normal. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

function readUnigram(file: ModelFile): Model {
  const { pieces } = file;
  const trie = new Trie();
  let worst = LARGEST;
  pieces.forEach(({ score, type }) => {
    if (type === 'normal') worst = Math.min(worst, score);
  });
  const scores = Float64Array.from(pieces, ({ text, score, type }) =>
    // The score of a user-defined piece is 0 or more and grows with its length, so that it beats other ways to cut its text.
    type === 'user-defined' ? Math.fround(0.1 * (encoder.encode(text).length - 1)) : score,
  );
  for (const [text, number] of numbersOf(file)) trie.set(text, number);
  const unknownScore = Math.fround(worst - UNKNOWN_PENALTY);
  const search = new UnigramSearch(trie, scores, unknownScore, undefined, true);
  const surface = new Surface(file);
  return {
    tokens: surface.tokens,
    tokenize(piece, put) {
      search.search(piece);
      const { ends, last } = search;
      let from = 0;
      for (let i = search.count - 1; i >= 0; i--) {
        const to = ends[i];
        if (last[to] === UNKNOWN) surface.unknown(piece.slice(from, to), put);
        else surface.known(last[to], put);
        from = to;
      }
      surface.end(put);
    },
  };
}

const encoder = new TextEncoder();

function readCharacter(file: ModelFile): Model {
  const numbers = numbersOf(file);
  const surface = new Surface(file);
  return {
    tokens: surface.tokens,
    tokenize(piece, put) {
      for (const character of piece) {
        const number = numbers.get(character);
        if (number === undefined) surface.unknown(character, put);
        else surface.known(number, put);
      }
      surface.end(put);
    },
    cutsBefore: cutBefore(text => numbers.has(text), []),
  };
}

/** Cuts before each mark `▁`, even where the text itself had the mark instead of a space; each part is a word. */
function readWord(file: ModelFile): Model {
  const numbers = numbersOf(file);
  const surface = new Surface(file);
  return {
    tokens: surface.tokens,
    tokenize(piece, put) {
      for (let from = 0, to = 0; from < piece.length; from = to) {
        to = piece.indexOf('▁', from + 1);
        if (to < 0) to = piece.length;
        const word = piece.slice(from, to);
        const number = numbers.get(word);
        if (number === undefined) surface.unknown(word, put);
        else surface.known(number, put);
      }
      surface.end(put);
    },
  };
}
