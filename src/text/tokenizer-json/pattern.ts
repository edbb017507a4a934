import * as sets from './code-points.js';
import type { CodePoints } from './code-points.js';
import { refuse } from '../subwords/refuse.js';

/**
 * Translates Oniguruma's regular expressions, the language of a file's patterns, to JavaScript's with the same matches.
 *
 * Both engines backtrack and take the first alternative that matches. A character class becomes the set of its code points, by
 * Oniguruma's version of Unicode. An atomic group `(?>…)` and a possessive `a++` become `(?=(…))\1`: a look-ahead is atomic.
 * Constructs whose meaning cannot be kept are refused: back-references, calls, `\G`, `\K`, `\X`, absence, conditions, …
 *
 * Syntax: https://github.com/kkos/oniguruma/blob/master/doc/RE
 */
export interface Pattern {
  /** JavaScript source for the flag `u`. Its only captures are those that imitate atomic groups. */
  readonly source: string;
  /** Whether the pattern can match no character at all. */
  readonly nullable: boolean;
}

/** @param path names the pattern in messages. @throws KNESER_TOKENIZER */
export function translate(pattern: string, path: string): Pattern {
  return new Translator(pattern, path).translate();
}

/** A literal text as a pattern. */
export function literal(text: string): Pattern {
  return {
    source: Array.from(text, character => escape(character.codePointAt(0) ?? 0)).join(''),
    nullable: text === '',
  };
}

function escape(point: number): string {
  const character = String.fromCodePoint(point);
  return /[A-Za-z0-9]/.test(character) ? character : `\\u{${point.toString(16)}}`;
}

const ANY = sets.range(0, 0x10ffff);
const NEWLINE = sets.range(0x0a);
const HEX = sets.pointsOf('0123456789ABCDEFabcdef');

/** Escapes of one control character. */
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7, e: 27 };

const POSIX: Readonly<Record<string, () => CodePoints>> = {
  alpha: sets.ALPHABETIC,
  digit: () => property('Nd'),
  alnum: () => sets.union(sets.ALPHABETIC(), property('Nd')),
  space: sets.SPACE,
  blank: () => sets.union(property('Zs'), sets.range(9)),
  cntrl: () => property('Cc'),
  punct: () => sets.union(property('P'), property('S')),
  xdigit: () => HEX,
  ascii: () => sets.range(0, 0x7f),
  word: sets.WORD_IN_CLASS,
};

function property(name: string): CodePoints {
  return sets.category(name) ?? [];
}

/** The characters beside the capital that fold to an ASCII letter where case is ignored. */
const EXTRA_FORMS: Readonly<Record<string, string>> = { s: 'ſ', k: '\u212a' };
/** Sequences of letters that Oniguruma also matches with a single character where case is ignored: `ss` with `ß`. */
const FOLDED_PAIRS = /ss|ff|fi|fl|st|ij|aʾ|h\u0331|t\u0308|w\u030a|y\u030a|i\u0307|j\u030c|ʼn/i;

class Translator {
  private at = 0;
  private atomic = 0;
  private readonly input: readonly string[];

  constructor(
    pattern: string,
    private readonly path: string,
  ) {
    this.input = Array.from(pattern);
  }

  translate(): Pattern {
    const pattern = this.alternatives(false);
    if (this.at < this.input.length) this.unsupported('a closing bracket without an opening one');
    return pattern;
  }

  private unsupported(what: string): never {
    refuse(`${this.path}: ${what} at character ${this.at + 1} is not supported`);
  }

  private peek(ahead = 0): string | undefined {
    return this.input[this.at + ahead];
  }

  private eat(text: string): boolean {
    const isNext = Array.from(text).every((character, i) => this.input[this.at + i] === character);
    if (isNext) this.at += Array.from(text).length;
    return isNext;
  }

  private alternatives(ignoreCase: boolean): Pattern {
    const parts: Pattern[] = [];
    do parts.push(this.sequence(ignoreCase));
    while (this.eat('|'));
    return { source: parts.map(part => part.source).join('|'), nullable: parts.some(part => part.nullable) };
  }

  private sequence(ignoreCase: boolean): Pattern {
    let source = '';
    let nullable = true;
    let letters = '';
    for (let next = this.peek(); next !== undefined && next !== '|' && next !== ')'; next = this.peek()) {
      // `(?i)` applies up to the end of the group, over its further alternatives, too.
      if (this.eat('(?i)')) {
        if (source !== '') this.unsupported('(?i) in the middle of a group');
        const rest = this.alternatives(true);
        return { source: `(?:${rest.source})`, nullable: rest.nullable };
      }
      const isSingle = next !== '(';
      const start = this.at;
      const atom = this.quantified(this.atom(ignoreCase), ignoreCase && isSingle);
      if (ignoreCase) {
        letters = isSingle ? letters + this.input.slice(start, this.at).join('') : '';
        if (FOLDED_PAIRS.test(letters)) this.unsupported('a pair of letters that is also one, where case is ignored,');
      }
      source += atom.source;
      nullable &&= atom.nullable;
    }
    return { source, nullable };
  }

  private atom(ignoreCase: boolean): Pattern {
    const character = this.input[this.at];
    switch (character) {
      case '(':
        return this.group(ignoreCase);
      case '[':
        return this.characters(this.set(ignoreCase));
      case '.':
        this.at++;
        return this.characters(sets.complement(NEWLINE));
      case '^':
        this.at++;
        return { source: '(?:(?<![^])|(?<=\\n)(?=[^]))', nullable: true };
      case '$':
        this.at++;
        return { source: '(?=\\n|(?![^]))', nullable: true };
      case '\\':
        return this.escaped(ignoreCase);
      case '*':
      case '+':
      case '?':
        this.unsupported('a quantifier of nothing');
      // falls through
      default:
        this.at++;
        return this.character(character.codePointAt(0) ?? 0, ignoreCase);
    }
  }

  private character(point: number, ignoreCase: boolean): Pattern {
    if (!ignoreCase) return { source: escape(point), nullable: false };
    return this.characters(this.folded(sets.range(point)));
  }

  private characters(set: CodePoints): Pattern {
    if (set.length === 0) return { source: '(?!)', nullable: false };
    return { source: sets.classSource(set), nullable: false };
  }

  /** A set and the other case of its letters. Characters beyond ASCII are refused. */
  private folded(set: CodePoints): CodePoints {
    const letters: string[] = [];
    for (let i = 0; i < set.length; i += 2) {
      if (set[i + 1] > 0x7f) this.unsupported('a character beyond ASCII, where case is ignored,');
      for (let point = set[i]; point <= set[i + 1]; point++) {
        const small = String.fromCharCode(point).toLowerCase();
        letters.push(small, small.toUpperCase(), EXTRA_FORMS[small] ?? '');
      }
    }
    return sets.pointsOf(letters.join(''));
  }

  private group(ignoreCase: boolean): Pattern {
    const close = (body: Pattern): Pattern => {
      if (!this.eat(')')) this.unsupported('a group without an end');
      return body;
    };
    if (this.eat('(?:')) return wrap(close(this.alternatives(ignoreCase)));
    if (this.eat('(?i:')) return wrap(close(this.alternatives(true)));
    if (this.eat('(?>')) return this.atomicOf(close(this.alternatives(ignoreCase)));
    if (this.eat('(?#')) {
      while (this.at < this.input.length && this.peek() !== ')') this.at++;
      return close({ source: '', nullable: true });
    }
    for (const look of ['(?=', '(?!', '(?<=', '(?<!']) {
      if (this.eat(look)) return { source: `${look}${close(this.alternatives(ignoreCase)).source})`, nullable: true };
    }
    if (this.input[this.at + 1] === '?') {
      const name = /^\(\?<[A-Za-z_]\w*>/.exec(this.input.slice(this.at, this.at + 40).join(''))?.[0];
      if (name === undefined) this.unsupported(`the group ${this.input.slice(this.at, this.at + 4).join('')}`);
      this.at += name.length;
    } else if (this.input[this.at + 1] === '*') {
      this.unsupported('a callout');
    } else {
      this.at++;
    }
    return wrap(close(this.alternatives(ignoreCase)));
  }

  private atomicOf(body: Pattern): Pattern {
    const name = `a${this.atomic++}`;
    return { source: `(?:(?=(?<${name}>${body.source}))\\k<${name}>)`, nullable: body.nullable };
  }

  private quantified(atom: Pattern, ignoresCase: boolean): Pattern {
    const bounds = this.quantifier();
    if (!bounds) return atom;
    const isLetter = ignoresCase && /\[.*[A-Za-z]/.test(atom.source);
    if (isLetter) this.unsupported('a repeated letter, where case is ignored,');
    if (atom.nullable && bounds.most !== 1) this.unsupported('a repeated group that can be empty');
    const nullable = atom.nullable || bounds.isOptional;
    let result: Pattern = { source: `${atom.source}${bounds.source}`, nullable };
    if (this.eat('?')) {
      // After `{n}`, `?` makes the whole repetition optional; after other quantifiers it makes the repetition lazy.
      result = bounds.isFixed
        ? { source: `(?:${result.source})?`, nullable: true }
        : { source: `${result.source}?`, nullable };
    } else if (this.peek() === '+') {
      this.at++;
      // After an interval, `+` repeats it; after other quantifiers it makes the repetition possessive.
      if (bounds.isInterval) {
        if (nullable) this.unsupported('a repeated group that can be empty');
        result = { source: `(?:${result.source})+`, nullable };
      } else {
        result = this.atomicOf(result);
      }
    }
    if (this.quantifier()) this.unsupported('a quantifier of a quantifier');
    return result;
  }

  private quantifier():
    { source: string; isOptional: boolean; isFixed: boolean; isInterval: boolean; most: number } | undefined {
    const next = this.peek();
    if (next === '*' || next === '+' || next === '?') {
      this.at++;
      const most = next === '?' ? 1 : Infinity;
      return { source: next, isOptional: next !== '+', isFixed: false, isInterval: false, most };
    }
    if (next !== '{') return undefined;
    const [whole, low, comma, high] =
      /^\{(\d*)(,?)(\d*)\}/.exec(this.input.slice(this.at, this.at + 16).join('')) ?? [];
    if (whole === undefined || low + high === '') return undefined;
    this.at += whole.length;
    const least = Number(low || '0');
    const most = comma === '' ? least : high === '' ? Infinity : Number(high);
    if (least > most || least > 1000) this.unsupported(`the quantifier ${whole}`);
    const source = `{${least}${comma}${high}}`;
    return { source, isOptional: least === 0, isFixed: comma === '', isInterval: true, most };
  }

  private escaped(ignoreCase: boolean): Pattern {
    const letter = this.peek(1);
    const boundary = (): string => {
      const word = sets.classSource(sets.WORD());
      return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
    };
    const anchors: Readonly<Record<string, () => string>> = {
      A: () => '(?<![^])',
      z: () => '(?![^])',
      Z: () => '(?=\\n?(?![^]))',
      b: boundary,
      B: () => `(?!${boundary()})`,
    };
    if (letter !== undefined && Object.hasOwn(anchors, letter)) {
      this.at += 2;
      return { source: anchors[letter](), nullable: true };
    }
    const set = this.escapedSet(false);
    return typeof set === 'number' ? this.character(set, ignoreCase) : this.characters(set);
  }

  /** Reads an escape, in a class or outside. @returns its code point, or its set of code points. */
  private escapedSet(isInClass: boolean): number | CodePoints {
    const letter = this.peek(1);
    if (letter === undefined) this.unsupported('a backslash at the end');
    const classes: Readonly<Record<string, () => CodePoints>> = {
      d: () => property('Nd'),
      s: sets.SPACE,
      w: isInClass ? sets.WORD_IN_CLASS : sets.WORD,
      h: () => HEX,
    };
    const small = letter.toLowerCase();
    if (Object.hasOwn(classes, small)) {
      this.at += 2;
      const set = classes[small]();
      return letter === small ? set : sets.complement(set);
    }
    if (small === 'p') return this.propertySet(letter === 'P');
    if (letter === 'x') return this.hexadecimal();
    if (letter === 'u') {
      const digits = this.input.slice(this.at + 2, this.at + 6).join('');
      if (!/^[0-9A-Fa-f]{4}$/.test(digits)) this.unsupported('\\u without four digits');
      this.at += 6;
      return parseInt(digits, 16);
    }
    if (Object.hasOwn(CONTROLS, letter)) {
      this.at += 2;
      return CONTROLS[letter];
    }
    if (/[A-Za-z0-9]/.test(letter)) this.unsupported(`\\${letter}`);
    this.at += 2;
    return letter.codePointAt(0) ?? 0;
  }

  private hexadecimal(): number {
    const rest = this.input.slice(this.at + 2, this.at + 13).join('');
    const found = /^(?:\{([0-9A-Fa-f]{1,8})\}|([0-9A-Fa-f]{1,2}))/.exec(rest);
    if (!found) this.unsupported('\\x');
    const [whole, long] = found as readonly (string | undefined)[];
    const point = parseInt((whole ?? '').replace(/[{}]/g, ''), 16);
    // Without braces `\x` gives a byte, which is a character only below 0x80.
    if (point > 0x10ffff || (long === undefined && point > 0x7f)) this.unsupported('\\x');
    this.at += 2 + found[0].length;
    return point;
  }

  private propertySet(isNegated: boolean): CodePoints {
    const rest = this.input.slice(this.at + 2, this.at + 40).join('');
    const [whole, not, name] = /^\{(\^?)([A-Za-z_ -]+)\}/.exec(rest) ?? [];
    if (whole === undefined) this.unsupported('a property without braces');
    const set = namedSet(name);
    if (!set) this.unsupported(`the property ${name}`);
    this.at += 2 + whole.length;
    return isNegated !== (not === '^') ? sets.complement(set) : set;
  }

  /** Reads a class in brackets, which may hold classes, ranges, and `&&` (the intersection of both sides). */
  private set(ignoreCase: boolean): CodePoints {
    this.at++;
    const isNegated = this.eat('^');
    let both: CodePoints | undefined;
    let own: CodePoints[] = [];
    const join = (): CodePoints => (both ? sets.intersection(both, sets.union(...own)) : sets.union(...own));
    for (let isFirst = true; ; isFirst = false) {
      const next = this.peek();
      if (next === undefined) this.unsupported('a class without an end');
      if (next === ']') {
        if (isFirst) this.unsupported('an empty class');
        this.at++;
        break;
      }
      if (this.eat('&&')) {
        both = join();
        own = [];
        continue;
      }
      if (next === '[') {
        own.push(this.posix() ?? this.set(ignoreCase));
        continue;
      }
      const first = this.member();
      if (typeof first !== 'number') {
        own.push(first);
        continue;
      }
      let last = first;
      if (this.peek() === '-' && this.input[this.at + 1] !== ']' && this.at + 1 < this.input.length) {
        this.at++;
        const end = this.peek() === '[' ? undefined : this.member();
        if (typeof end !== 'number' || end < first) this.unsupported('a range of a class');
        last = end;
      }
      own.push(ignoreCase ? this.foldedClass(sets.range(first, last)) : sets.range(first, last));
    }
    const set = join();
    return isNegated ? sets.complement(set) : set;
  }

  /** A part of a class where case is ignored. Letters are refused: Oniguruma may match two characters for one of them. */
  private foldedClass(set: CodePoints): CodePoints {
    if (sets.intersection(set, property('L')).length > 0)
      this.unsupported('a class of letters, where case is ignored,');
    return set;
  }

  private member(): number | CodePoints {
    const next = this.input[this.at];
    if (next === '\\') {
      if (this.input[this.at + 1] === 'b') {
        this.at += 2;
        return 8;
      }
      return this.escapedSet(true);
    }
    this.at++;
    return next.codePointAt(0) ?? 0;
  }

  private posix(): CodePoints | undefined {
    const found = /^\[:(\^?)(\w+):\]/.exec(this.input.slice(this.at, this.at + 16).join(''));
    if (!found) return undefined;
    const [whole, not, name] = found;
    if (!Object.hasOwn(POSIX, name)) this.unsupported(`the class ${whole}`);
    this.at += whole.length;
    return not === '^' ? sets.complement(POSIX[name]()) : POSIX[name]();
  }
}

function wrap(pattern: Pattern): Pattern {
  return { source: `(?:${pattern.source})`, nullable: pattern.nullable };
}

/** Long names of general categories, and properties beside them. */
const NAMES: Readonly<Record<string, string>> = {
  letter: 'L',
  uppercaseletter: 'Lu',
  lowercaseletter: 'Ll',
  mark: 'M',
  number: 'N',
  punctuation: 'P',
  symbol: 'S',
  separator: 'Z',
  other: 'C',
};

function namedSet(name: string): CodePoints | undefined {
  const plain = name.replace(/[ _-]/g, '').toLowerCase();
  if (plain === 'any') return ANY;
  if (plain === 'space' || plain === 'whitespace') return sets.SPACE();
  if (plain === 'alphabetic' || plain === 'alpha') return sets.ALPHABETIC();
  if (plain === 'digit') return property('Nd');
  const short = NAMES[plain] ?? (plain.length <= 2 ? plain[0].toUpperCase() + plain.slice(1) : '');
  return sets.category(short) ?? sets.script(plain);
}
