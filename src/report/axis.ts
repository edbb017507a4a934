/** An axis of a plot: its ticks, its ends, and where a value lies between them. */
export interface Axis {
  /** The values with a tick, ascending. */
  readonly ticks: readonly number[];
  /** The value at the beginning of the axis. */
  readonly low: number;
  /** The value at the end of the axis. */
  readonly high: number;
  /** The place of a value: 0 at the beginning of the axis, 1 at its end. */
  readonly at: (value: number) => number;
}

/** The approximate number of ticks of a linear axis. */
const TICKS = 5;
/** The most ticks of a logarithmic axis. */
const MOST_DECADES = 8;

/** A linear axis that spans the values, with ticks in steps of 1, 2, 5 or 10 times a power of ten. */
export function linearAxis(values: readonly number[]): Axis {
  const [least, most] = endsOf(values);
  const rough = (most - least || Math.abs(most) || 1) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find(factor => factor * power >= rough) ?? 10);
  const first = Math.floor(least / step);
  const last = Math.max(Math.ceil(most / step), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  const [low, high] = [first * step, last * step];
  return { ticks, low, high, at: value => (value - low) / (high - low) };
}

/** A logarithmic axis that spans the values, which must be above 0: from a power of ten to another, with ticks at powers of ten. */
export function logAxis(values: readonly number[]): Axis {
  const [least, most] = endsOf(values);
  const first = Math.floor(Math.log10(least) + 1e-9);
  const last = Math.max(Math.ceil(Math.log10(most) - 1e-9), first + 1);
  const step = Math.ceil((last - first) / MOST_DECADES);
  const ticks: number[] = [];
  for (let power = first; power <= last; power += step) ticks.push(Number(`1e${power}`));
  return {
    ticks,
    low: Number(`1e${first}`),
    high: Number(`1e${last}`),
    at: value => (Math.log10(value) - first) / (last - first),
  };
}

/** The least and the greatest value. The values may be more than a call takes arguments. */
function endsOf(values: readonly number[]): [least: number, most: number] {
  return values.reduce<[number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
}
