/**
 * Reports for people: figures as text (this file), tables as HTML or Markdown, plots as SVG, heat maps, and the page of
 * `kneser vector`. Everything here turns values into strings, in any JavaScript engine; nothing reads a model or a file.
 */

/** A figure with this many decimals; `–` for `null`, an undefined one. What rounds to 0 has no sign: never `-0.00`. */
export function figure(value: number | null, digits: number): string {
  if (value === null) return '–';
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

/** A whole number with its thousands separated by commas. */
export function whole(value: number): string {
  return value.toLocaleString('en-US');
}

/** A number of bytes in a unit that suits it: `1.5 MB`. */
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A figure with its sign, or 0 without one; `–` for `null`. */
export function signed(value: number | null, digits: number): string {
  if (value === null) return '–';
  const text = value.toFixed(digits);
  return Number(text) > 0 ? `+${text}` : text.replace('-', Number(text) < 0 ? '−' : '');
}

/** An interval as `[low, high]`; `–` for `null`. */
export function range(interval: readonly [low: number, high: number] | null, digits: number): string {
  const end = (value: number): string => signed(value, digits).replace('+', '');
  return interval ? `[${interval.map(end).join(', ')}]` : '–';
}

/** The p value of a bootstrap, as `≤ least` at its least possible value, 2/(resamples + 1); `–` for `null`. */
export function pText(p: number | null, resamples: number): string {
  if (p === null) return '–';
  const least = 2 / (resamples + 1);
  return p <= least ? `≤ ${least.toPrecision(1)}` : p.toFixed(3);
}
