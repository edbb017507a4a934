import { readAddedTokens } from './added-tokens.js';
import { Fields, refuse } from './fields.js';
import { readBpe } from './models/bpe.js';
import type { Model } from './models/model.js';
import { readUnigram } from './models/unigram.js';
import { readWordLevel } from './models/word-level.js';
import { readWordPiece } from './models/word-piece.js';
import { readNormalizer } from './normalizers.js';
import { readPreTokenizers, type PieceTaker } from './pre-tokenizers.js';

/**
 * Makes the tokens that an engine gives: called once for each token of the vocabulary, and for each text without a token.
 *
 * @param text the token's string; never empty.
 */
export type MakeToken<T> = (text: string) => T;

/** Cuts texts into tokens as a `tokenizer.json` says, with no special tokens around the text. */
export interface Engine<T> {
  /** Gives the tokens of a text to `put`, in order. */
  tokenize(text: string, put: (token: T) => void): void;
  /** Frees what it remembers of the texts so far. */
  forget(): void;
}

/** Pieces of at most so many code units are remembered, with their tokens; so many of them. */
const SHORT = 48;
const REMEMBERED = 1 << 17;

/** So many times may the steps before the model lengthen a text: they follow each other, and each works on all of it. */
const MOST_GROWTH = 1000;

/** @param json the text of the file. @throws KNESER_TOKENIZER with the path of the field that is wrong or not supported */
export function readEngine<T>(json: string, make: MakeToken<T>): Engine<T> {
  const fields = Fields.of(parse(json), '');
  if (fields.has('version') && fields.text('version') !== '1.0') refuse('version: is not 1.0');
  checkRest(fields);
  const normalizer = readNormalizer(fields.take('normalizer'));
  const preTokenizers = readPreTokenizers(fields.take('pre_tokenizer'), normalizer.steps);
  if (normalizer.growth * preTokenizers.growth > MOST_GROWTH) {
    refuse('normalizer and pre_tokenizer: they make a text more than a thousand times as long');
  }
  const added = readAddedTokens(fields.take('added_tokens'), normalizer.normalize);
  const model = readModel(Fields.of(fields.take('model'), 'model'));
  fields.end();

  const madeOfModel: (T | undefined)[] = new Array<T | undefined>(model.tokens.length);
  const ofModel = (token: number | string): T | undefined => {
    const text = typeof token === 'string' ? token : model.tokens[token];
    if (text === '') return undefined;
    return typeof token === 'string' ? make(text) : (madeOfModel[token] ??= make(text));
  };
  const madeOfAdded = new Map<string, T>();
  const ofAdded = (content: string): T => {
    const known = madeOfAdded.get(content);
    if (known !== undefined) return known;
    const token = make(content);
    madeOfAdded.set(content, token);
    return token;
  };

  const remembered = new Map<string, readonly T[]>();
  let put: (token: T) => void = () => undefined;
  const { finish } = preTokenizers;

  function tokensOf(piece: string): T[] {
    const tokens: T[] = [];
    model.tokenize(finish ? finish(piece) : piece, token => {
      const made = ofModel(token);
      if (made !== undefined) tokens.push(made);
    });
    return tokens;
  }

  function takeShort(piece: string): void {
    let tokens = remembered.get(piece);
    if (!tokens) {
      tokens = tokensOf(piece);
      if (piece.length <= SHORT) {
        if (remembered.size >= REMEMBERED) remembered.clear();
        remembered.set(ownCopy(piece), tokens);
      }
    }
    for (let i = 0; i < tokens.length; i++) put(tokens[i]);
  }

  /** Cuts a long piece where the model's tokens do not change. */
  function takeCut(piece: string, mark: string): void {
    let from = 0;
    for (let at = piece.indexOf(mark, 1); at >= 0; at = piece.indexOf(mark, at + 1)) {
      if (piece.startsWith(mark, at - 1)) continue;
      takeShort(piece.slice(from, at));
      from = at;
    }
    takeShort(from === 0 ? piece : piece.slice(from));
  }

  // Byte-level pieces become the alphabet's characters only when the model sees them: the mark is a space till then.
  const mark = finish ? (model.cutsBefore === 'Ġ' ? ' ' : undefined) : model.cutsBefore;
  const last: PieceTaker =
    mark === undefined ? takeShort : piece => (piece.length > SHORT ? takeCut(piece, mark) : takeShort(piece));
  const take = preTokenizers.steps.reduceRight<PieceTaker>(
    (next, step) => (piece, atStart) => step(piece, atStart, next),
    last,
  );

  /** Where the piece begins that is normalized now. */
  let rawFrom = 0;
  const normalizedSink = {
    piece: (text: string, from: number) => take(text, rawFrom === 0 && from === 0),
    token: (content: string) => put(ofAdded(content)),
  };
  const rawSink = {
    piece(text: string, from: number) {
      const normalized = normalizer.normalize(text);
      rawFrom = from;
      if (normalized === '') return;
      if (added.normalized) added.normalized.split(normalized, normalizedSink);
      else normalizedSink.piece(normalized, 0);
    },
    token: normalizedSink.token,
  };
  return {
    tokenize(text, taker) {
      if (text === '') return;
      put = taker;
      if (added.raw) added.raw.split(text, rawSink);
      else rawSink.piece(text, 0);
    },
    forget: () => remembered.clear(),
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    refuse(error instanceof Error ? error.message : 'is not JSON');
  }
}

/** A part of a string may keep all of it in memory: V8 does so from 13 code units on. */
function ownCopy(piece: string): string {
  return piece.length < 13 ? piece : decoder.decode(encoder.encode(piece));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Steps around the tokens of a text, which do not change those; their types are known all the same. */
const POST_PROCESSORS = ['BertProcessing', 'RobertaProcessing', 'ByteLevel', 'TemplateProcessing', 'Sequence'];
const DECODERS = [
  'BPEDecoder',
  'ByteLevel',
  'WordPiece',
  'Metaspace',
  'CTC',
  'Sequence',
  'Replace',
  'Fuse',
  'Strip',
].concat('ByteFallback');

function checkRest(fields: Fields): void {
  for (const [name, known] of [
    ['post_processor', POST_PROCESSORS],
    ['decoder', DECODERS],
  ] as const) {
    const value = fields.take(name);
    if (value !== null && value !== undefined) Fields.of(value, name).oneOf('type', known);
  }
  if ((fields.take('truncation') ?? null) !== null) {
    refuse('truncation: the end of long texts would be left out; set it to null');
  }
  const padding = fields.take('padding') ?? null;
  if (padding === null) return;
  // A text by itself is the longest of its batch.
  const strategy = Fields.of(padding, 'padding').take('strategy');
  if (strategy !== 'BatchLongest') refuse('padding: would add tokens that are not in the text; set it to null');
}

function readModel(fields: Fields): Model {
  // Old files leave the type out; the fields tell it, in the library's order.
  const type = fields.has('type')
    ? fields.text('type')
    : fields.has('merges')
      ? 'BPE'
      : fields.has('max_input_chars_per_word')
        ? 'WordPiece'
        : fields.has('unk_token')
          ? 'WordLevel'
          : 'Unigram';
  const read = Object.hasOwn(MODELS, type) ? MODELS[type] : refuse(`model: the model ${type} is not supported`);
  const model = read(fields);
  fields.end();
  return model;
}

const MODELS: Readonly<Record<string, (fields: Fields) => Model>> = {
  BPE: readBpe,
  Unigram: readUnigram,
  WordPiece: readWordPiece,
  WordLevel: readWordLevel,
};
