/**
 * src/report: reports for people. This file, `figures.ts`, formats numbers, and `figure-bytes.ts` the same as bytes; `html.ts` and `markdown.ts` format tables; `plot.ts` draws SVG;
 * `heat.ts` scales heat maps; `vector-page.ts` makes the page of `kneser vector`. All functions turn values into text, in any
 * JavaScript engine, and none reads a model or a file.
 */

/** A number with `decimals` decimals; `–` for `null`, an undefined figure. A number that rounds to 0 has no sign. */
export function figure(value: number | null, decimals: number): string {
  if (value === null) return '–';
  const text = value.toFixed(decimals);
  return value < 0 && value > -1 && Number(text) === 0 ? text.replace('-', '') : text;
}

/** A whole number with commas between its thousands. */
export function whole(value: number): string {
  // Not toLocaleString, whose first call loads the data of a language in 15 ms.
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A number of bytes in a unit of its size: `1.5 MB`. */
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A number with its sign and `decimals` decimals; a number that rounds to 0 has no sign; `–` for `null`. */
export function signed(value: number | null, decimals: number): string {
  if (value === null) return '–';
  if (Math.abs(value) === Infinity) return value > 0 ? '+∞' : '−∞';
  const text = value.toFixed(decimals);
  return Number(text) > 0 ? `+${text}` : text.replace('-', Number(text) < 0 ? '−' : '');
}

/** An interval as `[low, high]`; `–` for `null`. */
export function range(interval: readonly [low: number, high: number] | null, decimals: number): string {
  const end = (value: number): string => signed(value, decimals).replace('+', '');
  return interval ? `[${interval.map(end).join(', ')}]` : '–';
}

/** The p value of a bootstrap; `≤ LEAST` for the least possible value, 2/(resamples + 1); `–` for `null`. */
export function pText(p: number | null, resamples: number): string {
  if (p === null) return '–';
  const least = 2 / (resamples + 1);
  return p <= least ? `≤ ${least.toPrecision(1)}` : p.toFixed(3);
}
