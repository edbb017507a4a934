import * as sets from './code-points.js';
import type { CodePoints } from './code-points.js';
import { refuse } from '../subwords/refuse.js';

/**
 * Translates regular expressions of Oniguruma, the library that reads the patterns of a file, to JavaScript expressions with the same
 * matches.
 *
 * Both engines backtrack and take the first alternative that matches. A character class becomes the set of its code points, by
 * Oniguruma's version of Unicode. An atomic group `(?>…)` becomes `(?:(?=(?<a0>…))\k<a0>)`, because a look-ahead is atomic; so does a
 * possessive `a++`. Constructs whose meaning JavaScript cannot keep are refused: back-references, calls, `\G`, `\K`, `\X`, absence,
 * conditions, …
 *
 * Syntax: https://github.com/kkos/oniguruma/blob/master/doc/RE
 */

/** A translated expression. */
export interface Expression {
  /** JavaScript source for the flag `u`. The only groups that capture are the named ones of atomic groups. */
  readonly source: string;
  /** Whether the expression can match the empty string. */
  readonly matchesEmpty: boolean;
}

/** Translates a pattern of a file. @param path the path of its field, for messages. @throws KNESER_TOKENIZER */
export function translate(pattern: string, path: string): Expression {
  return new Translator(pattern, path).translate();
}

/** The expression that matches a literal text. */
export function literal(text: string): Expression {
  return {
    source: Array.from(text, character => escape(character.codePointAt(0) ?? 0)).join(''),
    matchesEmpty: text === '',
  };
}

/** The source that matches one code point. */
function escape(point: number): string {
  const character = String.fromCodePoint(point);
  return /[A-Za-z0-9]/.test(character) ? character : `\\u{${point.toString(16)}}`;
}

const ANY = sets.range(0, 0x10ffff);
const NEWLINE = sets.range(0x0a);
const HEX = sets.pointsOf('0123456789ABCDEFabcdef');

/** The control character that each escape letter stands for. */
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7, e: 27 };

/** The classes that brackets may hold, such as `[:alpha:]`. */
const POSIX: Readonly<Record<string, () => CodePoints>> = {
  alpha: sets.ALPHABETIC,
  digit: () => category('Nd'),
  alnum: () => sets.union(sets.ALPHABETIC(), category('Nd')),
  space: sets.SPACE,
  blank: () => sets.union(category('Zs'), sets.range(9)),
  cntrl: () => category('Cc'),
  punct: () => sets.union(category('P'), category('S')),
  xdigit: () => HEX,
  ascii: () => sets.range(0, 0x7f),
  word: sets.WORD_IN_CLASS,
};

/** The code points of a general category, or of a group of categories. */
function category(name: string): CodePoints {
  return sets.category(name) ?? [];
}

/** The character beside the capital that matches an ASCII letter where case is ignored. */
const EXTRA_FORMS: Readonly<Record<string, string>> = { s: 'ſ', k: '\u212a' };
/** Pairs of characters that Oniguruma also matches with one character where case is ignored: `ss` with `ß`. */
const PAIRS_OF_ONE = /ss|ff|fi|fl|st|ij|aʾ|h\u0331|t\u0308|w\u030a|y\u030a|i\u0307|j\u030c|ʼn/i;

/** Reads a pattern from left to right and writes its translation. Each method reads one construct at the next character. */
class Translator {
  /** The index of the next character of the pattern. */
  private at = 0;
  /** How many atomic groups there are so far. */
  private atomicGroups = 0;
  /** The characters of the pattern: one string for each code point. */
  private readonly input: readonly string[];

  constructor(
    pattern: string,
    private readonly path: string,
  ) {
    this.input = Array.from(pattern);
  }

  translate(): Expression {
    const expression = this.alternatives(false);
    if (this.at < this.input.length) this.unsupported('a closing parenthesis without an opening one');
    return expression;
  }

  /** @throws KNESER_TOKENIZER always. @param construct the part of the pattern at the next character. */
  private unsupported(construct: string): never {
    refuse(`${this.path}: ${construct} at character ${this.at + 1} is not supported`);
  }

  /** The next character, or one `ahead` of it; `undefined` behind the end. */
  private peek(ahead = 0): string | undefined {
    return this.input[this.at + ahead];
  }

  /** Reads `text` if it comes next. */
  private eat(text: string): boolean {
    const isNext = Array.from(text).every((character, i) => this.input[this.at + i] === character);
    if (isNext) this.at += Array.from(text).length;
    return isNext;
  }

  /** Reads `a|b|c`. */
  private alternatives(ignoreCase: boolean): Expression {
    const parts: Expression[] = [];
    do parts.push(this.sequence(ignoreCase));
    while (this.eat('|'));
    return { source: parts.map(part => part.source).join('|'), matchesEmpty: parts.some(part => part.matchesEmpty) };
  }

  /** Reads a sequence of atoms with their quantifiers. */
  private sequence(ignoreCase: boolean): Expression {
    let source = '';
    let matchesEmpty = true;
    /** Where case is ignored: the source of the last atoms in a row that are no groups. */
    let run = '';
    for (let next = this.peek(); next !== undefined && next !== '|' && next !== ')'; next = this.peek()) {
      // `(?i)` applies up to the end of the group, also to its further alternatives.
      if (this.eat('(?i)')) {
        if (source !== '') this.unsupported('(?i) in the middle of a group');
        const rest = this.alternatives(true);
        return { source: `(?:${rest.source})`, matchesEmpty: rest.matchesEmpty };
      }
      const isSingle = next !== '(';
      const start = this.at;
      const atom = this.quantified(this.atom(ignoreCase), ignoreCase && isSingle);
      if (ignoreCase) {
        run = isSingle ? run + this.input.slice(start, this.at).join('') : '';
        if (PAIRS_OF_ONE.test(run)) {
          this.unsupported(
            'a pair of characters that one character also stands for (ss for ß), where case is ignored,',
          );
        }
      }
      source += atom.source;
      matchesEmpty &&= atom.matchesEmpty;
    }
    return { source, matchesEmpty };
  }

  /** Reads a character, a class, an anchor or a group. */
  private atom(ignoreCase: boolean): Expression {
    const character = this.input[this.at];
    switch (character) {
      case '(':
        return this.group(ignoreCase);
      case '[':
        return this.characters(this.bracketClass(ignoreCase));
      case '.':
        this.at++;
        return this.characters(sets.complement(NEWLINE));
      case '^':
        this.at++;
        return { source: '(?:(?<![^])|(?<=\\n)(?=[^]))', matchesEmpty: true };
      case '$':
        this.at++;
        return { source: '(?=\\n|(?![^]))', matchesEmpty: true };
      case '\\':
        return this.escaped(ignoreCase);
      case '*':
      case '+':
      case '?':
        this.unsupported('a quantifier without anything before it');
      // falls through
      default:
        this.at++;
        return this.character(character.codePointAt(0) ?? 0, ignoreCase);
    }
  }

  /** The expression that matches one character. */
  private character(point: number, ignoreCase: boolean): Expression {
    if (!ignoreCase) return { source: escape(point), matchesEmpty: false };
    return this.characters(this.inBothCases(sets.range(point)));
  }

  /** The expression that matches one character of a set. */
  private characters(set: CodePoints): Expression {
    if (set.length === 0) return { source: '(?!)', matchesEmpty: false };
    return { source: sets.classSource(set), matchesEmpty: false };
  }

  /** A set with its letters in both cases. Refuses characters beyond ASCII. */
  private inBothCases(set: CodePoints): CodePoints {
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

  /** Reads a group in parentheses. Groups that capture become groups that do not, because back-references are refused. */
  private group(ignoreCase: boolean): Expression {
    const close = (body: Expression): Expression => {
      if (!this.eat(')')) this.unsupported('a group without an end');
      return body;
    };
    if (this.eat('(?:')) return wrap(close(this.alternatives(ignoreCase)));
    if (this.eat('(?i:')) return wrap(close(this.alternatives(true)));
    if (this.eat('(?>')) return this.atomicOf(close(this.alternatives(ignoreCase)));
    if (this.eat('(?#')) {
      while (this.at < this.input.length && this.peek() !== ')') this.at++;
      return close({ source: '', matchesEmpty: true });
    }
    for (const look of ['(?=', '(?!', '(?<=', '(?<!']) {
      if (this.eat(look))
        return { source: `${look}${close(this.alternatives(ignoreCase)).source})`, matchesEmpty: true };
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

  /** An atomic group: a look-ahead, which is atomic, captures the match, and the reference to the capture consumes it. */
  private atomicOf(body: Expression): Expression {
    const name = `a${this.atomicGroups++}`;
    return { source: `(?:(?=(?<${name}>${body.source}))\\k<${name}>)`, matchesEmpty: body.matchesEmpty };
  }

  /** The atom with the quantifier that follows it, if any. @param ignoresCase whether case is ignored and the atom is no group. */
  private quantified(atom: Expression, ignoresCase: boolean): Expression {
    const bounds = this.quantifier();
    if (!bounds) return atom;
    // The source of each character and class holds `[\u{…}]` where case is ignored.
    const isCharacter = ignoresCase && /\[.*[A-Za-z]/.test(atom.source);
    if (isCharacter) this.unsupported('a repeated character or class, where case is ignored,');
    if (atom.matchesEmpty && bounds.most !== 1) this.unsupported('a repeated group that can match the empty string');
    const matchesEmpty = atom.matchesEmpty || bounds.isOptional;
    let result: Expression = { source: `${atom.source}${bounds.source}`, matchesEmpty };
    if (this.eat('?')) {
      // After `{n}`, `?` makes the whole repetition optional; after other quantifiers it makes the repetition lazy.
      result = bounds.isFixed
        ? { source: `(?:${result.source})?`, matchesEmpty: true }
        : { source: `${result.source}?`, matchesEmpty };
    } else if (this.peek() === '+') {
      this.at++;
      // After an interval, `+` repeats it; after other quantifiers it makes the repetition possessive.
      if (bounds.isInterval) {
        if (matchesEmpty) this.unsupported('a repeated group that can match the empty string');
        result = { source: `(?:${result.source})+`, matchesEmpty };
      } else {
        result = this.atomicOf(result);
      }
    }
    if (this.quantifier()) this.unsupported('a second quantifier');
    return result;
  }

  /**
   * Reads a quantifier, without a `?` or `+` behind it; `undefined` if none comes next. `isFixed`: it is `{n}`; `isInterval`: it has
   * braces; `most`: the most repetitions.
   */
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

  /** Reads an escape outside brackets. */
  private escaped(ignoreCase: boolean): Expression {
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
      return { source: anchors[letter](), matchesEmpty: true };
    }
    const escape = this.escape(false);
    return typeof escape === 'number' ? this.character(escape, ignoreCase) : this.characters(escape);
  }

  /** Reads an escape other than an anchor. @param inBrackets whether it stands in a class. @returns its code point, or its set. */
  private escape(inBrackets: boolean): number | CodePoints {
    const letter = this.peek(1);
    if (letter === undefined) this.unsupported('a backslash at the end');
    const classes: Readonly<Record<string, () => CodePoints>> = {
      d: () => category('Nd'),
      s: sets.SPACE,
      w: inBrackets ? sets.WORD_IN_CLASS : sets.WORD,
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
      if (!/^[0-9A-Fa-f]{4}$/.test(digits)) this.unsupported('\\u without four hexadecimal digits');
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

  /** Reads `\x41` or `\x{1F600}`. */
  private hexadecimal(): number {
    const rest = this.input.slice(this.at + 2, this.at + 13).join('');
    const found = /^(?:\{([0-9A-Fa-f]{1,8})\}|([0-9A-Fa-f]{1,2}))/.exec(rest);
    if (!found) this.unsupported('\\x without hexadecimal digits');
    const [whole, long] = found as readonly (string | undefined)[];
    const point = parseInt((whole ?? '').replace(/[{}]/g, ''), 16);
    // `\x` without braces stands for a byte, which is a character only below 0x80.
    if (point > 0x10ffff || (long === undefined && point > 0x7f)) this.unsupported(`\\x${whole ?? ''}`);
    this.at += 2 + found[0].length;
    return point;
  }

  /** Reads `\p{NAME}`, `\p{^NAME}` or `\P{NAME}`. */
  private propertySet(isNegated: boolean): CodePoints {
    const rest = this.input.slice(this.at + 2, this.at + 40).join('');
    const [whole, not, name] = /^\{(\^?)([A-Za-z_ -]+)\}/.exec(rest) ?? [];
    if (whole === undefined) this.unsupported(`a property that is not \\p{NAME} with a name of letters only`);
    const set = namedSet(name);
    if (!set) this.unsupported(`the property ${name}`);
    this.at += 2 + whole.length;
    return isNegated !== (not === '^') ? sets.complement(set) : set;
  }

  /** Reads a class in brackets, which may hold characters, ranges, classes, and `&&` (the intersection of both sides). */
  private bracketClass(ignoreCase: boolean): CodePoints {
    this.at++;
    const isNegated = this.eat('^');
    /** The set before the last `&&`, and the members after it. */
    let left: CodePoints | undefined;
    let members: CodePoints[] = [];
    const join = (): CodePoints => (left ? sets.intersection(left, sets.union(...members)) : sets.union(...members));
    for (let isFirst = true; ; isFirst = false) {
      const next = this.peek();
      if (next === undefined) this.unsupported('a class without an end');
      if (next === ']') {
        if (isFirst) this.unsupported('an empty class');
        this.at++;
        break;
      }
      if (this.eat('&&')) {
        left = join();
        members = [];
        continue;
      }
      if (next === '[') {
        members.push(this.posixClass() ?? this.bracketClass(ignoreCase));
        continue;
      }
      const first = this.member();
      if (typeof first !== 'number') {
        members.push(first);
        continue;
      }
      let last = first;
      if (this.peek() === '-' && this.input[this.at + 1] !== ']' && this.at + 1 < this.input.length) {
        this.at++;
        const end = this.peek() === '[' ? undefined : this.member();
        if (typeof end !== 'number' || end < first) {
          this.unsupported('a range in brackets whose end is a class or comes before its beginning');
        }
        last = end;
      }
      if (ignoreCase) this.refuseLetters(first, last);
      members.push(sets.range(first, last));
    }
    const set = join();
    return isNegated ? sets.complement(set) : set;
  }

  /** Refuses a range with letters in a class where case is ignored: Oniguruma may match one of them with two characters. */
  private refuseLetters(first: number, last: number): void {
    if (sets.intersection(sets.range(first, last), category('L')).length > 0)
      this.unsupported('a class of letters, where case is ignored,');
  }

  /** Reads a character or an escape in brackets. @returns its code point, or its set of code points. */
  private member(): number | CodePoints {
    const next = this.input[this.at];
    if (next === '\\') {
      if (this.input[this.at + 1] === 'b') {
        this.at += 2;
        return 8;
      }
      return this.escape(true);
    }
    this.at++;
    return next.codePointAt(0) ?? 0;
  }

  /** Reads a class such as `[:alpha:]`; `undefined` if none comes next. */
  private posixClass(): CodePoints | undefined {
    const found = /^\[:(\^?)(\w+):\]/.exec(this.input.slice(this.at, this.at + 16).join(''));
    if (!found) return undefined;
    const [whole, not, name] = found;
    if (!Object.hasOwn(POSIX, name)) this.unsupported(`the class ${whole}`);
    this.at += whole.length;
    return not === '^' ? sets.complement(POSIX[name]()) : POSIX[name]();
  }
}

/** An expression as a group that does not capture. */
function wrap(expression: Expression): Expression {
  return { source: `(?:${expression.source})`, matchesEmpty: expression.matchesEmpty };
}

/** The general categories by their long names. */
const CATEGORIES: Readonly<Record<string, string>> = {
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

/** The code points of a property by its name; `undefined` for an unknown name. */
function namedSet(name: string): CodePoints | undefined {
  const plain = name.replace(/[ _-]/g, '').toLowerCase();
  if (plain === 'any') return ANY;
  if (plain === 'space' || plain === 'whitespace') return sets.SPACE();
  if (plain === 'alphabetic' || plain === 'alpha') return sets.ALPHABETIC();
  if (plain === 'digit') return category('Nd');
  const short = CATEGORIES[plain] ?? (plain.length <= 2 ? plain[0].toUpperCase() + plain.slice(1) : '');
  return sets.category(short) ?? sets.script(plain);
}
