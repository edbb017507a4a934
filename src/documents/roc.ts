import { runToEnd } from '../base/turn.js';
import { randomNumbers } from '../base/random.js';
import { poisson, type Interval } from '../baseline/bootstrap.js';

/** How well a figure finds the documents with a label. */
export interface LabelFigures {
  /** Number of documents with a figure. */
  readonly documents: number;
  /** Number of documents with a figure and with the label. */
  readonly labelled: number;
  /** The probability that a labelled document has a higher figure than an unlabelled one (ties count half); `null` if one kind is missing. */
  readonly auc: number | null;
  /** 95 % interval of `auc`. */
  readonly aucInterval: Interval | null;
  /** Whether `higher` or `lower` figures point to the label. All members below are computed for this direction. */
  readonly direction: 'higher' | 'lower';
  /** The mean precision at the ranks of the labelled documents; documents with equal figures share a rank. */
  readonly averagePrecision: number | null;
  /** 95 % interval of `averagePrecision`. */
  readonly averagePrecisionInterval: Interval | null;
  /** The best F1 of all thresholds. */
  readonly f1: number | null;
  /** 95 % interval of `f1`. */
  readonly f1Interval: Interval | null;
  /** The threshold of the best F1: documents whose figure is at least this (if `direction` is `lower`, at most this) are taken to have the label. */
  readonly threshold: number | null;
  /** 95 % interval of `threshold`. */
  readonly thresholdInterval: Interval | null;
  /** The precision at the threshold that finds half of the labelled documents. */
  readonly precisionAtRecall50: number | null;
  /** 95 % interval of `precisionAtRecall50`. */
  readonly precisionAtRecall50Interval: Interval | null;
  /** The threshold that finds half of the labelled documents. */
  readonly thresholdAtRecall50: number | null;
  /** The precision at the threshold that finds nine tenths of the labelled documents. */
  readonly precisionAtRecall90: number | null;
  /** 95 % interval of `precisionAtRecall90`. */
  readonly precisionAtRecall90Interval: Interval | null;
  /** The threshold that finds nine tenths of the labelled documents. */
  readonly thresholdAtRecall90: number | null;
}

/** The statistics of one resample of the documents. */
interface Curve {
  readonly auc: number;
  readonly averagePrecision: number;
  readonly f1: number;
  readonly threshold: number;
  /** At a recall of 50 % and of 90 %. */
  readonly precisions: readonly [number, number];
  /** At a recall of 50 % and of 90 %. */
  readonly thresholds: readonly [number, number];
}

/**
 * Measures how well figures find labelled documents. The intervals are found by a bootstrap over documents, in which a resample takes
 * each document a Poisson-distributed number of times.
 *
 * @param figures the figure of each document; documents with NaN are left out.
 * @param labels 1 for a labelled document.
 */
export function labelFigures(
  figures: Float64Array,
  labels: Uint8Array,
  resampling: { readonly resamples: number; readonly seed: number },
): LabelFigures {
  return runToEnd(labelSteps(figures, labels, resampling));
}

/** As {@link labelFigures}, in steps of one resample. */
export function* labelSteps(
  figures: Float64Array,
  labels: Uint8Array,
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
): Generator<void, LabelFigures, void> {
  const known = Uint32Array.from(figures.keys()).filter(i => !Number.isNaN(figures[i]));
  const falling = known.sort((a, b) => figures[b] - figures[a] || a - b);
  const labelled = falling.reduce((sum, i) => sum + labels[i], 0);
  const none = labelled === 0 || labelled === falling.length;
  const values = Float64Array.from(falling, i => figures[i]);
  const marks = Uint8Array.from(falling, i => labels[i]);
  const all = new Uint8Array(falling.length).fill(1);
  const auc = none ? NaN : curve(values, marks, all).auc;
  const direction = auc < 0.5 ? 'lower' : 'higher';
  if (direction === 'lower') {
    values.reverse();
    marks.reverse();
  }
  const whole = curve(values, marks, all);
  const random = randomNumbers(seed);
  const samples: Curve[] = [];
  for (let b = 0; b < (none ? 0 : resamples); b++) {
    const sample = curve(
      values,
      marks,
      all.map(() => poisson(random())),
    );
    if (Number.isFinite(sample.auc)) samples.push(sample);
    yield;
  }
  const own = (value: number): number | null => (none ? null : value);
  const interval = (of: (sample: Curve) => number): Interval | null => {
    const sorted = samples.map(of).sort((a, b) => a - b);
    return sorted.length < 2
      ? null
      : [sorted[Math.floor(0.025 * (sorted.length - 1))], sorted[Math.ceil(0.975 * (sorted.length - 1))]];
  };
  const flip = (value: number): number => (direction === 'lower' ? 1 - value : value);
  const aucs = interval(sample => sample.auc);
  return {
    documents: falling.length,
    labelled,
    auc: own(auc),
    aucInterval: aucs && (direction === 'lower' ? [flip(aucs[1]), flip(aucs[0])] : aucs),
    direction,
    averagePrecision: own(whole.averagePrecision),
    averagePrecisionInterval: interval(sample => sample.averagePrecision),
    f1: own(whole.f1),
    f1Interval: interval(sample => sample.f1),
    threshold: own(whole.threshold),
    thresholdInterval: interval(sample => sample.threshold),
    precisionAtRecall50: own(whole.precisions[0]),
    precisionAtRecall50Interval: interval(sample => sample.precisions[0]),
    thresholdAtRecall50: own(whole.thresholds[0]),
    precisionAtRecall90: own(whole.precisions[1]),
    precisionAtRecall90Interval: interval(sample => sample.precisions[1]),
    thresholdAtRecall90: own(whole.thresholds[1]),
  };
}

/**
 * Computes the statistics of a resample.
 *
 * @param values the figures of the documents, the figure that points most to the label first.
 * @param labels for each document, 1 if it has the label.
 * @param times for each document, how often the resample takes it.
 */
function curve(values: Float64Array, labels: Uint8Array, times: Uint8Array): Curve {
  let positives = 0;
  let negatives = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 1) positives += times[i];
    else negatives += times[i];
  }
  let found = 0;
  let wrong = 0;
  let area = 0;
  let averagePrecision = 0;
  let f1 = 0;
  let threshold = NaN;
  const precisions: [number, number] = [NaN, NaN];
  const thresholds: [number, number] = [NaN, NaN];
  for (let from = 0; from < values.length;) {
    const value = values[from];
    let [tied, tiedWrong] = [0, 0];
    for (; from < values.length && values[from] === value; from++) {
      if (labels[from] === 1) tied += times[from];
      else tiedWrong += times[from];
    }
    // The area counts pairs of a labelled and an unlabelled document: 1 if the labelled one comes first, 1/2 if their figures are equal.
    area += tied * (negatives - wrong - tiedWrong / 2);
    found += tied;
    wrong += tiedWrong;
    if (found + wrong === 0) continue;
    const precision = found / (found + wrong);
    averagePrecision += (tied / positives) * precision;
    const score = (2 * found) / (found + wrong + positives);
    if (score > f1) [f1, threshold] = [score, value];
    if (Number.isNaN(precisions[0]) && found >= 0.5 * positives) [precisions[0], thresholds[0]] = [precision, value];
    if (Number.isNaN(precisions[1]) && found >= 0.9 * positives) [precisions[1], thresholds[1]] = [precision, value];
  }
  return { auc: area / (positives * negatives), averagePrecision, f1, threshold, precisions, thresholds };
}
