import { optionError } from '../base/check.js';
import { KneserError } from '../base/errors.js';

/** In SentencePiece's alphabets, the first character of a label that begins a word. */
const WORD_BEGIN = '▁';
/** The label of unknown characters, in an alphabet of characters. */
const UNKNOWN_CHARACTER = '⁇';
/** The label of unknown words, in an alphabet of pieces. */
const UNKNOWN_PIECE = '▁⁇▁';
/** Matches labels of the blank: `<pad>`, `[PAD]`. */
const BLANK = /^[<[]pad[>\]]$/i;
/** Matches labels of unknown characters or words: `<unk>`, `[UNK]`. */
const UNKNOWN = /^[<[]unk[>\]]$/i;
/** Matches labels with a special meaning: `<s>`, `[CLS]`. */
const SPECIAL = /^[<[].+[>\]]$/;

/** The alphabet of a CTC model. */
export interface CtcAlphabet {
  /** By column, the text of the label: '' for the blank, ' ' for the space between words. Pieces that begin a word begin with `▁`. */
  readonly labels: readonly string[];
  /** Whether labels are pieces of words (`▁the`, `ing`); otherwise they are characters, with a space between words. */
  readonly arePieces: boolean;
}

/**
 * Finds the blank and the label that separates words, by the conventions of pyctcdecode 0.5.0:
 *
 * - the blank is '', else a label such as `[PAD]` or `<pad>`, else (for characters) `_`; if no label is the blank, it is added as the last label;
 * - `|` is the space if no label is ' ';
 * - a label such as `<unk>` or `[UNK]` becomes `⁇`;
 * - labels are pieces of words if one begins with `▁` (SentencePiece) or `##` (WordPiece).
 *
 * @throws KNESER_OPTION if a label occurs twice, or if pieces contain a space.
 */
export function ctcAlphabet(given: readonly string[]): CtcAlphabet {
  const seen = new Set<string>();
  const twice = given.find(label => seen.size === seen.add(label).size);
  if (twice !== undefined) throw optionError('labels', twice, 'allowed twice; give each label once');
  const areWordPieces = given.some(label => label.startsWith('##'));
  const arePieces = areWordPieces || given.some(label => label.startsWith(WORD_BEGIN));
  const spaced = given.find(label => arePieces && label.includes(' '));
  if (spaced !== undefined) {
    throw new KneserError(
      'KNESER_OPTION',
      `labels: '${spaced}' has a space, but pieces of words mark where a word begins by ▁ or ##`,
    );
  }
  let labels = areWordPieces ? given.map(label => withWordBegin(label)) : [...given];
  if (!arePieces && !labels.includes(' ')) labels = labels.map(label => (label === '|' ? ' ' : label));
  labels = labels.map(label => (BLANK.test(label) ? '' : label));
  if (!arePieces && !labels.includes('')) labels = labels.map(label => (label === '_' ? '' : label));
  if (!labels.includes('')) labels.push('');
  const unknown = arePieces ? UNKNOWN_PIECE : UNKNOWN_CHARACTER;
  labels = labels.map(label => (UNKNOWN.test(label) ? unknown : label));
  return { labels, arePieces };
}

/** Turns a WordPiece label (`the`, `##ing`) into a SentencePiece one (`▁the`, `ing`). */
function withWordBegin(label: string): string {
  if (label.startsWith('##')) return label.slice(2);
  if (SPECIAL.test(label) || ['', WORD_BEGIN, UNKNOWN_PIECE].includes(label)) return label;
  return WORD_BEGIN + label;
}

/** A label as a piece of a word. */
export interface CtcPiece {
  /** The characters of the label, without `▁`. */
  readonly text: string;
  /** Whether the label begins with `▁`. */
  readonly beginsWord: boolean;
  /** Whether the label ends with `▁` (`▁⁇▁`), which means that the next piece begins a word. */
  readonly endsWord: boolean;
}

/** Splits a label into its characters and its marks. */
export function ctcPiece(label: string): CtcPiece {
  const beginsWord = label.startsWith(WORD_BEGIN);
  const rest = beginsWord ? label.slice(1) : label;
  const endsWord = label.endsWith(WORD_BEGIN);
  return { text: endsWord ? rest.slice(0, -1) : rest, beginsWord, endsWord };
}
