import {
  checkOptions,
  checkPath,
  checkText,
  listOf,
  optionError,
  required,
  WORK_OPTIONS,
  wholeNumber,
  type OptionTable,
} from '../base/check.js';
import { checkAborted, KneserError } from '../base/errors.js';
import { perplexityOf } from '../model/scoring/perplexity.js';
import { whole } from '../report/figures.js';
import { RESAMPLING_OPTIONS, resamplingOf, intervalOf, pairedTest, Resampling, type Interval } from './bootstrap.js';
import { classNames } from './class-names.js';
import { ContextCounts, ContextTests, type ContextGroups } from './contexts.js';
import { positionGroup, positionName } from './positions.js';
import { ALIGNED_COLUMNS, tableError, TokenTable, type TokenRow, type TokenValue } from './token-table.js';

/** Options of `compare`. */
export interface CompareOptions {
  /** Path of a table of tokens that `baseline` wrote. */
  readonly file: string;
  /**
   * Path of another table of the same tokens, which has the second model. It needs the columns `sentence`, `position`, `token` and
   * `MODEL.log10Prob`.
   */
  readonly other?: string;
  /** The names of the two models. Default: the models of the tables, if there are exactly two. */
  readonly models?: readonly [first: string, second: string];
  /** The folder of a model with word classes (`train --classes`), by which tokens are grouped, too. Default: no such groups. */
  readonly classes?: string;
  /** How many of the largest gains and of the largest losses are listed, 0 to 10,000. Default 10. */
  readonly top?: number;
  /** Resamples of the bootstrap, 100 to 1,000,000. Default 1000. */
  readonly resamples?: number;
  /** Seed of the bootstrap, a whole number from 0. Default 1. */
  readonly seed?: number;
  /** Stops the work when aborted, with the error KNESER_ABORTED, whose `cause` is the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** Figures of the tokens that share a property, such as their count. */
export interface TokenGroup {
  /** The value or range of the property, such as `10–99`. */
  readonly name: string;
  /** Number of tokens in the group. */
  readonly tokens: number;
  /** Mean log10 p of the first and the second model. */
  readonly log10Prob: readonly [first: number, second: number];
  /** The mean of log10 p of the first model minus log10 p of the second. Above 0, the first model is better. */
  readonly difference: number;
  /** The share of the tokens that the first model predicts better, and the share that the second predicts better. */
  readonly better: readonly [first: number, second: number];
}

/** A token with a large difference between the models. */
export interface TokenDifference {
  /** The file of the test text. */
  readonly file: string;
  /** Number of the sentence in the file, from 1. */
  readonly sentence: number;
  /** Position of the token in the sentence, from 1. */
  readonly position: number;
  /** The token. */
  readonly token: string;
  /** Up to twelve tokens before the token. */
  readonly context: readonly string[];
  /** Occurrences of the token in the training text; 0 for an OOV. */
  readonly count: number;
  /** Whether the token is outside the vocabulary. */
  readonly oov: boolean;
  /** log10 p of the first and the second model. */
  readonly log10Prob: readonly [first: number, second: number];
  /** Length [tokens] of the n-gram that matched, by the first and the second model; `null` without the column `matched`. */
  readonly matched: readonly [first: number | null, second: number | null];
  /** log10 p of the first model minus log10 p of the second. */
  readonly difference: number;
}

/** The comparison of two models on the same tokens. */
export interface ModelComparison {
  /** The two models. */
  readonly models: readonly [first: ComparedModel, second: ComparedModel];
  /** Sentences of the test texts. */
  readonly sentences: number;
  /** Documents of the test texts; 0 for texts without documents. */
  readonly documents: number;
  /** Tokens of the test texts, `</s>` counted. */
  readonly tokens: number;
  /** Tokens outside the vocabulary. */
  readonly oov: number;
  /**
   * Perplexity of the first model minus perplexity of the second. `interval` and `p` are by the paired bootstrap over units:
   * documents, or sentences in tables without documents.
   */
  readonly difference: number;
  /** 95 % interval of `difference`; `null` for a single unit. */
  readonly interval: Interval | null;
  /** `difference` divided by the second model's perplexity. */
  readonly relative: number;
  /** Two-sided p of `difference` by the paired bootstrap; `null` for a single unit. */
  readonly p: number | null;
  /** Tokens grouped by their count in the training text. */
  readonly byCount: readonly TokenGroup[];
  /** Tokens grouped by their position in the sentence. */
  readonly byPosition: readonly TokenGroup[];
  /** Tokens grouped by the length of the n-gram that matched, for each model whose table has the column `matched`. */
  readonly byMatched: readonly {
    /** The name of the model. */
    readonly model: string;
    /** Tokens grouped by the length [tokens] of the n-gram that matched in this model. */
    readonly groups: readonly TokenGroup[];
  }[];
  /**
   * Tokens grouped by their neighbours, position and form, and with `classes` by the classes of words. Listed are the
   * groups of at least 30 tokens of 10 sentences whose mean difference is significant over sentences (5 % false discoveries, Benjamini and
   * Hochberg 1995) and at least 20 % away from the mean difference of each group that contains them.
   */
  readonly byContext: ContextGroups;
  /** The tokens with the largest differences in favour of the first model. */
  readonly gains: readonly TokenDifference[];
  /** The tokens with the largest differences in favour of the second model. */
  readonly losses: readonly TokenDifference[];
}

/** One of the two models of a comparison. */
export interface ComparedModel {
  /** The name of the model, such as `glm5`. */
  readonly name: string;
  /** Path of the table of tokens with this model. */
  readonly file: string;
  /** Perplexity of the test texts. */
  readonly perplexity: number;
  /** 95 % interval of the perplexity; `null` for a single unit. */
  readonly interval: Interval | null;
}

/** The most tokens of `context` of a gain or loss. */
const CONTEXT = 12;
const DEFAULT_TOP = 10;
const MOST_TOP = 10_000;
/** Number of figures of a unit: its tokens, Σ log10 p by the first model, Σ log10 p by the second. */
const WIDTH = 3;

/** The checks of {@link CompareOptions}. */
const COMPARE_OPTIONS: OptionTable<CompareOptions> = {
  file: required(checkPath),
  other: checkPath,
  classes: checkPath,
  models: (name, value) => {
    listOf(checkText)(name, value);
    if ((value as unknown[]).length !== 2) throw optionError(name, value, 'two names');
  },
  top: wholeNumber(0, MOST_TOP),
  ...RESAMPLING_OPTIONS,
  signal: WORK_OPTIONS.signal,
};

/**
 * Finds the tokens that one model predicts better than another. Reads the log10 probabilities of the models from tables of tokens, line
 * by line, so memory does not grow with the text.
 *
 * @throws KneserError: KNESER_INPUT_*; KNESER_INPUT_TABLE with the line, for a malformed table or for two tables of different
 *   tokens; KNESER_OPTION for an option out of range or a model that no table has.
 * @example
 * ```ts
 * import { compare } from 'kneser';
 *
 * const { difference, byCount } = await compare({ file: 'baseline/tokens.tsv.gz', models: ['glm2', 'mkn2'] });
 * console.log(difference, byCount.length);
 * ```
 */
export async function compare(options: CompareOptions): Promise<ModelComparison> {
  checkOptions('compare', options, COMPARE_OPTIONS);
  const { file, other, top = DEFAULT_TOP } = options;
  const resampling = { ...resamplingOf(options), stream: 0 };
  const counts = new ContextCounts(options.classes === undefined ? undefined : await classNames(options.classes));
  const totals = await withTables(options, async (table, second) => {
    const names = chooseModels(table, second, options.models);
    const totals = new Totals(names, new Resampling(WIDTH, resampling), top);
    for await (const [row, values] of pairs(table, second, names)) {
      checkAborted(options.signal, 'the comparison');
      totals.add(row, values);
      counts.add(row, differenceOf(values));
    }
    counts.end();
    return totals;
  });
  // Read again, because only now it is known which groups are large enough to be kept.
  const byContext = await withTables(options, async (table, second) => {
    const tests = new ContextTests(counts);
    for await (const [row, values] of pairs(table, second, totals.names)) {
      checkAborted(options.signal, 'the comparison');
      tests.add(row, differenceOf(values));
    }
    return tests.end();
  });
  return totals.comparison(file, other ?? file, byContext);
}

/** Opens the tables of a comparison for `act`, and closes them. */
async function withTables<T>(
  { file, other }: CompareOptions,
  act: (table: TokenTable, second: TokenTable | undefined) => Promise<T>,
): Promise<T> {
  const table = await TokenTable.open(file);
  let second: TokenTable | undefined;
  try {
    second = other === undefined ? undefined : await TokenTable.open(other, ALIGNED_COLUMNS);
    return await act(table, second);
  } finally {
    await table.close();
    await second?.close();
  }
}

/** log10 p of a token by the first model minus log10 p by the second. */
function differenceOf([first, second]: readonly [TokenValue, TokenValue]): number {
  return first.log10Prob - second.log10Prob;
}

/** The names of the two models to compare. @throws KNESER_OPTION */
function chooseModels(
  table: TokenTable,
  other: TokenTable | undefined,
  wanted: readonly [string, string] | undefined,
): readonly [string, string] {
  const tables = [table, other ?? table];
  if (wanted) {
    wanted.forEach((name, i) => {
      if (tables[i].models.includes(name)) return;
      const known = tables[i].models.join(', ');
      throw new KneserError('KNESER_OPTION', `models: ${tables[i].path} has no model ${name}; it has ${known}`);
    });
    return wanted;
  }
  const models = other ? [...table.models, ...other.models] : table.models;
  const [first, second] = models;
  if (models.length === 2 && (!other || table.models.length === 1)) return [first, second];
  const known = (other ? tables : [table])
    .map(({ path, models: names }) => `${path} has ${names.join(', ')}`)
    .join('; ');
  throw new KneserError('KNESER_OPTION', `models: name two; ${known}`);
}

/** Yields each token with its values by the two models. @param names the names of the two models. */
async function* pairs(
  table: TokenTable,
  other: TokenTable | undefined,
  names: readonly [string, string],
): AsyncGenerator<readonly [TokenRow, readonly [TokenValue, TokenValue]]> {
  if (!other) {
    for await (const row of table.rows(names)) yield [row, [row.values[0], row.values[1]]];
    return;
  }
  const others = other.rows([names[1]]);
  let line = 1;
  for await (const row of table.rows([names[0]])) {
    line = row.line;
    const next = await others.next();
    if (next.done)
      throw tableError(other.path, line, `the table ends before this line, but ${table.path} has more lines`);
    const otherRow = next.value;
    for (const name of ALIGNED_COLUMNS) {
      if (otherRow[name] === row[name]) continue;
      throw tableError(
        other.path,
        line,
        `${name} is ${JSON.stringify(otherRow[name])}, and ${JSON.stringify(row[name])} in ${table.path}; ` +
          'both tables must have the same tokens in the same order',
      );
    }
    yield [row, [row.values[0], otherRow.values[0]]];
  }
  if (!(await others.next()).done) {
    throw tableError(other.path, line + 1, `the table has this line, but ${table.path} ends before it`);
  }
}

/** log10 p of a token by the two models. */
type Pair = readonly [first: number, second: number];

/**
 * Sums up a comparison: call `add` for each token in the order of the text, then `comparison`.
 */
class Totals {
  // Numbers of all tokens so far, and their parts.
  private tokens = 0;
  private oov = 0;
  private sentences = 0;
  private documents = 0;
  // The file, the sentence and the document of the last token.
  private file = '';
  private sentence = 0;
  private document = 0;
  /** The figures of the unit so far. */
  private readonly unit = new Float64Array(WIDTH);
  /** The last tokens of the sentence. */
  private readonly context: string[] = [];
  private readonly byCount = new Groups(countName);
  private readonly byPosition = new Groups(positionName);
  private readonly byMatched = [new Groups(String), new Groups(String)];
  private readonly gains: Largest;
  private readonly losses: Largest;

  constructor(
    readonly names: readonly [string, string],
    private readonly resampling: Resampling,
    top: number,
  ) {
    this.gains = new Largest(top, 1);
    this.losses = new Largest(top, -1);
  }

  add(row: TokenRow, [first, second]: readonly [TokenValue, TokenValue]): void {
    const { unit, context } = this;
    if (row.sentence !== this.sentence || row.file !== this.file) {
      if (row.document === 0 || row.document !== this.document || row.file !== this.file) this.endUnit();
      this.context.length = 0;
      this.sentences++;
    }
    this.sentence = row.sentence;
    this.document = row.document;
    this.file = row.file;
    const pair: Pair = [first.log10Prob, second.log10Prob];
    const difference = pair[0] - pair[1];
    this.tokens++;
    if (row.oov) this.oov++;
    unit[0]++;
    unit[1] += pair[0];
    unit[2] += pair[1];
    this.byCount.add(countKey(row), pair);
    this.byPosition.add(positionGroup(row.position), pair);
    [first, second].forEach(({ matched }, i) => {
      if (matched !== null) this.byMatched[i].add(matched, pair);
    });
    for (const list of [this.gains, this.losses]) {
      if (!list.takes(difference)) continue;
      const { file, sentence, position, token, count, oov } = row;
      const matched = [first.matched, second.matched] as const;
      const described = { file, sentence, position, token, context: [...context], count, oov };
      list.add({ ...described, log10Prob: pair, matched, difference });
    }
    context.push(row.token);
    if (context.length > CONTEXT) context.shift();
  }

  comparison(firstFile: string, secondFile: string, byContext: ContextGroups): ModelComparison {
    this.endUnit();
    const { names, sentences, documents, tokens, oov, resampling } = this;
    if (tokens === 0) throw new KneserError('KNESER_INPUT_EMPTY', `${firstFile}: the table has no tokens`);
    const { sums, units } = resampling;
    const [first, second] = [firstFile, secondFile].map(
      (file, i): { model: ComparedModel; resampled: Float64Array } => {
        const perplexity = (figures: Float64Array): number => perplexityOf(figures[1 + i], figures[0]);
        const resampled = resampling.statistics(perplexity);
        const interval = units > 1 ? intervalOf(resampled) : null;
        return { model: { name: names[i], file, perplexity: perplexity(sums), interval }, resampled };
      },
    );
    const differences = first.resampled.map((perplexity, b) => perplexity - second.resampled[b]);
    const difference = first.model.perplexity - second.model.perplexity;
    return {
      models: [first.model, second.model],
      sentences,
      documents,
      tokens,
      oov,
      difference,
      ...(units > 1 ? pairedTest(differences) : { interval: null, p: null }),
      relative: difference / second.model.perplexity,
      byCount: this.byCount.groups(),
      byPosition: this.byPosition.groups(),
      byMatched: this.byMatched.flatMap((groups, i) =>
        groups.isEmpty ? [] : [{ model: names[i], groups: groups.groups() }],
      ),
      byContext,
      gains: this.gains.list,
      losses: this.losses.list,
    };
  }

  private endUnit(): void {
    if (this.unit[0] === 0) return;
    this.resampling.add(this.unit);
    this.unit.fill(0);
    if (this.document > 0) this.documents++;
  }
}

/** Sums over groups of tokens. Each group has a number, its key, by which groups are sorted. */
class Groups {
  /** By key: tokens, Σ log10 p by the first model and by the second, tokens that the first model predicts better, and the second. */
  private readonly sums = new Map<number, Float64Array>();

  constructor(private readonly nameOf: (key: number) => string) {}

  get isEmpty(): boolean {
    return this.sums.size === 0;
  }

  add(key: number, [first, second]: Pair): void {
    let sums = this.sums.get(key);
    if (!sums) this.sums.set(key, (sums = new Float64Array(5)));
    sums[0]++;
    sums[1] += first;
    sums[2] += second;
    if (first > second) sums[3]++;
    if (first < second) sums[4]++;
  }

  groups(): TokenGroup[] {
    return [...this.sums]
      .sort(([a], [b]) => a - b)
      .map(([key, [tokens, first, second, firstBetter, secondBetter]]) => ({
        name: this.nameOf(key),
        tokens,
        log10Prob: [first / tokens, second / tokens],
        difference: (first - second) / tokens,
        better: [firstBetter / tokens, secondBetter / tokens],
      }));
  }
}

/** Collects the `most` tokens with the largest differences of one sign, the largest first. */
class Largest {
  readonly list: TokenDifference[] = [];

  constructor(
    private readonly most: number,
    private readonly sign: 1 | -1,
  ) {}

  /** Whether a token with this difference is among the largest so far. */
  takes(difference: number): boolean {
    const { list, most, sign } = this;
    if (difference * sign <= 0 || most === 0) return false;
    return list.length < most || difference * sign > list[list.length - 1].difference * sign;
  }

  add(token: TokenDifference): void {
    const { list, sign } = this;
    const at = list.findIndex(other => other.difference * sign < token.difference * sign);
    list.splice(at < 0 ? list.length : at, 0, token);
    if (list.length > this.most) list.pop();
  }
}

/** The key of a token's group by count: −1 for OOVs, 0 and 1 for the counts 0 and 1, 2 for 2–9, 3 for 10–99 … */
function countKey({ count, oov }: TokenRow): number {
  if (oov) return -1;
  return count < 2 ? count : 1 + String(count).length;
}

function countName(key: number): string {
  if (key < 0) return 'OOV';
  return key < 2 ? String(key) : `${whole(Math.max(2, 10 ** (key - 2)))}–${whole(10 ** (key - 1) - 1)}`;
}
