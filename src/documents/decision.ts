import { KneserError } from '../base/errors.js';
import {
  bertinWeight,
  highestKeys,
  inverseWeights,
  isDrawn,
  keptRanks,
  keptRanksOfTokens,
  quartilesOf,
  ranked,
  scaleFor,
  sortedFigures,
  weightOf,
  type Quartiles,
} from './choices.js';
import { quantile } from '../baseline/bootstrap.js';
import type { SelectOptions } from './select.js';

/** The numbers of all documents, by position. */
export interface FigureTable {
  /** The figure of each document; NaN for a document without one. */
  readonly figures: Float64Array;
  /** The number of tokens of each document; `undefined` if no document has it. */
  readonly tokens: Float64Array | undefined;
  /** For each document, the number of its value of the member `within`. */
  readonly groups: Float64Array | undefined;
  readonly groupNames: readonly string[];
  /** 1 for a document with the label. */
  readonly labels: Uint8Array | undefined;
}

/** A cut between chosen and other documents, or between two buckets, and the documents nearest to it. */
export interface CutPlace {
  /** The name of the stratum that is cut: a value of `within`, a bin of length, or all documents. */
  readonly of: string;
  /** Figures below this lie on one side. */
  readonly at: number;
  /** Documents just below the cut, the nearest first, and just above it. */
  readonly below: readonly number[];
  readonly above: readonly number[];
}

/** Which documents are chosen. */
export interface Decision {
  /** The number of the bucket of a document; 0 without buckets, −1 for one that is not chosen. */
  readonly bucketOf: (position: number) => number;
  readonly names?: readonly string[];
  /** The weight of a figure, of a sample by weights. */
  readonly weight?: (figure: number) => number;
  readonly cuts: readonly CutPlace[];
  /** Values that the method computed, for the report: quartiles, φ, segments. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** How many documents on each side of a cut the report shows. */
const SHOWN = 10;
/** For how many strata the report shows cuts. */
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
    const order = ranked(withFigure(figures), figures);
    for (const at of [min, max]) if (Number.isFinite(at)) cuts.push(cutAt(order, figures, at, 'all', at === max));
    return { bucketOf, cuts, details: {} };
  }
  if (options.keep) {
    const { which, share, of } = options.keep;
    for (const { name, members } of strata) {
      const order = ranked(members, figures);
      const [from, to] =
        of === 'tokens' && table.tokens
          ? keptRanksOfTokens(which, share, order, table.tokens)
          : keptRanks(which, share, order.length);
      for (const document of order.subarray(from, to)) chosen[document] = 0;
      for (const rank of [from, to]) {
        if (rank > 0 && rank < order.length && cuts.length < 2 * STRATA_SHOWN)
          cuts.push(cutBefore(order, figures, rank, name));
      }
    }
    return { bucketOf, cuts, details: {} };
  }
  if (options.buckets) {
    const { names, percentiles, at } = options.buckets;
    const ends: Record<string, readonly number[]> = {};
    for (const { name, members } of strata) {
      const sorted = sortedFigures(members, figures);
      const own = at ?? percentiles?.map(percentile => quantile(sorted, percentile / 100)) ?? [];
      ends[name] = own;
      for (const document of members) {
        const bucket = own.findIndex(end => figures[document] < end);
        chosen[document] = bucket < 0 ? names.length - 1 : bucket;
      }
      if (cuts.length >= 2 * STRATA_SHOWN) continue;
      const order = ranked(members, figures);
      for (const end of own) cuts.push(cutAt(order, figures, end, name, false));
    }
    return { bucketOf, names, cuts, details: { ends } };
  }
  if (options.resample !== undefined || options.top !== undefined) {
    const { resample, top = 0, temperature = 1, logBase = 10 } = options;
    const members = withFigure(figures);
    const scores = Float64Array.from(members, document => (figures[document] * Math.log(logBase)) / temperature);
    const drawn = highestKeys(members, scores, resample ?? top, seed, resample !== undefined);
    for (const document of drawn) chosen[document] = 0;
    return { bucketOf, cuts, details: {} };
  }
  const { sample } = options;
  if (sample?.how === 'inverse') return inverse(table, sample, seed);
  return bertin(table, strata, sample ?? { how: 'gaussian', share: 1 }, seed, chosen);
}

function bertin(
  { figures }: FigureTable,
  strata: readonly Stratum[],
  { how, share }: { readonly how: 'gaussian' | 'stepwise'; readonly share: number },
  seed: number,
  chosen: Int8Array,
): Decision {
  const found: Record<string, { readonly quartiles: Quartiles; readonly phi: number }> = {};
  for (const { name, members } of strata) {
    if (members.length === 0) continue;
    const sorted = sortedFigures(members, figures);
    requirePositive(sorted[0]);
    const quartiles = quartilesOf(sorted);
    const weights = Float64Array.from(members, document => bertinWeight(how, figures[document], quartiles));
    const phi = scaleFor(weights, share);
    members.forEach((document, i) => {
      if (isDrawn(phi * weights[i], seed, document)) chosen[document] = 0;
    });
    found[name] = { quartiles, phi };
  }
  return { bucketOf: position => chosen[position], cuts: [], details: { strata: found } };
}

function inverse(
  { figures, tokens = new Float64Array(0) }: FigureTable,
  sample: { readonly segments?: number; readonly ratio?: number; readonly count?: number },
  seed: number,
): Decision {
  const { segments = 20, ratio = 10, count } = sample;
  const members = withFigure(figures).filter(document => tokens[document] > 0);
  const order = ranked(members, figures);
  if (order.length > 0) requirePositive(figures[order[0]]);
  const found = inverseWeights(order, figures, tokens, { segments, ratio });
  const weight = (figure: number): number => weightOf(found, figure);
  const details = {
    beta: found.beta,
    segments: found.weights.map((own, k) => ({ highest: found.highest[k], weight: own })),
  };
  if (count === undefined) {
    const isMember = (position: number): number => (figures[position] > 0 && tokens[position] > 0 ? 0 : -1);
    return { bucketOf: isMember, weight, cuts: [], details };
  }
  const scores = Float64Array.from(members, document => Math.log(weight(figures[document])));
  const drawn = new Set(highestKeys(members, scores, count, seed, true));
  return { bucketOf: position => (drawn.has(position) ? 0 : -1), cuts: [], details };
}

function requirePositive(lowest: number): void {
  if (lowest > 0) return;
  throw new KneserError(
    'KNESER_OPTION',
    `sample: it takes figures above 0, such as perplexity or commonness, and one is ${lowest}`,
  );
}

/** Documents among which shares and quantiles are taken. */
interface Stratum {
  readonly name: string;
  /** Positions of its documents that have a figure, ascending. */
  readonly members: Uint32Array;
}

function strataOf({ figures, groups, groupNames, tokens }: FigureTable, bins = 1): readonly Stratum[] {
  const all = withFigure(figures);
  const edges =
    bins > 1 && tokens
      ? Array.from({ length: bins - 1 }, (_, k) => quantile(sortedFigures(all, tokens), (k + 1) / bins))
      : [];
  if (!groups && edges.length === 0) return [{ name: 'all', members: all }];
  const lists = new Map<string, number[]>();
  for (const document of all) {
    const group = groups ? groupNames[groups[document]] : undefined;
    const bin = edges.length > 0 && tokens ? edges.filter(edge => tokens[document] >= edge).length : undefined;
    const name = [group, bin === undefined ? undefined : lengthsOf(edges, bin)]
      .filter(part => part !== undefined)
      .join(', ');
    const list = lists.get(name);
    if (list) list.push(document);
    else lists.set(name, [document]);
  }
  return [...lists].map(([name, list]) => ({ name, members: Uint32Array.from(list) }));
}

function lengthsOf(edges: readonly number[], bin: number): string {
  const from = bin === 0 ? '' : `from ${edges[bin - 1]} `;
  return `${from}${bin === edges.length ? '' : `below ${edges[bin]} `}tokens`;
}

function withFigure(figures: Float64Array): Uint32Array {
  let count = 0;
  for (const figure of figures) if (!Number.isNaN(figure)) count++;
  const members = new Uint32Array(count);
  let at = 0;
  figures.forEach((figure, i) => {
    if (!Number.isNaN(figure)) members[at++] = i;
  });
  return members;
}

/** The cut at a figure. @param inclusive whether the figure itself lies below. */
function cutAt(order: Uint32Array, figures: Float64Array, at: number, of: string, inclusive: boolean): CutPlace {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const figure = figures[order[middle]];
    if (inclusive ? figure <= at : figure < at) low = middle + 1;
    else high = middle;
  }
  return { ...cutBefore(order, figures, low, of), at };
}

/** The cut before a rank. */
function cutBefore(order: Uint32Array, figures: Float64Array, rank: number, of: string): CutPlace {
  const below = [...order.slice(Math.max(0, rank - SHOWN), rank)].reverse();
  const above = [...order.slice(rank, rank + SHOWN)];
  return { of, at: figures[order[Math.min(rank, order.length - 1)]], below, above };
}
