import { decodeValue } from '../base/decode.js';
import { KneserError } from '../base/errors.js';
import { LanguageModel } from '../model/language-model.js';
import { classesKey } from '../store/keys.js';
import { decodeClasses } from '../tables/classes.js';
import { OOV } from '../smoothing/batch.js';
import { BOS_WORD, EOS, EOS_WORD, FIRST_WORD, UNK, UNK_WORD } from '../text/tokens.js';

/** Number of words in the name of a class: its most frequent words. */
const NAMED_WORDS = 3;

/**
 * Reads the word classes of a model, of its first clustering. The name of a class is its number and its most frequent words: `17:of/in/for`.
 *
 * @param path the folder of a model with classes.
 * @returns a function that gives the name of the class of a token; `<s>` for the beginning of a sentence.
 * @throws KNESER_OPTION for a model without classes, and the errors of opening a model.
 */
export async function classNames(path: string): Promise<(token: string) => string> {
  await using model = await LanguageModel.open(path);
  const { store, manifest } = model.parts;
  const clustering = manifest.clusterings.at(0);
  if (!clustering) {
    throw new KneserError(
      'KNESER_OPTION',
      `classes: ${path} has no word classes; name a model that was trained with --classes`,
    );
  }
  const { stream } = clustering;
  const { of, count } = decodeValue(`${path}: ${stream}`, await store.get(classesKey(stream)), decodeClasses);
  const words = await model.allWords();
  const named = Array.from({ length: count }, (): string[] => []);
  // Ids are in the order of frequency.
  for (let id = FIRST_WORD; id < of.length; id++) {
    if (named[of[id]].length < NAMED_WORDS) named[of[id]].push(words.word(id));
  }
  const names = named.map((some, own) => `${own}:${some.join('/')}`);
  names[of[EOS]] = EOS_WORD;
  names[of[UNK]] = UNK_WORD;
  return token => {
    if (token === BOS_WORD) return token;
    const id = token === EOS_WORD ? EOS : words.idOf(token);
    return names[of[id >= OOV ? UNK : id]];
  };
}
