import { byteLevel } from './byte-level.js';
import * as sets from './code-points.js';
import type { CodePoints } from './code-points.js';
import { refuse } from '../subwords/refuse.js';
import { Fields, readPattern } from './fields.js';
import { translate } from './oniguruma.js';
import { readPrecompiled } from './precompiled.js';

/** A function from a text to the normalized text. */
export type Normalizer = (text: string) => string;

/** A normalizer of the file. */
export interface NormalizerPart {
  readonly normalize: Normalizer;
  /** The types of the normalizer's steps, in order. A `Replace` of one character by one is called `Replace character`. */
  readonly steps: readonly string[];
  /** An upper bound of the factor by which the normalizer lengthens a text, from its options. */
  readonly growth: number;
}

const NOTHING: NormalizerPart = { normalize: text => text, steps: [], growth: 1 };

/** Makes the normalizer of a file. @param value the field `normalizer`, null for none. @throws KNESER_TOKENIZER */
export function readNormalizer(value: unknown, path = 'normalizer'): NormalizerPart {
  if (value === null || value === undefined) return NOTHING;
  const fields = Fields.of(value, path);
  const type = fields.text('type');
  const part = readPart(type, fields);
  fields.end();
  return part;
}

function readPart(type: string, fields: Fields): NormalizerPart {
  const { path } = fields;
  const step = (normalize: Normalizer, growth = 1): NormalizerPart => ({ normalize, steps: [type], growth });
  switch (type) {
    case 'Sequence':
      return inOrder(
        fields
          .list('normalizers')
          .map((one, i) =>
            readNormalizer(one ?? refuse(`${path}.normalizers[${i}]: is null`), `${path}.normalizers[${i}]`),
          ),
      );
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return step(text => normalizeForm(text, type));
    case 'Lowercase':
      return step(lowercase);
    case 'Strip':
      return step(strip(fields.flag('strip_left'), fields.flag('strip_right')));
    case 'StripAccents':
      return step(without(sets.COMBINING()));
    case 'Replace':
      return replace(fields);
    case 'Prepend': {
      const prefix = fields.text('prepend');
      if (prefix === '') refuse(`${fields.at('prepend')}: is the empty string, which is not supported`);
      return step(text => (text === '' ? text : prefix + text), 1 + prefix.length);
    }
    case 'BertNormalizer':
      return step(bert(fields));
    case 'Precompiled':
      return step(readPrecompiled(fields));
    case 'Nmt':
      return step(text => text.replace(NMT_REMOVED, '').replace(NMT_SPACE, ' '));
    case 'ByteLevel':
      return step(byteLevel, 3);
    default:
      refuse(`${path}: the normalizer ${type} is not supported`);
  }
}

/** The normalizer that applies several normalizers in order. */
function inOrder(parts: readonly NormalizerPart[]): NormalizerPart {
  return {
    normalize: parts.map(part => part.normalize).reduce((all, one) => text => one(all(text)), NOTHING.normalize),
    steps: parts.flatMap(part => part.steps),
    growth: parts.reduce((product, part) => product * part.growth, 1),
  };
}

/** Control characters that the normalizer `Nmt` removes, and characters that it replaces by a space. */
const NMT_REMOVED = /[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]/g;
const NMT_SPACE = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/** Matches the characters that the library does not normalise. */
let notNormalized: RegExp | undefined;

const ASCII = /^[\x00-\x7f]*$/;

/** A text in a Unicode normalization form. Characters newer than the library's tables stay, and nothing is composed or sorted across them. */
function normalizeForm(text: string, form: Form): string {
  if (ASCII.test(text)) return text;
  notNormalized ??= new RegExp(`(${sets.classSource(sets.NOT_NORMALIZED())})`, 'u');
  if (!notNormalized.test(text)) return normalizeRuns(text, form);
  return text
    .split(notNormalized)
    .map((part, i) => (i % 2 === 1 ? part : normalizeRuns(part, form)))
    .join('');
}

/**
 * More than 1,024 combining marks in a row. Text with such a run is normalized in parts, each of which ends after 1,024 marks, because
 * to sort n marks takes time in proportion to n².
 */
const LONG_RUN = /\p{M}{1025}/u;
/** Matches one part after another. */
const RUN = /\P{M}*\p{M}{1,1024}|\P{M}+/gu;

/** A text without characters of `NOT_NORMALIZED`, in a Unicode normalization form. */
function normalizeRuns(text: string, form: Form): string {
  return LONG_RUN.test(text) ? text.replace(RUN, part => part.normalize(form)) : text.normalize(form);
}

/** Matches the capitals of `RECENT_LOWERCASE`. */
let recent: RegExp | undefined;

/** A text with each character in lower case by itself: a capital sigma becomes σ also at the end of a word. */
function lowercase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  recent ??= new RegExp(`[${[...sets.RECENT_LOWERCASE.keys()].join('')}]`, 'gu');
  return text
    .replace(recent, capital => sets.RECENT_LOWERCASE.get(capital) ?? capital)
    .replaceAll('Σ', 'σ')
    .toLowerCase();
}

function strip(left: boolean, right: boolean): Normalizer {
  const space = sets.SPACE();
  return text => {
    let [from, to] = [0, text.length];
    if (right) while (to > 0 && sets.contains(space, text.charCodeAt(to - 1))) to--;
    if (left) while (from < to && sets.contains(space, text.charCodeAt(from))) from++;
    return text.slice(from, to);
  };
}

/** The normalizer that removes the characters of a set. */
function without(removed: CodePoints): Normalizer {
  const pattern = new RegExp(sets.classSource(removed), 'gu');
  return text => text.replace(pattern, '');
}

const isOneCharacter = (text: string): boolean => Array.from(text).length === 1;

/** The normalizer `Replace`. */
function replace(fields: Fields): NormalizerPart {
  const { literal, regex, path } = readPattern(fields);
  const content = fields.text('content');
  const isCharacter = isOneCharacter(literal ?? '') && isOneCharacter(content);
  const steps = [isCharacter ? 'Replace character' : 'Replace'];
  const growth = Math.max(1, content.length);
  if (literal !== undefined) {
    if (literal === '') refuse(`${path}: is the empty string, which is not supported`);
    return { normalize: text => text.replaceAll(literal, () => content), steps, growth };
  }
  const { source, matchesEmpty } = translate(regex ?? '', path);
  if (matchesEmpty) refuse(`${path}: can match the empty string, which is not supported`);
  const pattern = compile(source, path);
  return { normalize: text => text.replace(pattern, () => content), steps, growth };
}

/** Compiles an expression. @throws KNESER_TOKENIZER if the JavaScript engine refuses it */
export function compile(source: string, path: string, flags = 'gu'): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    refuse(`${path}: ${error instanceof Error ? error.message : 'is not a regular expression'}`);
  }
}

/** The ideographs that `handle_chinese_chars` of BertNormalizer surrounds with spaces. */
const IDEOGRAPH =
  /[\u{4e00}-\u{9fff}\u{3400}-\u{4dbf}\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{f900}-\u{faff}\u{2f800}-\u{2fa1f}]/gu;

/** The normalizer `BertNormalizer`. Without `strip_accents` it removes accents if it lower-cases. */
function bert(fields: Fields): Normalizer {
  const steps: Normalizer[] = [];
  if (fields.flag('clean_text')) {
    steps.push(without(sets.CONTROL()));
    const space = new RegExp(sets.classSource(sets.SPACE()), 'gu');
    steps.push(text => text.replace(space, ' '));
  }
  if (fields.flag('handle_chinese_chars')) steps.push(text => text.replace(IDEOGRAPH, ' $& '));
  const accents = fields.isSet('strip_accents') ? fields.flag('strip_accents') : fields.take('strip_accents');
  const lower = fields.flag('lowercase');
  if (accents === true || (typeof accents !== 'boolean' && lower)) {
    const nonspacing = without(sets.NONSPACING());
    steps.push(text => nonspacing(normalizeForm(text, 'NFD')));
  }
  if (lower) steps.push(lowercase);
  return text => steps.reduce((done, step) => step(done), text);
}
