import { checkText, members, oneOf, optionError, required, type OptionTable } from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { HuggingFaceTokenizer, PretrainedTokenizer, SentencePieceTokenizer } from './pretrained.js';
import { splitTokens } from './tokens.js';
import { bytes, characters, whitespace, words, type Splitter } from './splitter.js';
import { decode } from './surface.js';
import type { TokenSink } from './tokenizer.js';
import type { WordOrder } from './word-order.js';

/** How text becomes sentences and tokens. */
export interface TokenizationOptions {
  /**
   * How text is cut into tokens. `whitespace` (default): at white space. `words`: words, numbers and punctuation marks as
   * `Intl.Segmenter` finds them. `characters`: a token is a code point. `bytes`: a token is a byte of the text's UTF-8. Or the
   * content of a tokenizer's file: a Hugging Face `tokenizer.json`, or a SentencePiece model.
   */
  readonly tokenizer?: 'whitespace' | 'words' | 'characters' | 'bytes' | PretrainedTokenizer;
  /** The language for `words` and `segment`, a BCP 47 tag such as `de` or `zh-Hant`. Default `en`. */
  readonly locale?: string;
  /** How a file is cut into sentences. `lines` (default): each line is one. `segment`: `Intl.Segmenter` finds them in each line. */
  readonly sentences?: 'lines' | 'segment';
  /** Unicode normalisation of the text, before anything else. Default `none`. */
  readonly normalize?: 'none' | 'NFC' | 'NFKC';
}

/** The kinds of {@link PretrainedTokenizer}, as a model's manifest names them. */
export const TOKENIZER_FILES = ['tokenizer.json', 'sentencepiece'] as const;

/** Whether a tokenizer is read from a file. */
export function isTokenizerFile(name: TokenizationInfo['tokenizer']): name is (typeof TOKENIZER_FILES)[number] {
  return TOKENIZER_FILES.some(known => known === name);
}

/** The names of the tokenizers that need no file. */
export const TOKENIZER_NAMES = ['whitespace', 'words', 'characters', 'bytes'] as const;

/** The values of {@link TokenizationOptions.sentences}. */
export const SENTENCE_UNITS = ['lines', 'segment'] as const;

/** The values of {@link TokenizationOptions.normalize}. */
export const NORMALIZATIONS = ['none', 'NFC', 'NFKC'] as const;

const HUGGING_FACE: OptionTable<HuggingFaceTokenizer> = { json: required(checkText), name: checkText };
const SENTENCEPIECE: OptionTable<SentencePieceTokenizer> = { sentencepiece: required(checkBytes), name: checkText };

function checkPretrained(name: string, value: object): void {
  members('sentencepiece' in value ? SENTENCEPIECE : HUGGING_FACE)(name, value);
}

function checkBytes(name: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) throw optionError(name, value, 'the bytes of a file, a Uint8Array');
}

/** The checks of {@link TokenizationOptions}. */
const TOKENIZATION_OPTIONS: OptionTable<TokenizationOptions> = {
  tokenizer: (name, value) =>
    typeof value === 'object' && value !== null
      ? checkPretrained(name, value)
      : oneOf(TOKENIZER_NAMES)(name, value, {}),
  locale: checkText,
  sentences: oneOf(SENTENCE_UNITS),
  normalize: oneOf(NORMALIZATIONS),
};

/** Checks {@link TokenizationOptions}, member by member. */
export const checkTokenization = members(TOKENIZATION_OPTIONS);

/** The tokenization of a model, as its manifest stores it. */
export interface TokenizationInfo {
  /** The tokenizer; a file's content is in the model's store. */
  readonly tokenizer: 'whitespace' | 'words' | 'characters' | 'bytes' | 'tokenizer.json' | 'sentencepiece';
  /** The language; missing if neither the tokenizer nor the sentences depend on it. */
  readonly locale?: string;
  /** `lines`: each line is a sentence. `segment`: `Intl.Segmenter` finds the sentences of each line. */
  readonly sentences: 'lines' | 'segment';
  /** Unicode normalisation of the text. */
  readonly normalize: 'none' | 'NFC' | 'NFKC';
}

/** The tokenization of a model whose training named none. */
export const DEFAULT_TOKENIZATION = {
  tokenizer: 'whitespace',
  sentences: 'lines',
  normalize: 'none',
} as const satisfies TokenizationInfo;

/** Changes that decoding made to a text. */
export interface TextChanges {
  /** Invalid UTF-8 sequences that were replaced by U+FFFD. */
  replaced: number;
  /** How many bytes longer the replacements made the text. */
  extraBytes: number;
  /** How many code points longer the replacements made the text. */
  extraCharacters: number;
}

const encoder = new TextEncoder();

/** Whether tokens are cut at white space and lines are sentences, so that a text need not be decoded. */
export function isPlain({ tokenizer, sentences, normalize }: TokenizationInfo): boolean {
  return tokenizer === 'whitespace' && sentences === 'lines' && normalize === 'none';
}

/** How a model's text becomes sentences and tokens: the one path for training and for scoring. */
export class Tokenization {
  private readonly segmenter: Intl.Segmenter | undefined;

  private constructor(
    readonly info: TokenizationInfo,
    readonly splitter: Splitter,
    /** The order in which the model reads the tokens of a sentence; `undefined` for the order of the text. */
    readonly order: WordOrder | undefined,
  ) {
    if (info.sentences === 'segment') {
      this.segmenter = new Intl.Segmenter(info.locale ?? DEFAULT_LOCALE, { granularity: 'sentence' });
    }
  }

  /** @param file the tokenizer's file, if `info` names one. @throws KNESER_OPTION, KNESER_TOKENIZER */
  static async open(info: TokenizationInfo, file?: PretrainedTokenizer, order?: WordOrder): Promise<Tokenization> {
    checkName('tokenizer', info.tokenizer, [...TOKENIZER_NAMES, ...TOKENIZER_FILES]);
    checkName('sentences', info.sentences, SENTENCE_UNITS);
    checkName('normalize', info.normalize, NORMALIZATIONS);
    if (info.locale !== undefined) checkLocale(info.locale);
    return new Tokenization(info, await createSplitter(info, file), order);
  }

  /** Gives the tokens of a sentence to a sink. */
  feed(sentence: string, sink: TokenSink): void {
    this.splitter.split(encoder.encode(this.normalized(sentence)), sink);
  }

  /** The tokens of a sentence. */
  tokens(sentence: string): string[] {
    if (this.info.tokenizer === 'whitespace') return splitTokens(this.normalized(sentence));
    const tokens: string[] = [];
    this.feed(sentence, { token: (text, from, to) => tokens.push(decode(text.subarray(from, to))), line() {} });
    return tokens;
  }

  /** The sentences of a line: the line itself, or the sentences found in it, without white space around them. */
  sentences(line: string): string[] {
    if (!this.segmenter) return [line.endsWith('\r') ? line.slice(0, -1) : line];
    const sentences: string[] = [];
    for (const segment of segmentsOf(this.segmenter, this.normalized(line))) {
      const sentence = segment.trim();
      if (sentence !== '') sentences.push(sentence);
    }
    return sentences.length > 0 ? sentences : [''];
  }

  /** A text in the Unicode normalisation of the model. */
  normalized(text: string): string {
    const { normalize } = this.info;
    if (normalize === 'none') return text;
    if (text.length < LONG || !LONG_RUN.test(text)) return text.normalize(normalize);
    return text.replace(RUN, part => part.normalize(normalize));
  }
}

/** Texts with fewer UTF-16 units than this are normalised and segmented as a whole. */
const LONG = 4096;

/**
 * More than 128 combining marks in a row. Text with such a run is normalised in parts, each of which ends after 128 marks, because
 * to sort marks takes time that grows with the square of their number. Unicode allows a limit of 30 (UAX 15, section 13); no language
 * uses more than a few.
 */
const LONG_RUN = /\p{M}{129}/u;
/** Matches one part after another. */
const RUN = /\P{M}*\p{M}{1,128}|\P{M}+/gu;

/**
 * The sentences of a text. The segmenter scans its whole input for each sentence, so it gets one part of the text at a time. The last
 * two sentences of a part are found again with the next part: they may differ from those of the whole text, because the end of a
 * sentence depends on the start of the next one.
 */
function* segmentsOf(segmenter: Intl.Segmenter, text: string): Generator<string> {
  for (let from = 0, length = LONG; from < text.length; length *= 2) {
    const isRest = from + length >= text.length;
    const found = Array.from(segmenter.segment(text.slice(from, from + length)), ({ segment }) => segment);
    const certain = isRest ? found : found.slice(0, -2);
    yield* certain;
    for (const segment of certain) from += segment.length;
    if (certain.length > 0) length = LONG / 2;
  }
}

/** The default language: a constant, so that a model does not depend on the machine's language. */
const DEFAULT_LOCALE = 'en';

/** Whether a name is of a tokenizer that needs no file. */
export function isTokenizerName(name: string): name is (typeof TOKENIZER_NAMES)[number] {
  return TOKENIZER_NAMES.some(known => known === name);
}

/**
 * Checks the options of tokenization. @returns the tokenization as a model's manifest stores it
 *
 * @throws KNESER_OPTION
 */
export function describeTokenization(options: TokenizationOptions, lowercase: boolean): TokenizationInfo {
  const { locale } = options;
  const {
    tokenizer = DEFAULT_TOKENIZATION.tokenizer,
    sentences = DEFAULT_TOKENIZATION.sentences,
    normalize = DEFAULT_TOKENIZATION.normalize,
  } = options;
  const name = nameOf(tokenizer);
  const needsLocale = name === 'words' || sentences === 'segment';
  if (locale !== undefined && !needsLocale) {
    throw new KneserError(
      'KNESER_OPTION',
      'locale: only tokenizer words and sentences segment depend on a language; leave locale out',
    );
  }
  if (lowercase && (name === 'bytes' || isTokenizerFile(name))) {
    throw new KneserError(
      'KNESER_OPTION',
      `lowercase: not possible with tokenizer ${name}, whose tokens must stay as they are; lower-case the text itself`,
    );
  }
  const language = needsLocale ? { locale: checkLocale(locale ?? DEFAULT_LOCALE) } : {};
  return { tokenizer: name, ...language, sentences, normalize };
}

function nameOf(tokenizer: NonNullable<TokenizationOptions['tokenizer']>): TokenizationInfo['tokenizer'] {
  if (typeof tokenizer === 'string') return tokenizer;
  return 'json' in tokenizer ? 'tokenizer.json' : 'sentencepiece';
}

function checkName(option: string, value: unknown, names: readonly unknown[]): void {
  if (names.includes(value)) return;
  throw new KneserError('KNESER_OPTION', `${option}: ${JSON.stringify(value)} is none of ${names.join(', ')}`);
}

function checkLocale(locale: string): string {
  let canonical: string[];
  try {
    canonical = Intl.getCanonicalLocales(locale);
  } catch (error) {
    throw new KneserError('KNESER_OPTION', `locale: ${locale} is not a language tag such as en or zh-Hant`, {
      cause: error,
    });
  }
  if (canonical.length !== 1 || Intl.Segmenter.supportedLocalesOf(canonical).length !== 1) {
    throw new KneserError('KNESER_OPTION', `locale: this JavaScript engine has no data for the language ${locale}`);
  }
  return canonical[0];
}

async function createSplitter(info: TokenizationInfo, file: PretrainedTokenizer | undefined): Promise<Splitter> {
  switch (info.tokenizer) {
    case 'whitespace':
      return whitespace;
    case 'characters':
      return characters;
    case 'bytes':
      return bytes;
    case 'words':
      return words(info.locale ?? DEFAULT_LOCALE);
    case 'tokenizer.json':
      return (await import('./pretrained.js')).pretrained(file ?? { json: '' });
    case 'sentencepiece':
      return (await import('./pretrained.js')).pretrained(file ?? { sentencepiece: new Uint8Array(0) });
  }
}
