import type { Engine, MakeToken } from '../subwords/engine.js';
import type { Model } from '../subwords/model.js';
import { refuse } from '../subwords/refuse.js';
import { rememberTokens } from '../subwords/remembered.js';
import { readAddedTokens } from './added-tokens.js';
import { Fields } from './fields.js';
import { DECODERS, readDecoder, type Decoder } from './decoders.js';
import { readBpe } from './bpe.js';
import { readUnigram } from './unigram.js';
import { readWordLevel } from './word-level.js';
import { readWordPiece } from './word-piece.js';
import { readNormalizer } from './normalizers.js';
import { readPreTokenizers, type PieceTaker } from './pre-tokenizers.js';

/** All steps of normalizer and pre-tokenizer together may make a text at most this many times as long: the product of the steps' own factors. */
const MOST_GROWTH = 1000;

/** Makes the tokenizer of a `tokenizer.json`. @param json the text of the file. @throws KNESER_TOKENIZER with the path of the field that is wrong or not supported */
export function readEngine<T>(json: string, make: MakeToken<T>): Engine<T> {
  const fields = Fields.of(parse(json), '');
  if (fields.has('version') && fields.text('version') !== '1.0') refuse('version: is not 1.0');
  const decoder = checkRest(fields);
  const normalizer = readNormalizer(fields.take('normalizer'));
  const preTokenizers = readPreTokenizers(fields.take('pre_tokenizer'), normalizer.steps);
  if (normalizer.growth * preTokenizers.growth > MOST_GROWTH) {
    refuse('normalizer and pre_tokenizer: together they may make a text more than a thousand times as long');
  }
  const added = readAddedTokens(fields.take('added_tokens'), normalizer.normalize);
  /** Made for the first text: training needs none. */
  let joiner: Decoder | undefined;
  const model = readModel(Fields.of(fields.take('model'), 'model'));
  fields.end();

  /** The added tokens found so far, by their text: each is made once. */
  const addedTokens = new Map<string, T>();
  const tokenOfAdded = (content: string): T => {
    const known = addedTokens.get(content);
    if (known !== undefined) return known;
    const token = make(content);
    addedTokens.set(content, token);
    return token;
  };

  let put: (token: T) => void = () => undefined;
  const { finish } = preTokenizers;
  // Pieces are remembered, and long ones cut at the mark, before `finish` writes them in the byte-level alphabet, where a space is `Ġ`.
  const mark = finish ? (model.cutMark === 'Ġ' ? ' ' : undefined) : model.cutMark;
  const remembered = rememberTokens(model, make, finish, mark);
  const take = preTokenizers.steps.reduceRight<PieceTaker>(
    (next, step) => (piece, atStart) => step(piece, atStart, next),
    piece => remembered.tokenize(piece, put),
  );

  /** The offset in the text of the piece that is being normalized, in UTF-16 units. */
  let rawFrom = 0;
  const normalizedSink = {
    piece: (text: string, from: number) => take(text, rawFrom === 0 && from === 0),
    token: (content: string) => put(tokenOfAdded(content)),
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
    tokenize(text, putToken) {
      if (text === '') return;
      put = putToken;
      if (added.raw) added.raw.split(text, rawSink);
      else rawSink.piece(text, 0);
    },
    join: tokens => (joiner ??= readDecoder(decoder)).join(tokens.map(token => added.texts.get(token) ?? token)),
    get isSpaced() {
      return (joiner ??= readDecoder(decoder)).isSpaced;
    },
    strings: () => [...model.tokens, ...added.texts.keys()],
    forget: () => remembered.forget(),
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    refuse(error instanceof Error ? error.message : 'is not JSON');
  }
}

/** The types of post-processors, which add tokens around a text. */
const POST_PROCESSORS = ['BertProcessing', 'RobertaProcessing', 'ByteLevel', 'TemplateProcessing', 'Sequence'];
/**
 * Checks the fields whose components do not run when a text is cut. Truncation and padding are refused if they would change the tokens of a text.
 *
 * @returns the decoder.
 */
function checkRest(fields: Fields): unknown {
  const postProcessor = fields.take('post_processor') ?? null;
  if (postProcessor !== null) checkType(postProcessor, 'post_processor', POST_PROCESSORS, 'processors');
  const decoder = fields.take('decoder') ?? null;
  if (decoder !== null) checkType(decoder, 'decoder', DECODERS, 'decoders');
  if ((fields.take('truncation') ?? null) !== null) {
    refuse('truncation: the end of long texts would be left out; set it to null');
  }
  const padding = fields.take('padding') ?? null;
  if (padding !== null) checkPadding(Fields.of(padding, 'padding'));
  return decoder;
}

/**
 * Refuses a component of an unknown type, also inside a `Sequence`. The other fields of a component are not looked at.
 *
 * @param members the name of the field of a `Sequence` that lists its components.
 */
function checkType(value: unknown, path: string, known: readonly string[], members: string): void {
  const fields = Fields.of(value, path);
  if (fields.oneOf('type', known) !== 'Sequence') return;
  const list = fields.list(members);
  for (let i = 0; i < list.length; i++) checkType(list[i], `${fields.at(members)}[${i}]`, known, members);
}

/** Refuses padding that adds tokens to a text. */
function checkPadding(padding: Fields): void {
  // Padding to the longest text of a batch adds nothing, because each text is a batch of its own.
  if (padding.take('strategy') !== 'BatchLongest') {
    refuse('padding: would add tokens that are not in the text; set it to null');
  }
  if (padding.isSet('pad_to_multiple_of')) {
    refuse('padding.pad_to_multiple_of: would add tokens that are not in the text; set it to null');
  }
  // These say how the added tokens look and on which side they stand: there are none.
  for (const name of ['pad_to_multiple_of', 'direction', 'pad_id', 'pad_type_id', 'pad_token']) padding.take(name);
  padding.end();
}

function readModel(fields: Fields): Model {
  // Old files have no type: their fields tell it. The order of these tests is the library's.
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
