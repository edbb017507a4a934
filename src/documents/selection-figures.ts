import { orNull } from '../model/scoring/perplexity.js';
import { memberOf } from '../text/formats/jsonl.js';
import { nameAt } from './columns.js';
import type { Decision, FigureTable } from './decision.js';
import { Order } from './order.js';
import type { SelectOptions } from './select-options.js';
import type { ExampleDocument, SelectionReport } from './selection-report.js';
import type { RecordAt } from './stream.js';

/** The percentiles of the report. */
const PERCENTILES = [0, 1, 5, 10, 25, 30, 50, 60, 75, 90, 95, 99, 100] as const;
/** Bars of the histogram. */
const BARS = 60;
/** An example shows this much of a document [UTF-16 code units]. */
const SHOWN_TEXT = 200;

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
