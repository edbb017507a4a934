import type { Engine, MakeToken } from '../subwords/engine.js';
import { rememberTokens } from '../subwords/remembered.js';
import { createJoin } from './decode.js';
import { readModelFile } from './model-file.js';
import { MODELS } from './models.js';
import { createNormalizer } from './normalizer.js';
import { UserDefined } from './user-defined.js';

/** Makes the tokenizer of a SentencePiece model. @param bytes the file's content. @throws KNESER_TOKENIZER with the path of the field that is wrong or not supported */
export function readSentencePiece<T>(bytes: Uint8Array, make: MakeToken<T>): Engine<T> {
  const file = readModelFile(bytes);
  const userDefined = UserDefined.of(file);
  const normalize = createNormalizer(file, userDefined);
  const model = MODELS[file.type](file);
  const remembered = rememberTokens(model, make, undefined, model.cutMark);
  let put: (token: T) => void = () => undefined;
  const putText = (text: string): void => remembered.tokenize(text, put);
  const putPiece = (id: number): void => {
    const token = remembered.tokenOf(id);
    if (token !== undefined) put(token);
  };
  // For BPE and char, user-defined pieces are cut out first. The search of Unigram finds them itself, and words are looked up whole.
  const cutOut = file.type === 'bpe' || file.type === 'char' ? userDefined : undefined;
  return {
    tokenize(text, putToken) {
      if (text === '') return;
      const normalized = normalize(text);
      if (normalized === '') return;
      put = putToken;
      if (cutOut) cutOut.split(normalized, putPiece, putText);
      else putText(normalized);
    },
    join: createJoin(file),
    isSpaced: false,
    strings: () => model.tokens,
    forget: () => remembered.forget(),
  };
}
