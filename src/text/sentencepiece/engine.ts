import type { Engine, MakeToken } from '../subwords/engine.js';
import { remembering } from '../subwords/remembered.js';
import { readModelFile } from './model-file.js';
import { MODELS } from './models.js';
import { createNormalizer } from './normalizer.js';
import { UserDefined } from './user-defined.js';

/** @param bytes the file's content. @throws KNESER_TOKENIZER with the path of the field that is wrong or not supported */
export function readSentencePiece<T>(bytes: Uint8Array, make: MakeToken<T>): Engine<T> {
  const file = readModelFile(bytes);
  const userDefined = UserDefined.of(file);
  const normalize = createNormalizer(file, userDefined);
  const model = MODELS[file.type](file);
  const remembered = remembering(model, make, undefined, model.cutsBefore);
  let put: (token: T) => void = () => undefined;
  const between = (piece: string): void => remembered.take(piece, put);
  const ofNumber = (number: number): void => {
    const token = remembered.ofNumber(number);
    if (token !== undefined) put(token);
  };
  // Only BPE and char need the user-defined pieces cut out first: Unigram's search finds them, and words are looked up whole.
  const finds = file.type === 'bpe' || file.type === 'char' ? userDefined : undefined;
  return {
    tokenize(text, taker) {
      if (text === '') return;
      const normalized = normalize(text);
      if (normalized === '') return;
      put = taker;
      if (finds) finds.split(normalized, ofNumber, between);
      else between(normalized);
    },
    forget: () => remembered.forget(),
  };
}
