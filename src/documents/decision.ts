import { KneserError } from '../base/errors.js';
import {
  bertinWeight,
  highestKeys,
  inverseWeights,
  isDrawn,
  keptRanks,
  keptRanksOfTokens,
  scaleFor,
  weightOf,
  type Quartiles,
} from './choices.js';
import { Order, ranked } from './order.js';
import { Positions } from './columns.js';
import type { DocumentConventions } from './conventions.js';
import type { SelectOptions } from './select-options.js';

/** The numbers of all documents. */
export interface FigureTable {
  /** By document, its figure; NaN for a document without one. */
  readonly figures: Float64Array;
  /** How the figures were computed. */
  readonly conventions: readonly DocumentConventions[];
  /** By document, how many tokens it has, 0 if it does not say; `undefined` if no document says. */
  readonly tokens: Uint32Array | undefined;
  /** By document, its group, which is an index into `groupNames`; `undefined` without `within`. */
  readonly groups: Uint32Array | undefined;
  /** By group, its value of the member `within`. */
  readonly groupNames: readonly string[];
  /** By document, 1 if it has the label. */
  readonly labels: Uint8Array | undefined;
}

/** A cut between chosen and other documents, or between two buckets, and the documents nearest to it. */
export interface CutPlace {
  /** The name of the stratum that is cut: a value of `within`, a bin of length, or all documents. */
  readonly of: string;
  /** The figure at the cut. */
  readonly at: number;
  /** The positions of documents just below the cut, the nearest first. */
  readonly below: readonly number[];
  /** The positions of documents just above the cut, the nearest first. */
  readonly above: readonly number[];
}

/** The choice of documents. */
export interface Decision {
  /** The bucket of the document at a position, from 0; without buckets 0 for a chosen document; −1 for a document that is not chosen. */
  readonly bucketOf: (position: number) => number;
  /** By bucket, its name. */
  readonly names?: readonly string[];
  /** The weight of a document with this figure, in a sample by weights. */
  readonly weight?: (figure: number) => number;
  readonly cuts: readonly CutPlace[];
  /** Values that the method computed, for the report: quartiles, φ, segments. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The report shows this many documents on each side of a cut. */
const SHOWN = 10;
/** The report shows the cuts of about this many strata. */
const STRATA_SHOWN = 8;

/** Decides which documents are chosen. @throws KNESER_OPTION */
export function decide(table: FigureTable, options: SelectOptions): Decision {
  const strata = strataOf(table, options.lengthBins);
  const { figures } = table;
  const chosen = new Int8Array(figures.length).fill(-1);
  const cuts: CutPlace[] = [];
  const bucketOf = (position: number): number => chosen[position];
  const { seed = 1 } = options;
  if (options.min !== undefined || options.max !== undefined) {
    const { min = -Infinity, max = Infinity } = options;
    figures.forEach((figure, i) => {
      if (figure >= min && figure <= max) chosen[i] = 0;
    });
    const [all] = strataOf({ ...table, groups: undefined });
    for (const at of [min, max]) if (Number.isFinite(at)) cuts.push(cutAt(all, at, at === max));
    return { bucketOf, cuts, details: {} };
  }
  if (options.keep) {
    const { which, share, of } = options.keep;
    for (const stratum of strata) {
      const { order, positionOf } = stratum;
      const [from, to] =
        of === 'tokens' && table.tokens
          ? keptRanksOfTokens(which, share, ranked(positionsOf(stratum), figures), table.tokens)
          : keptRanks(which, share, order.size);
      const [isBefore, isKept] = [order.below(from), order.below(to)];
      for (let i = 0; i < stratum.length; i++) {
        const isOutside = isBefore(i);
        if (isKept(i) && !isOutside) chosen[positionOf(i)] = 0;
      }
      for (const rank of [from, to]) {
        if (rank > 0 && rank < order.size && cuts.length < 2 * STRATA_SHOWN)
          cuts.push({ ...cutBefore(stratum, rank), at: order.at([rank])[0] });
      }
    }
    return { bucketOf, cuts, details: {} };
  }
  if (options.buckets) {
    const { names, percentiles, at } = options.buckets;
    const ends: Record<string, readonly number[]> = {};
    for (const stratum of strata) {
      const { name, order, positionOf } = stratum;
      const own = at ?? order.quantiles((percentiles ?? []).map(percentile => percentile / 100));
      ends[name] = own;
      for (let i = 0; i < stratum.length; i++) {
        const document = positionOf(i);
        if (Number.isNaN(figures[document])) continue;
        const bucket = own.findIndex(end => figures[document] < end);
        chosen[document] = bucket < 0 ? names.length - 1 : bucket;
      }
      if (cuts.length >= 2 * STRATA_SHOWN) continue;
      for (const end of own) cuts.push(cutAt(stratum, end, false));
    }
    return { bucketOf, names, cuts, details: { ends } };
  }
  if (options.resample !== undefined || options.top !== undefined) {
    const { resample, top = 0, temperature = 1, logBase = 10 } = options;
    const factor = Math.log(logBase) / temperature;
    const isDrawn =
      resample === undefined
        ? highestKeys(figures.length, position => figures[position], top, undefined)
        : highestKeys(figures.length, position => figures[position] * factor, resample, seed);
    for (let i = 0; i < figures.length; i++) if (isDrawn(i)) chosen[i] = 0;
    const [all] = strata;
    const rank = all.order.size - top;
    if (resample === undefined && rank > 0) cuts.push({ ...cutBefore(all, rank), at: all.order.at([rank])[0] });
    return { bucketOf, cuts, details: {} };
  }
  const { sample } = options;
  if (sample?.how === 'inverse') return inverse(table, sample, seed, chosen);
  return bertin(table, strata, sample ?? { how: 'gaussian', share: 1 }, seed, chosen);
}

/** Chooses a random sample with BERTIN's probabilities, in each stratum. */
function bertin(
  { figures }: FigureTable,
  strata: readonly Stratum[],
  { how, share }: { readonly how: 'gaussian' | 'stepwise'; readonly share: number },
  seed: number,
  chosen: Int8Array,
): Decision {
  const found: Record<string, { readonly quartiles: Quartiles; readonly phi: number }> = {};
  for (const stratum of strata) {
    const { name, length, order, positionOf } = stratum;
    if (order.size === 0) continue;
    const [lowest, q1, q2, q3] = order.quantiles([0, 0.25, 0.5, 0.75]);
    requirePositive(lowest);
    const quartiles: Quartiles = [q1, q2, q3];
    const weights = new Float64Array(length);
    for (let i = 0; i < length; i++) weights[i] = bertinWeight(how, figures[positionOf(i)], quartiles);
    const phi = scaleFor(weights, share);
    for (let i = 0; i < length; i++) {
      const document = positionOf(i);
      // NaN, the weight of a document without a figure, is never drawn.
      if (isDrawn(phi * weights[i], seed, document)) chosen[document] = 0;
    }
    found[name] = { quartiles, phi };
  }
  return { bucketOf: position => chosen[position], cuts: [], details: { strata: found } };
}

/** Gives documents weights that fall with their figure, and draws `count` of them, if it is given. */
function inverse(
  { figures, tokens = new Uint32Array(0) }: FigureTable,
  sample: { readonly segments?: number; readonly ratio?: number; readonly count?: number },
  seed: number,
  chosen: Int8Array,
): Decision {
  const { segments = 20, ratio = 10, count } = sample;
  const hasFigure = (position: number): boolean => !Number.isNaN(figures[position]);
  const all = ranked(positions(figures.length, hasFigure), figures);
  if (all.length > 0) requirePositive(figures[all[0]]);
  // A document without tokens has no part in the segments, but a figure, and so the weight of the segment of this figure.
  const found = inverseWeights(
    all.filter(position => tokens[position] > 0),
    figures,
    tokens,
    { segments, ratio },
  );
  const weight = (figure: number): number => weightOf(found, figure);
  const details = {
    beta: found.beta,
    segments: found.weights.map((own, k) => ({ highest: found.highest[k], weight: own })),
  };
  const scoreOf = (position: number): number => (hasFigure(position) ? Math.log(weight(figures[position])) : NaN);
  const isTaken = count === undefined ? hasFigure : highestKeys(figures.length, scoreOf, count, seed);
  for (let i = 0; i < figures.length; i++) if (isTaken(i)) chosen[i] = 0;
  return { bucketOf: position => chosen[position], weight, cuts: [], details };
}

function requirePositive(lowest: number): void {
  if (lowest > 0) return;
  throw new KneserError(
    'KNESER_OPTION',
    `sample: the figures must be above 0, as perplexity and commonness are, and one is ${lowest}`,
  );
}

/** Documents among which shares and quantiles are taken, numbered 0 … `length` − 1 within the stratum. Some of them may have no figure. */
interface Stratum {
  readonly name: string;
  readonly length: number;
  /** The position among all documents of document i of the stratum. */
  readonly positionOf: (i: number) => number;
  /** The ranks of the figures of the stratum's documents. */
  readonly order: Order;
}

/** The strata: the documents with each value of `within`, divided into bins of length. */
function strataOf({ figures, groups, groupNames, tokens }: FigureTable, bins = 1): readonly Stratum[] {
  const shares = Array.from({ length: bins - 1 }, (_, k) => (k + 1) / bins);
  const edges =
    bins > 1 && tokens
      ? new Order(figures.length, i => (Number.isNaN(figures[i]) ? NaN : tokens[i])).quantiles(shares)
      : [];
  if (!groups && edges.length === 0) {
    const order = new Order(figures.length, i => figures[i]);
    return [{ name: 'all', length: figures.length, positionOf: i => i, order }];
  }
  const lists = new Map<string, Positions>();
  for (let document = 0; document < figures.length; document++) {
    if (Number.isNaN(figures[document])) continue;
    const group = groups ? groupNames[groups[document]] : undefined;
    const bin = edges.length > 0 && tokens ? edges.filter(edge => tokens[document] >= edge).length : undefined;
    const name = [group, bin === undefined ? undefined : lengthsOf(edges, bin)]
      .filter(part => part !== undefined)
      .join(', ');
    const list = lists.get(name) ?? new Positions();
    list.push(document);
    lists.set(name, list);
  }
  return [...lists].map(([name, list]) => {
    const members = list.view();
    const order = new Order(members.length, i => figures[members[i]]);
    return { name, length: members.length, positionOf: i => members[i], order };
  });
}

/** The name of a bin of length. */
function lengthsOf(edges: readonly number[], bin: number): string {
  if (bin === 0) return `below ${edges[0]} tokens`;
  return bin === edges.length ? `${edges[bin - 1]} tokens or more` : `${edges[bin - 1]} to below ${edges[bin]} tokens`;
}

/** The positions of a stratum's documents that have a figure, ascending. */
function positionsOf({ length, positionOf, order }: Stratum): Uint32Array {
  const isMember = order.below(order.size);
  return positions(length, isMember).map(positionOf);
}

/** The numbers below `length` for which a condition holds, ascending. */
function positions(length: number, holds: (position: number) => boolean): Uint32Array {
  const found = new Positions();
  for (let i = 0; i < length; i++) if (holds(i)) found.push(i);
  return found.view();
}

/** The cut at a figure. @param inclusive whether documents with this figure are below the cut. */
function cutAt(stratum: Stratum, at: number, inclusive: boolean): CutPlace {
  return { ...cutBefore(stratum, stratum.order.rankOf(at, inclusive)), at };
}

/** The cut before a rank, without its figure. */
function cutBefore({ name, order, positionOf }: Stratum, rank: number): Omit<CutPlace, 'at'> {
  const { below, above } = order.around(rank, SHOWN);
  return { of: name, below: below.map(positionOf), above: above.map(positionOf) };
}
