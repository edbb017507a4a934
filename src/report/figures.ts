/** How figures are written for people. */

/** A figure: so many digits behind the point, `–` for one that is not defined. */
export function figure(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

/** A whole number with thousands apart. */
export function whole(value: number): string {
  return value.toLocaleString('en-US');
}

/** Bytes. */
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A figure with its sign, or 0. */
export function signed(value: number | null, digits: number): string {
  if (value === null) return '–';
  const text = value.toFixed(digits);
  return Number(text) > 0 ? `+${text}` : text.replace('-', Number(text) < 0 ? '−' : '');
}

/** An interval; `–` for one that is not defined. */
export function range(interval: readonly [low: number, high: number] | null, digits: number): string {
  const end = (value: number): string => signed(value, digits).replace('+', '');
  return interval ? `[${interval.map(end).join(', ')}]` : '–';
}

/** The p value of a bootstrap, which cannot tell one below 2/(resamples + 1). */
export function pText(p: number | null, resamples: number): string {
  if (p === null) return '–';
  const least = 2 / (resamples + 1);
  return p <= least ? `≤ ${least.toPrecision(1)}` : p.toFixed(3);
}
