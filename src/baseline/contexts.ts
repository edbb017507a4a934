import { positionGroup, positionName } from './positions.js';
import { studentP } from './student.js';
import type { TokenRow } from './token-table.js';
import { BOS_WORD } from '../text/tokens.js';

/** Tokens that share a property of their context or form, on which one model is significantly better. */
export interface ContextGroup {
  /** The property, such as `previous`. */
  readonly template: ContextTemplate;
  /** Its value, such as `of [·]`: the token stands for the dot, the words beside it are its neighbours. */
  readonly name: string;
  /** Number of tokens in the group. */
  readonly tokens: number;
  /** Number of sentences that have tokens of the group. */
  readonly sentences: number;
  /** The mean of log10 p of the first model minus log10 p of the second. Above 0, the first model is better. */
  readonly difference: number;
  /** `difference` divided by its standard error over sentences; infinite, in JSON `null`, if the sentences do not differ. */
  readonly t: number;
  /** The two-sided p of `t`, by Student's t with `sentences` − 1 degrees of freedom. */
  readonly p: number;
  /** Up to three of its tokens, in brackets, each with the words around it. */
  readonly examples: readonly string[];
}

/** Groups of tokens by context, those with the largest differences first. */
export interface ContextGroups {
  /** How many groups were tested. */
  readonly tested: number;
  /** Groups on which the first model is better, at most 20. */
  readonly gains: readonly ContextGroup[];
  /** Groups on which the second model is better, at most 20. */
  readonly losses: readonly ContextGroup[];
}

/** The properties by which tokens are grouped. */
export type ContextTemplate =
  | 'word'
  | 'previous'
  | 'next'
  | 'previous and next'
  | 'word and previous'
  | 'position'
  | 'form'
  | 'class'
  | 'previous class'
  | 'class and previous class';

/** The tokens around a token of a sentence. */
interface Place {
  readonly token: string;
  /** The token before; `<s>` at the beginning. */
  readonly previous: string;
  /** The token after; empty at the end. */
  readonly next: string;
  /** From 1. */
  readonly position: number;
  /** The name of the class of a token; `undefined` without classes. */
  readonly classOf: ClassOf | undefined;
}

/** The name of the class of a token, without ` [`; `<s>` at the beginning of a sentence. */
export type ClassOf = (token: string) => string;

/** A template: how a token's group is named, and the templates whose groups contain that group. */
interface Template {
  /** `undefined` for a token that belongs to no group. */
  readonly nameOf: (place: Place) => string | undefined;
  readonly parents: readonly ContextTemplate[];
}

const TEMPLATES: Readonly<Record<ContextTemplate, Template>> = {
  word: { nameOf: ({ token }) => `[${token}]`, parents: [] },
  previous: { nameOf: ({ previous }) => `${previous} [·]`, parents: [] },
  next: { nameOf: ({ next }) => `[·] ${next}`, parents: [] },
  'previous and next': {
    nameOf: ({ previous, next }) => `${previous} [·] ${next}`,
    parents: ['previous', 'next'],
  },
  'word and previous': { nameOf: ({ previous, token }) => `${previous} [${token}]`, parents: ['word', 'previous'] },
  position: { nameOf: ({ position }) => positionName(positionGroup(position)), parents: [] },
  form: { nameOf: ({ token }) => formOf(token), parents: [] },
  class: { nameOf: ({ token, classOf }) => classOf && `[${classOf(token)}]`, parents: [] },
  'previous class': { nameOf: ({ previous, classOf }) => classOf && `${classOf(previous)} [·]`, parents: [] },
  'class and previous class': {
    nameOf: ({ token, previous, classOf }) => classOf && `${classOf(previous)} [${classOf(token)}]`,
    parents: ['class', 'previous class'],
  },
};

const TEMPLATE_LIST = Object.entries(TEMPLATES) as [ContextTemplate, Template][];

/** A group is tested if it has at least so many tokens, of so many sentences. */
const LEAST_TOKENS = 30;
const LEAST_SENTENCES = 10;
/** The share of false discoveries among the groups that are listed (Benjamini and Hochberg 1995). */
const FALSE_DISCOVERIES = 0.05;
/** A larger group explains a group whose difference is less than this share away from its own. */
const EXPLAINED = 0.2;
/** The most groups that are listed each way. */
const LISTED = 20;
const EXAMPLES = 3;
/** The words before and after the token of an example. */
const WORDS_BEFORE = 4;
const WORDS_AFTER = 2;

/** The form of a token, by its characters. */
function formOf(token: string): string {
  if (/^\p{Lu}\P{Lu}*$/u.test(token)) return 'begins with a capital';
  if (/\p{Lu}/u.test(token)) return 'has capitals';
  if (/\p{Nd}/u.test(token)) return 'has digits';
  if (/\p{L}/u.test(token)) return 'letters in lower case';
  return 'without letters and digits';
}

/** A token of a sentence, and log10 p of it by the first model minus log10 p by the second. */
interface Difference {
  readonly row: TokenRow;
  readonly difference: number;
}

/** Collects the tokens of each sentence, and calls `act` with the tokens of a sentence when the next one begins. */
class Sentences {
  private tokens: Difference[] = [];

  constructor(private readonly act: (tokens: readonly Difference[]) => void) {}

  add(row: TokenRow, difference: number): void {
    const last = this.tokens.at(-1)?.row;
    if (last && (last.sentence !== row.sentence || last.file !== row.file)) this.end();
    this.tokens.push({ row, difference });
  }

  end(): void {
    if (this.tokens.length > 0) this.act(this.tokens);
    this.tokens = [];
  }
}

function* placesOf(tokens: readonly Difference[], classOf: ClassOf | undefined): Generator<Place> {
  for (const [i, { row }] of tokens.entries()) {
    yield {
      token: row.token,
      previous: i > 0 ? tokens[i - 1].row.token : BOS_WORD,
      next: i + 1 < tokens.length ? tokens[i + 1].row.token : '',
      position: row.position,
      classOf,
    };
  }
}

/** Slots of the counts of names. */
const SLOTS = 1 << 22;

/**
 * Counts the tokens of each group by the hash of its name, so that memory does not grow with the text. Two groups may have the same hash,
 * so that a count is at least the number of tokens.
 */
export class ContextCounts {
  private readonly counts = new Uint32Array(SLOTS);
  private readonly sentences = new Sentences(tokens => {
    for (const place of placesOf(tokens, this.classOf)) {
      for (const [template, { nameOf }] of TEMPLATE_LIST) {
        const name = nameOf(place);
        if (name !== undefined) this.counts[slotOf(template, name)]++;
      }
    }
  });

  /** @param classOf gives the class of a token; `undefined` to leave the groups by class out. */
  constructor(readonly classOf?: ClassOf) {}

  /** Adds the next token of the text. */
  add(row: TokenRow, difference: number): void {
    this.sentences.add(row, difference);
  }

  /** Ends the text. */
  end(): void {
    this.sentences.end();
  }

  /** Whether a group may have {@link LEAST_TOKENS} tokens. */
  mayPass(template: ContextTemplate, name: string): boolean {
    return this.counts[slotOf(template, name)] >= LEAST_TOKENS;
  }
}

/** FNV-1a (Fowler, Noll and Vo) of the template's and the group's name. */
function slotOf(template: string, name: string): number {
  let hash = 0x811c9dc5;
  for (const text of [template, name]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}

/** A sum of squares below this share of its terms is rounding. */
const ROUNDING = 1e-12;

/** Sums over the tokens of a group. */
class GroupSums {
  tokens = 0;
  sentences = 0;
  /** Σ of the differences. */
  sum = 0;
  readonly examples: string[] = [];
  /** Over sentences, with n tokens whose differences add up to d: Σ n², Σ n·d and Σ d². */
  private squares = 0;
  private products = 0;
  private squaredSums = 0;
  // The tokens of the sentence so far.
  private inSentence = 0;
  private sumInSentence = 0;

  add(difference: number): void {
    this.inSentence++;
    this.sumInSentence += difference;
  }

  endSentence(): void {
    const { inSentence: n, sumInSentence: d } = this;
    this.tokens += n;
    this.sentences++;
    this.sum += d;
    this.squares += n * n;
    this.products += n * d;
    this.squaredSums += d * d;
    this.inSentence = this.sumInSentence = 0;
  }

  get mean(): number {
    return this.sum / this.tokens;
  }

  /**
   * The mean divided by its standard error. Tokens of one sentence are not independent, so the variance of the mean m is estimated from the
   * residuals d − n·m of the S sentences: S / (S − 1) · Σ (d − n·m)² / (Σ n)² (the variance of a ratio: Cochran 1977, chapter 6).
   */
  get t(): number {
    const { mean, sentences, tokens } = this;
    const residuals = this.squaredSums - 2 * mean * this.products + mean * mean * this.squares;
    // If the sentences do not differ, these terms cancel but for rounding.
    if (residuals <= ROUNDING * this.squaredSums) return mean === 0 ? 0 : Math.sign(mean) * Infinity;
    const error = Math.sqrt((sentences / (sentences - 1)) * residuals) / tokens;
    return mean / error;
  }
}

/** Tests groups of tokens: call `add` for each token in the order of the text, then `groups`. */
export class ContextTests {
  private readonly groups = new Map<string, GroupSums>();
  private readonly sums = new GroupSums();
  private readonly sentences = new Sentences(tokens => this.addSentence(tokens));

  /** @param counts the counts of the same tokens. */
  constructor(private readonly counts: ContextCounts) {}

  add(row: TokenRow, difference: number): void {
    this.sentences.add(row, difference);
  }

  private addSentence(tokens: readonly Difference[]): void {
    const touched = new Set([this.sums]);
    for (const [i, place] of [...placesOf(tokens, this.counts.classOf)].entries()) {
      const { difference } = tokens[i];
      this.sums.add(difference);
      for (const [template, { nameOf }] of TEMPLATE_LIST) {
        const name = nameOf(place);
        if (name === undefined || !this.counts.mayPass(template, name)) continue;
        const key = keyOf(template, name);
        let group = this.groups.get(key);
        if (!group) this.groups.set(key, (group = new GroupSums()));
        if (group.examples.length < EXAMPLES && !touched.has(group)) group.examples.push(exampleOf(tokens, i));
        group.add(difference);
        touched.add(group);
      }
    }
    for (const group of touched) group.endSentence();
  }

  /** Ends the text. @returns the groups on which one model is better, by the difference of their means. */
  end(): ContextGroups {
    this.sentences.end();
    const tested = [...this.groups]
      .filter(([, { tokens, sentences }]) => tokens >= LEAST_TOKENS && sentences >= LEAST_SENTENCES)
      .map(([key, sums]) => ({ key, sums, t: sums.t, p: studentP(sums.t, sums.sentences - 1) }))
      .sort((a, b) => a.p - b.p);
    // The largest k for which the k-th smallest p is at most k/m of the share.
    const passed = tested.findLastIndex(({ p }, k) => p <= ((k + 1) / tested.length) * FALSE_DISCOVERIES) + 1;
    const found = tested
      .slice(0, passed)
      .filter(({ key, sums }) => !this.isExplained(key, sums.mean))
      .map(({ key, sums, t, p }): ContextGroup => {
        const { tokens, sentences, mean: difference, examples } = sums;
        const { template, name } = partsOf(key);
        return { template, name, tokens, sentences, difference, t, p, examples };
      })
      .sort((a, b) => b.difference - a.difference);
    return {
      tested: tested.length,
      gains: found.filter(({ difference }) => difference > 0).slice(0, LISTED),
      losses: found
        .filter(({ difference }) => difference < 0)
        .reverse()
        .slice(0, LISTED),
    };
  }

  /** Whether a group that contains this one, or all tokens, has nearly the same difference. */
  private isExplained(key: string, difference: number): boolean {
    const { template, name } = partsOf(key);
    const parents = TEMPLATES[template].parents.map(parent => this.groups.get(keyOf(parent, parentName(parent, name))));
    const means = parents.length > 0 ? parents.map(parent => parent?.mean ?? Infinity) : [this.sums.mean];
    return means.some(mean => Math.abs(difference - mean) < EXPLAINED * Math.abs(difference));
  }
}

/** Separates the template from the name of a group: a token table has no such character in a cell. */
const SEPARATOR = '\t';

function keyOf(template: string, name: string): string {
  return template + SEPARATOR + name;
}

function partsOf(key: string): { readonly template: ContextTemplate; readonly name: string } {
  const at = key.indexOf(SEPARATOR);
  return { template: key.slice(0, at) as ContextTemplate, name: key.slice(at + 1) };
}

/** The name of the group by `parent` that contains the group of this name: of `a [b]`, `a [·]` by previous and `[b]` by word. */
function parentName(parent: string, name: string): string {
  const open = name.indexOf(' [');
  if (parent.startsWith('previous')) return `${name.slice(0, open)} [·]`;
  return name.slice(open + 1);
}

/** A token in brackets, with the words around it. */
function exampleOf(tokens: readonly Difference[], at: number): string {
  const words = tokens.map(({ row }) => row.token);
  const before = words.slice(Math.max(0, at - WORDS_BEFORE), at);
  return [...before, `[${words[at]}]`, ...words.slice(at + 1, at + 1 + WORDS_AFTER)].join(' ');
}
