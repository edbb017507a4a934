import type { Engine, MakeToken } from '../subwords/engine.js';
import type { Model } from '../subwords/model.js';
import { refuse } from '../subwords/refuse.js';
import { rememberTokens } from '../subwords/remembered.js';
import { readAddedTokens } from './added-tokens.js';
import { Fields } from './fields.js';
import { readBpe } from './bpe.js';
import { readUnigram } from './unigram.js';
import { readWordLevel } from './word-level.js';
import { readWordPiece } from './word-piece.js';
import { readNormalizer } from './normalizers.js';
import { readPreTokenizers, type PieceTaker } from './pre-tokenizers.js';

/** The factor by which normalizer and pre-tokenizer together may lengthen a text: the product of the factors of all steps. */
const MOST_GROWTH = 1000;

/** Makes the tokenizer of a `tokenizer.json`. @param json the text of the file. @throws KNESER_TOKENIZER with the path of the field that is wrong or not supported */
export function readEngine<T>(json: string, make: MakeToken<T>): Engine<T> {
  const fields = Fields.of(parse(json), '');
  if (fields.has('version') && fields.text('version') !== '1.0') refuse('version: is not 1.0');
  checkRest(fields);
  const normalizer = readNormalizer(fields.take('normalizer'));
  const preTokenizers = readPreTokenizers(fields.take('pre_tokenizer'), normalizer.steps);
  if (normalizer.growth * preTokenizers.growth > MOST_GROWTH) {
    refuse('normalizer and pre_tokenizer: together they may make a text more than a thousand times as long');
  }
  const added = readAddedTokens(fields.take('added_tokens'), normalizer.normalize);
  const model = readModel(Fields.of(fields.take('model'), 'model'));
  fields.end();

  const addedObjects = new Map<string, T>();
  const objectOfAdded = (content: string): T => {
    const known = addedObjects.get(content);
    if (known !== undefined) return known;
    const token = make(content);
    addedObjects.set(content, token);
    return token;
  };

  let put: (token: T) => void = () => undefined;
  const { finish } = preTokenizers;
  // `finish` turns a piece into the byte-level alphabet just before the model, so that the model's mark `Ġ` is a space before then.
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
    token: (content: string) => put(objectOfAdded(content)),
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

/** Post-processors add tokens around a text, and decoders turn tokens into text: neither is used, but unknown types are refused. */
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

/** Checks the fields that have no effect on tokens, and refuses values that have one. */
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
  // Padding to the longest text of a batch adds nothing, because each text is a batch of its own.
  const strategy = Fields.of(padding, 'padding').take('strategy');
  if (strategy !== 'BatchLongest') refuse('padding: would add tokens that are not in the text; set it to null');
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
