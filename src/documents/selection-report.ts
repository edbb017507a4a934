import type { DocumentConventions } from './conventions.js';
import type { LabelFigures } from './roc.js';

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
