import { byteToken } from '../subwords/model.js';
import { refuse } from '../subwords/refuse.js';
import { decodeText, Message } from './protobuf.js';

/** The algorithm that cuts text into pieces, by `trainer_spec.model_type`. */
const MODEL_TYPES = ['', 'unigram', 'bpe', 'word', 'char'] as const;
export type ModelType = 'unigram' | 'bpe' | 'word' | 'char';

/** The kinds of pieces, by `pieces.type`. */
const PIECE_TYPES = ['', 'normal', 'unknown', 'control', 'user-defined', 'unused', 'byte'] as const;
export type PieceType = Exclude<(typeof PIECE_TYPES)[number], ''>;

/** A piece of the vocabulary. Its id is its index in `ModelFile.pieces`. */
export interface Piece {
  readonly text: string;
  /** In single precision. Unigram: the natural log probability; BPE: minus the rank of the merge. */
  readonly score: number;
  readonly type: PieceType;
}

/** The fields of a SentencePiece model that decide how text is cut into tokens. */
export interface ModelFile {
  readonly type: ModelType;
  readonly pieces: readonly Piece[];
  /** Whether a character without a piece is cut into the pieces of its bytes. */
  readonly fallsBack: boolean;
  /** Whether the mark of white space ends words, instead of beginning them. */
  readonly marksEnd: boolean;
  readonly normalizer: NormalizerFile;
}

/** How text is normalized before it is cut. */
export interface NormalizerFile {
  /** The rules, as `Charsmap` reads them; empty for none. */
  readonly charsmap: Uint8Array;
  /** Whether the text gets a mark at its beginning (at its end with `marksEnd`). */
  readonly addsMark: boolean;
  /** Whether repeated spaces become one, and spaces at both ends are removed. */
  readonly removesExtraSpace: boolean;
  /** Whether spaces become the mark `▁` (U+2581). */
  readonly escapesSpace: boolean;
}

/** The longest piece that SentencePiece's own library accepts, in bytes. */
const MOST_PIECE_BYTES = 7999;

/** @param bytes the file's content. @throws KNESER_TOKENIZER with the path of the field that is wrong */
export function readModelFile(bytes: Uint8Array): ModelFile {
  const file = new Message(bytes, '');
  const trainer = file.message(2, 'trainer_spec');
  const normalizer = file.message(3, 'normalizer_spec');
  const number = trainer.choice(3, 'model_type', 1);
  const type = MODEL_TYPES[number] || refuse(`trainer_spec.model_type: ${number} is not supported`);
  const fallsBack = trainer.flag(35, 'byte_fallback', false);
  const pieces = file.list(1, 'pieces').map((message, i) => readPiece(new Message(message, `pieces[${i}]`), fallsBack));
  checkPieces(pieces, type, fallsBack);
  return {
    type,
    pieces,
    fallsBack,
    marksEnd: trainer.flag(24, 'treat_whitespace_as_suffix', false),
    normalizer: {
      charsmap: normalizer.bytes(2, 'precompiled_charsmap') ?? new Uint8Array(0),
      addsMark: normalizer.flag(3, 'add_dummy_prefix', true),
      removesExtraSpace: normalizer.flag(4, 'remove_extra_whitespaces', true),
      escapesSpace: normalizer.flag(5, 'escape_whitespaces', true),
    },
  };
}

function readPiece(message: Message, fallsBack: boolean): Piece {
  const bytes = message.bytes(1, 'piece') ?? new Uint8Array(0);
  const path = message.at('piece');
  if (bytes.length === 0) refuse(`${path}: is empty`);
  if (bytes.length > MOST_PIECE_BYTES) refuse(`${path}: has ${bytes.length} bytes, more than ${MOST_PIECE_BYTES}`);
  const text = decodeText(bytes, path);
  const number = message.choice(3, 'type', 1);
  const type = PIECE_TYPES[number] || refuse(`${message.at('type')}: ${number} is not supported`);
  const score = message.float(2, 'score');
  // Some conversion scripts add a piece for NUL. The library ignores it if the model has pieces for bytes.
  if (text === '\0' && (fallsBack || type === 'unused')) return { text: '', score, type: 'unused' };
  if (text.includes('\0')) refuse(`${path}: holds NUL`);
  return { text, score, type };
}

/** Refuses vocabularies that the library refuses, and scores that are NaN or, for Unigram, infinite. */
function checkPieces(pieces: readonly Piece[], type: ModelType, fallsBack: boolean): void {
  const seen = new Set<string>();
  const bytes = new Set<string>();
  let unknown = -1;
  pieces.forEach(({ text, score, type: kind }, i) => {
    const path = `pieces[${i}]`;
    const isNoScore = type === 'unigram' ? !Number.isFinite(score) : type === 'bpe' && Number.isNaN(score);
    if (isNoScore) refuse(`${path}.score: is ${score}`);
    if (text === '') return;
    // In all types but BPE, one ordinary piece and one of the others (control, unknown, byte) may have the same text.
    const name = type === 'bpe' || isOrdinary(kind) ? `0${text}` : `1${text}`;
    if (seen.has(name)) refuse(`${path}.piece: ${JSON.stringify(text)} occurs twice`);
    seen.add(name);
    if (kind === 'unknown') {
      if (unknown >= 0) refuse(`${path}: is a second unknown piece, after pieces[${unknown}]`);
      unknown = i;
    }
    if (kind !== 'byte') return;
    if (!fallsBack) refuse(`${path}: is the piece of a byte, but trainer_spec.byte_fallback is false`);
    if (!BYTE_TOKENS.has(text)) refuse(`${path}.piece: ${JSON.stringify(text)} is not <0x00> to <0xFF>`);
    bytes.add(text);
  });
  if (type === 'unigram' && !pieces.some(piece => isOrdinary(piece.type) && piece.text !== '')) {
    refuse('pieces: none is normal, user-defined or unused, so no text can be cut');
  }
  if (unknown < 0 && !fallsBack) refuse('pieces: there is no unknown piece');
  if (fallsBack && bytes.size < 256) {
    refuse(`pieces: only ${bytes.size} of the 256 bytes have a piece, but trainer_spec.byte_fallback is true`);
  }
}

const BYTE_TOKENS = new Set(Array.from({ length: 256 }, (_, byte) => byteToken(byte)));

/** Whether pieces of a type may be found in a text; control, unknown and byte pieces never are. */
export function isOrdinary(type: PieceType): boolean {
  return type === 'normal' || type === 'user-defined' || type === 'unused';
}
