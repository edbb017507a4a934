import { linearAxis } from './axis.js';
import { escapeHtml } from './html.js';

/** A point of a line. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** The interval around `y`, drawn as a whisker. */
  readonly interval?: readonly [low: number, high: number] | null;
  /** The text that is shown while the mouse is on the point. */
  readonly title: string;
}

/** A line of the plot. */
export interface Line {
  /** A CSS colour. */
  readonly colour: string;
  /** The points, sorted by `x`, ascending. */
  readonly points: readonly Point[];
  /** Whether the points are drawn hollow and not connected. Default false. */
  readonly loose?: boolean;
}

/** The content of a plot. */
export interface Plot {
  /** The text that screen readers read instead of the plot. */
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly Line[];
}

// Lengths in units of the SVG, which the page scales to the width of a column.
const WIDTH = 440;
const HEIGHT = 280;
const MARGIN = { top: 26, right: 16, bottom: 40, left: 46 };
/** The horizontal distance between points of two lines at the same x. */
const DODGE = 9;

/** A line plot as SVG. Each x must be a whole number and gets a tick, so that there should be few. {@link legend} names the lines. */
export function linePlot({ title, xTitle, yTitle, lines }: Plot): string {
  const points = lines.flatMap(line => line.points);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const { ticks, at } = linearAxis(points.flatMap(({ y, interval }) => [y, ...(interval ?? [])]));
  const [left, right] = [MARGIN.left + 14, WIDTH - MARGIN.right - 14];
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  const [first, last] = [xs[0], xs[xs.length - 1]];
  const atX = (x: number): number =>
    last > first ? left + ((x - first) / (last - first)) * (right - left) : (left + right) / 2;
  const atY = (y: number): number => bottom - at(y) * (bottom - top);
  const parts: string[] = [];
  for (const tick of ticks) {
    const y = round(atY(tick));
    parts.push(
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}" stroke="var(--line)"/>`,
      `<text x="${MARGIN.left - 6}" y="${y + 4}" text-anchor="end">${tick.toLocaleString('en-US')}</text>`,
    );
  }
  for (const x of xs) parts.push(text(atX(x), bottom + 17, String(x), 'middle'));
  parts.push(text((left + right) / 2, HEIGHT - 5, xTitle, 'middle'), text(0, 12, yTitle, 'start'));
  const shift = (i: number): number => (i - (lines.length - 1) / 2) * DODGE;
  lines.forEach((line, i) => {
    const { colour, loose = false } = line;
    const drawn = line.points.map(point => ({
      ...point,
      px: round(atX(point.x) + shift(i)),
      py: round(atY(point.y)),
    }));
    if (!loose) {
      const path = drawn.map(({ px, py }) => `${px},${py}`).join(' ');
      parts.push(
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`,
      );
    }
    for (const { px, py, interval, title: hint } of drawn) {
      const whisker = interval
        ? `<path d="${whiskerPath(px, round(atY(interval[0])), round(atY(interval[1])))}" stroke="${colour}" fill="none"/>`
        : '';
      const dot = `<circle cx="${px}" cy="${py}" r="4" fill="${loose ? 'var(--ground)' : colour}" stroke="${colour}" stroke-width="1.5"/>`;
      parts.push(`<g><title>${escapeHtml(hint)}</title>${whisker}${dot}</g>`);
    }
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">\n${parts.join('\n')}\n</svg>\n`;
}

/** The legend for the caption of a plot, as HTML: the names of lines, each in the colour of its line. */
export function legend(lines: readonly { readonly name: string; readonly colour: string }[]): string {
  return lines.map(({ name, colour }) => `<b style="color:${colour}">${escapeHtml(name)}</b>`).join(', ');
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}

function whiskerPath(x: number, low: number, high: number): string {
  return `M${x - 3},${low}h6M${x - 3},${high}h6M${x},${low}V${high}`;
}

/** A length with one decimal. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
