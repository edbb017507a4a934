import { byteLevel } from './byte-level.js';
import * as sets from './code-points.js';
import { refuse } from '../subwords/refuse.js';
import { Fields, readPattern } from './fields.js';
import { compile } from './normalizers.js';
import { literal, translate } from './oniguruma.js';

/**
 * Takes a piece of the text: the next step, or the model.
 *
 * @param atStart whether the piece begins at the first character of the original text (before any normalizer).
 */
export type PieceTaker = (piece: string, atStart: boolean) => void;

/** A step of pre-tokenization: cuts a piece into smaller pieces, and gives them to `put`, in order. None is empty. */
export type PreTokenizer = (piece: string, atStart: boolean, put: PieceTaker) => void;

/** The pre-tokenizer of a file. */
export interface PreTokenizers {
  readonly steps: readonly PreTokenizer[];
  /**
   * Changes each piece just before the model gets it. It is not a step, because the tokens of a piece are remembered by the piece
   * before this change, which is shorter.
   */
  readonly finish: ((piece: string) => string) | undefined;
  /** An upper bound of the factor by which the steps lengthen a text. */
  readonly growth: number;
}

/** A pre-tokenizer of a type other than `Sequence`. */
interface Step {
  readonly type: string;
  readonly split: PreTokenizer | undefined;
  /** Changes each piece after `split`. */
  readonly map?: (piece: string) => string;
  readonly growth: number;
}

/**
 * Makes the pre-tokenizer of a file.
 *
 * @param value the field `pre_tokenizer`, null for none.
 * @param normalizers the types of the normalizer's steps (`NormalizerPart.steps`).
 * @throws KNESER_TOKENIZER
 */
export function readPreTokenizers(value: unknown, normalizers: readonly string[]): PreTokenizers {
  const found = value === null || value === undefined ? [] : readSteps(value, 'pre_tokenizer', normalizers, []);
  const steps: PreTokenizer[] = [];
  found.forEach(({ split, map }, i) => {
    if (split) steps.push(split);
    if (map && i + 1 < found.length) steps.push((piece, atStart, put) => put(map(piece), atStart));
  });
  const growth = found.reduce((product, step) => product * step.growth, 1);
  return { steps, finish: found.at(-1)?.map, growth };
}

/** The steps of a pre-tokenizer. @param before the types of the steps before it. */
function readSteps(value: unknown, path: string, normalizers: readonly string[], before: readonly string[]): Step[] {
  const fields = Fields.of(value, path);
  const type = fields.text('type');
  let steps: Step[];
  if (type === 'Sequence') {
    steps = [];
    fields.list('pretokenizers').forEach((one, i) => {
      const earlier = [...before, ...steps.map(step => step.type)];
      steps.push(...readSteps(one, `${path}.pretokenizers[${i}]`, normalizers, earlier));
    });
  } else {
    steps = [readStep(type, fields, normalizers, before)];
  }
  fields.end();
  return steps;
}

function readStep(type: string, fields: Fields, normalizers: readonly string[], before: readonly string[]): Step {
  const { path } = fields;
  const step = (split: PreTokenizer): Step => ({ type, split, growth: 1 });
  switch (type) {
    case 'Whitespace':
      return step(splitBy(`${ofSet(sets.RUST_WORD())}+|${ofSet(notWordNorSpace())}+`, 'Removed', true, path));
    case 'WhitespaceSplit':
      return step(splitBy(ofSet(sets.SPACE()), 'Removed', false, path));
    case 'BertPreTokenizer': {
      const space = splitBy(ofSet(sets.SPACE()), 'Removed', false, path);
      const punctuation = splitBy(ofSet(sets.PUNCTUATION()), 'Isolated', false, path);
      return step((piece, atStart, put) => space(piece, atStart, (part, isFirst) => punctuation(part, isFirst, put)));
    }
    case 'Punctuation':
      return step(splitBy(ofSet(sets.PUNCTUATION()), fields.oneOf('behavior', BEHAVIORS, 'Isolated'), false, path));
    case 'Digits': {
      const behavior = fields.flag('individual_digits') ? 'Isolated' : 'Contiguous';
      return step(splitBy(ofSet(sets.NUMERIC()), behavior, false, path));
    }
    case 'CharDelimiterSplit':
      return step(splitBy(literal(fields.character('delimiter')).source, 'Removed', false, path));
    case 'FixedLength':
      return step(fixedLength(fields.count('length', 5), path));
    case 'Split': {
      const pattern = readPattern(fields);
      const { source } =
        pattern.literal === undefined ? translate(pattern.regex ?? '', pattern.path) : literal(pattern.literal);
      return step(splitBy(source, fields.oneOf('behavior', BEHAVIORS), fields.flag('invert'), pattern.path));
    }
    case 'ByteLevel':
      return readByteLevel(fields);
    case 'Metaspace':
      return readMetaspace(fields, normalizers, before);
    default:
      refuse(`${path}: the pre-tokenizer ${type} is not supported`);
  }
}

/** The source that matches one code point of a set. */
function ofSet(set: sets.CodePoints): string {
  return sets.classSource(set);
}

function notWordNorSpace(): sets.CodePoints {
  return sets.complement(sets.union(sets.RUST_WORD(), sets.SPACE()));
}

/** What becomes of matches: they are left out, are pieces, or join a neighbour; `JOINS` defines each behavior. */
const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
type Behavior = (typeof BEHAVIORS)[number];

/**
 * The pre-tokenizer that splits a piece at the matches of an expression.
 *
 * @param source the source of the expression, for the flag `u`.
 * @param invert whether the matches count as text, and the stretches between them as matches.
 */
function splitBy(source: string, behavior: Behavior, invert: boolean, path: string): PreTokenizer {
  const spans = new Spans(source, path);
  const joins = JOINS[behavior];
  // These two behaviors join no spans, so that they need no list of spans.
  if (behavior === 'Isolated' || behavior === 'Removed') {
    const keepsMatches = behavior === 'Isolated' || invert;
    const keepsRest = behavior === 'Isolated' || !invert;
    return (piece, atStart, put) => {
      let done = 0;
      spans.begin();
      while (spans.find(piece)) {
        const { start, end } = spans;
        if (keepsRest && done < start) put(piece.slice(done, start), atStart && done === 0);
        if (keepsMatches && start < end) put(piece.slice(start, end), atStart && start === 0);
        done = end;
        spans.resume(end);
      }
      if (keepsRest && done < piece.length) put(done === 0 ? piece : piece.slice(done), atStart && done === 0);
    };
  }
  return (piece, atStart, put) => {
    for (const { from, to } of joins(spans.all(piece, invert))) {
      if (from < to) put(piece.slice(from, to), atStart && from === 0);
    }
  };
}

/** A match, or the stretch between two matches: offsets in the text, in UTF-16 units. With `invert`, `isMatch` is turned round. */
interface Span {
  readonly from: number;
  to: number;
  readonly isMatch: boolean;
}

/** How the library joins the spans of a text, by behavior. */
const JOINS: Readonly<Record<Behavior, (spans: readonly Span[]) => readonly Span[]>> = {
  Removed: spans => spans.filter(span => !span.isMatch),
  Isolated: spans => spans,
  /** Neighbouring spans of one kind, such as two matches, become one span. */
  Contiguous: spans => joined(spans, (span, previousIsMatch) => span.isMatch === previousIsMatch),
  /** A match is joined to the span before it, unless that span is also a match. */
  MergedWithPrevious: spans => joined(spans, (span, previousIsMatch) => span.isMatch && !previousIsMatch),
  /** The same from the end of the text: a match is joined to the span after it, unless that span is also a match. */
  MergedWithNext(spans) {
    const turned = spans.map(({ from, to, isMatch }) => ({ from: -to, to: -from, isMatch })).reverse();
    return JOINS.MergedWithPrevious(turned)
      .map(({ from, to, isMatch }) => ({ from: -to, to: -from, isMatch }))
      .reverse();
  },
};

/** Joins a span to the one before it where `joins` says so. */
function joined(spans: readonly Span[], joins: (span: Span, previousIsMatch: boolean) => boolean): Span[] {
  const result: Span[] = [];
  let previousIsMatch = false;
  for (const span of spans) {
    const last = result.at(-1);
    if (last && joins(span, previousIsMatch)) last.to = span.to;
    else result.push({ ...span });
    previousIsMatch = span.isMatch;
  }
  return result;
}

/** Finds the matches of an expression in a text one after another. `find` sets `start` and `end`, so that no match is an object. */
class Spans {
  /** The match that was found last: offsets in the text, in UTF-16 units. */
  start = 0;
  end = 0;
  /** Where the search continues, and where the match before ended. */
  private at = 0;
  private lastEnd = -1;
  /** The expression with the flag `y`, which matches only at `at`, and with the flag `g`, which searches from `at` on. */
  private readonly here: RegExp;
  private readonly anywhere: RegExp;

  constructor(source: string, path: string) {
    this.here = compile(source, path, 'uy');
    this.anywhere = compile(source, path, 'gu');
  }

  /** Finds the next match. An empty match where the last match ended does not count. @returns false if there is none */
  find(text: string): boolean {
    while (this.at <= text.length) {
      if (!this.match(text)) return false;
      if (this.start < this.end || this.end !== this.lastEnd) return true;
      this.at += (text.codePointAt(this.at) ?? 0) > 0xffff ? 2 : 1;
    }
    return false;
  }

  /** Lets the search continue behind the match that was found. */
  resume(end: number): void {
    this.at = end;
    this.lastEnd = end;
  }

  /** Lets the search begin at the first character of a text. */
  begin(): void {
    this.at = 0;
    this.lastEnd = -1;
  }

  /** All spans of a text, in order. */
  all(text: string, invert: boolean): Span[] {
    const spans: Span[] = [];
    let done = 0;
    this.begin();
    while (this.find(text)) {
      if (done < this.start) spans.push({ from: done, to: this.start, isMatch: invert });
      spans.push({ from: this.start, to: this.end, isMatch: !invert });
      done = this.end;
      this.resume(done);
    }
    if (done < text.length) spans.push({ from: done, to: text.length, isMatch: invert });
    return spans;
  }

  /** Finds the first match from `at` on. */
  private match(text: string): boolean {
    // The matches of most expressions cover the text, so that a match usually begins where the last one ended.
    const { here, anywhere, at } = this;
    here.lastIndex = at;
    if (here.test(text)) {
      this.start = at;
      this.end = here.lastIndex;
      return true;
    }
    anywhere.lastIndex = at;
    let match = anywhere.exec(text);
    // V8 also finds empty matches between the halves of a surrogate pair.
    while (match && isInPair(text, match.index)) {
      anywhere.lastIndex = match.index + 1;
      match = anywhere.exec(text);
    }
    if (!match) return false;
    this.start = match.index;
    this.end = match.index + match[0].length;
    return true;
  }
}

/** Whether an offset lies between the halves of a surrogate pair. */
function isInPair(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
}

/** The pre-tokenizer that cuts pieces of `length` code points. */
function fixedLength(length: number, path: string): PreTokenizer {
  if (length === 0) refuse(`${path}.length: is 0`);
  return (piece, atStart, put) => {
    for (let from = 0, to = 0; from < piece.length; from = to) {
      for (let i = 0; i < length && to < piece.length; i++) to += (piece.codePointAt(to) ?? 0) > 0xffff ? 2 : 1;
      put(piece.slice(from, to), atStart && from === 0);
    }
  };
}

/** The expression of GPT-2: contractions; runs of letters, digits or other characters, each with a space before it; white space. */
const GPT2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** `ByteLevel`: splits by the expression of GPT-2, then writes pieces in the byte-level alphabet. */
function readByteLevel(fields: Fields): Step {
  const addsSpace = fields.flag('add_prefix_space');
  // `trim_offsets` changes only the offsets of tokens, which are not used.
  fields.flag('trim_offsets');
  const usesRegex = fields.flag('use_regex', true);
  const words = usesRegex ? splitBy(translate(GPT2, fields.path).source, 'Isolated', false, fields.path) : undefined;
  const prefixed = (piece: string): string => (addsSpace && !piece.startsWith(' ') ? ` ${piece}` : piece);
  const split: PreTokenizer | undefined = words
    ? (piece, atStart, put) => words(prefixed(piece), atStart, put)
    : addsSpace
      ? (piece, atStart, put) => put(prefixed(piece), atStart)
      : undefined;
  return { type: 'ByteLevel', split, map: byteLevel, growth: 3 };
}

/** Pre-tokenizers that change no characters, so that it is known after them which piece begins the text. */
const SPLITTERS = [
  ...['Whitespace', 'WhitespaceSplit', 'BertPreTokenizer', 'Punctuation', 'Digits'],
  ...['CharDelimiterSplit', 'FixedLength', 'Split'],
];
/** Normalizers after which the first character still comes from the first character of the text. */
const KEEP_START = ['Replace character', 'Prepend', 'Lowercase', 'NFC', 'NFD', 'NFKC', 'NFKD'];

/** `Metaspace`: replaces spaces by a mark, puts a mark at the beginning, and cuts the text before each mark, as the options say. */
function readMetaspace(fields: Fields, normalizers: readonly string[], before: readonly string[]): Step {
  const mark = fields.character('replacement');
  if (fields.isSet('str_rep')) fields.text('str_rep');
  else fields.take('str_rep');
  const addsPrefix = fields.isSet('add_prefix_space')
    ? fields.flag('add_prefix_space')
    : fields.take('add_prefix_space');
  let scheme = fields.oneOf('prepend_scheme', ['first', 'never', 'always'], 'always');
  if (addsPrefix === false) {
    if (scheme !== 'never') refuse(`${fields.at('add_prefix_space')}: does not match prepend_scheme`);
    scheme = 'never';
  }
  const splits = fields.flag('split', true);
  if (scheme === 'first') checkFirst(fields.at('prepend_scheme'), normalizers, before);
  const split: PreTokenizer = (piece, atStart, put) => {
    let text = mark === ' ' ? piece : piece.replaceAll(' ', mark);
    if (scheme !== 'never' && (scheme === 'always' || atStart) && !text.startsWith(mark)) text = mark + text;
    if (!splits) {
      put(text, atStart);
      return;
    }
    for (let from = 0, to = 0; from < text.length; from = to) {
      to = text.indexOf(mark, text.startsWith(mark, from) ? from + mark.length : from);
      if (to < 0) to = text.length;
      put(text.slice(from, to), atStart && from === 0);
    }
  };
  return { type: 'Metaspace', split, growth: 1 };
}

/**
 * Refuses `prepend_scheme: first` after a step after which it is not known whether a piece began the text before normalization.
 */
function checkFirst(path: string, normalizers: readonly string[], before: readonly string[]): void {
  const step = before.find(type => !SPLITTERS.includes(type));
  if (step !== undefined) refuse(`${path}: first is not supported after the pre-tokenizer ${step}`);
  const known = before.length > 0 ? ['Replace character'] : KEEP_START;
  const normalizer = normalizers.find(type => !known.includes(type));
  if (normalizer === undefined) return;
  refuse(`${path}: first is not supported after the normalizer ${normalizer}`);
}
