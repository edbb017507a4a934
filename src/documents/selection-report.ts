import { orNull } from '../model/scoring/perplexity.js';
import { memberOf } from '../text/formats/jsonl.js';
import { nameAt } from './columns.js';
import type { DocumentConventions } from './conventions.js';
import type { Decision, FigureTable } from './decision.js';
import { Order } from './order.js';
import type { LabelFigures } from './roc.js';
import type { SelectOptions } from './select.js';
import type { RecordAt } from './stream.js';

/** The percentiles of the report. */
const PERCENTILES = [0, 1, 5, 10, 25, 30, 50, 60, 75, 90, 95, 99, 100] as const;
/** Bars of the histogram. */
const BARS = 60;
/** An example shows this much of a document [UTF-16 code units]. */
const SHOWN_TEXT = 200;

/** Numbers of documents and tokens. */
export interface Counted {
  /** Number of documents. */
  readonly documents: number;
  /** Number of their tokens; `null` if the objects do not say how many tokens they have. */
  readonly tokens: number | null;
}

/** A document near a cut. */
export interface ExampleDocument {
  /** The document's member `id`, or its place in the input. */
  readonly id: string;
  /** The document's figure. */
  readonly figure: number;
  /** The first 200 characters of its text; `null` for a document without text. */
  readonly text: string | null;
}

/** The report of a choice by {@link select}. */
export interface SelectionReport {
  /** The path of the figure. */
  readonly by: string;
  /** How the figures were computed, the conventions of most documents first. Figures of different conventions cannot be compared. */
  readonly conventions: readonly DocumentConventions[];
  /** All documents. */
  readonly all: Counted;
  /** Number of documents that are never chosen, because their figure is `null` or missing, or they have too few tokens. */
  readonly withoutFigure: number;
  /** The chosen documents. */
  readonly kept: Counted;
  /** The figure at percentiles. */
  readonly quantiles: readonly QuantileRow[];
  /** One row for each value of `within`. */
  readonly within?: readonly GroupRow[];
  /** One row for each bucket. */
  readonly buckets?: readonly BucketRow[];
  /** Values that the method computed, such as the quartiles and φ of a sample, the ends of buckets, or the segments of weights. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Documents next to each cut. */
  readonly cuts?: readonly CutExamples[];
  /** The distribution of the figure; `null` if no document has a figure. */
  readonly histogram: FigureHistogram | null;
  /** How well the figure finds a label, with `label`. */
  readonly label?: LabelReport;
}

/** The figure at a percentile. */
export interface QuantileRow {
  /** From 0 to 100. */
  readonly percentile: number;
  /** The percentile over all documents with a figure. */
  readonly all: number | null;
  /** The percentile over the chosen documents. */
  readonly kept: number | null;
}

/** The documents with one value of `within`. */
export interface GroupRow {
  /** The value. */
  readonly name: string;
  /** Documents with a figure. */
  readonly all: number;
  /** How many of them are chosen. */
  readonly kept: number;
  /** `kept` / `all`. */
  readonly share: number;
  /** `all` / the documents with a figure of all values. */
  readonly shareBefore: number;
  /** `kept` / the chosen documents of all values. */
  readonly shareAfter: number;
}

/** The documents of a bucket. */
export interface BucketRow extends Counted {
  /** The name of the bucket. */
  readonly name: string;
}

/** Documents next to a cut. */
export interface CutExamples {
  /** The documents that are cut: a value of `within`, a bin of length, or `all`. */
  readonly of: string;
  /** The figure at the cut. */
  readonly at: number;
  /** Documents below the cut, the nearest first. */
  readonly below: readonly ExampleDocument[];
  /** Documents above the cut, the nearest first. */
  readonly above: readonly ExampleDocument[];
}

/** A histogram from the 0.5th to the 99.5th percentile; figures outside are counted in the outermost bars. */
export interface FigureHistogram {
  /** Whether bars are equally wide on a logarithmic scale, as they are if the 0.5th percentile is above 0. */
  readonly logarithmic: boolean;
  /** The ends of the bars, ascending: one more than there are bars. */
  readonly edges: readonly number[];
  /** By bar, documents with a figure. */
  readonly all: readonly number[];
  /** By bar, chosen documents. */
  readonly kept: readonly number[];
}

/** {@link LabelFigures} of a label. */
export interface LabelReport extends LabelFigures {
  /** The name of the member. */
  readonly field: string;
  /** The value that labels a document. */
  readonly value: string;
}

/** Makes the report of a choice. @param decision `undefined` if nothing is chosen. */
export function selectionReport(
  { figures, tokens, groups, groupNames, conventions }: FigureTable,
  decision: Decision | undefined,
  { by }: SelectOptions,
): SelectionReport {
  const bucketOf = decision?.bucketOf ?? (() => -1);
  let [known, kept, keptTokens, allTokens] = [0, 0, 0, 0];
  const buckets = decision?.names?.map(name => ({ name, documents: 0, tokens: 0 }));
  const perGroup = groupNames.map(name => ({ name, all: 0, kept: 0 }));
  figures.forEach((figure, i) => {
    const own = tokens ? tokens[i] || 0 : 0;
    allTokens += own;
    if (Number.isNaN(figure)) return;
    known++;
    const group = groups && perGroup[groups[i]];
    if (group) group.all++;
    const bucket = bucketOf(i);
    if (bucket < 0) return;
    kept++;
    keptTokens += own;
    if (group) group.kept++;
    if (buckets) {
      buckets[bucket].documents++;
      buckets[bucket].tokens += own;
    }
  });
  const all = new Order(figures.length, i => figures[i]);
  const chosen = new Order(figures.length, i => (bucketOf(i) >= 0 ? figures[i] : NaN));
  const shares = PERCENTILES.map(percentile => percentile / 100);
  const [ofAll, ofKept] = [all.quantiles(shares), chosen.quantiles(shares)];
  return {
    by,
    conventions,
    all: { documents: figures.length, tokens: tokens ? allTokens : null },
    withoutFigure: figures.length - known,
    kept: { documents: kept, tokens: tokens ? keptTokens : null },
    quantiles: PERCENTILES.map((percentile, i) => ({ percentile, all: orNull(ofAll[i]), kept: orNull(ofKept[i]) })),
    ...(groups
      ? {
          within: perGroup.map(group => ({
            ...group,
            share: part(group.kept, group.all),
            shareBefore: part(group.all, known),
            shareAfter: part(group.kept, kept),
          })),
        }
      : {}),
    ...(buckets ? { buckets: buckets.map(bucket => ({ ...bucket, tokens: tokens ? bucket.tokens : null })) } : {}),
    details: decision?.details ?? {},
    histogram: histogramOf(all, figures, bucketOf),
  };
}

/** some / all; 0 if `all` is 0. */
function part(some: number, all: number): number {
  return all === 0 ? 0 : some / all;
}

function histogramOf(
  order: Order,
  figures: Float64Array,
  bucketOf: (position: number) => number,
): SelectionReport['histogram'] {
  if (order.size === 0) return null;
  const [low, high] = order.quantiles([0.005, 0.995]);
  const logarithmic = low > 0;
  const scale = logarithmic ? Math.log : (x: number) => x;
  const back = logarithmic ? Math.exp : (x: number) => x;
  const [from, to] = [scale(low), scale(high)];
  const edges = Array.from({ length: BARS + 1 }, (_, k) => back(from + ((to - from) * k) / BARS));
  const [all, kept] = [new Array<number>(BARS).fill(0), new Array<number>(BARS).fill(0)];
  figures.forEach((figure, i) => {
    if (Number.isNaN(figure)) return;
    const place = to > from ? Math.floor((BARS * (scale(figure) - from)) / (to - from)) : 0;
    const bar = Math.min(BARS - 1, Math.max(0, Number.isNaN(place) ? 0 : place));
    all[bar]++;
    if (bucketOf(i) >= 0) kept[bar]++;
  });
  return { logarithmic, edges, all, kept };
}

/** Collects the documents next to each cut. */
export class Examples {
  private readonly wanted: ReadonlySet<number>;
  private readonly shown = new Map<number, ExampleDocument>();

  constructor(
    private readonly table: FigureTable,
    private readonly decision: Decision,
    private readonly options: SelectOptions,
  ) {
    this.wanted = new Set(decision.cuts.flatMap(({ below, above }) => [...below, ...above]));
  }

  /** Takes the text of a record if it is next to a cut. @param row the row of the record in the table. */
  look(record: RecordAt, row: number): void {
    if (!this.wanted.has(row)) return;
    const { id = 'id', field, column } = this.options;
    const text = memberOf(record.object, field ?? column ?? 'text');
    this.shown.set(row, {
      id: nameAt(record, id) ?? record.place(),
      figure: this.table.figures[row],
      text: typeof text === 'string' ? text.slice(0, SHOWN_TEXT) : null,
    });
  }

  /** The examples that were found, for the report. */
  found(): Required<Pick<SelectionReport, 'cuts'>> {
    const shown = (positions: readonly number[]): ExampleDocument[] =>
      positions.map(position => this.shown.get(position)).filter(example => example !== undefined);
    const cuts = this.decision.cuts.map(({ of, at, below, above }) => ({
      of,
      at,
      below: shown(below),
      above: shown(above),
    }));
    return { cuts };
  }
}
