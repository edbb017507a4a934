/** Formats numbers as text for the page. */
import { figure } from '../../../src/report/figures.js';

/** A whole number with commas between thousands. */
export function whole(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A figure with two significant digits, thousands as K. */
export function brief(value: number): string {
  return value.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 2 });
}

/** A number of bytes with its unit: bytes, kB, MB or GB. */
export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let unit = 0;
  for (; count >= 1000 && unit < units.length - 1; unit++) count /= 1000;
  return `${count.toLocaleString('en-US', { maximumSignificantDigits: unit === 0 ? 4 : 3 })} ${units[unit]}`;
}

/** A share (0 to 1) in percent. */
export function percent(share: number): string {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 })} %`;
}

/** A figure with two decimals and a typographic minus sign. */
export function log10(value: number): string {
  return figure(value, 2).replace('-', '−');
}
