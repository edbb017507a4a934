import { linearAxis, logAxis, type Axis } from './axis.js';
import { escapeHtml } from './html.js';

/** A curve of a {@link CurvePlot}. */
export interface Curve {
  /** A CSS colour. */
  readonly colour: string;
  /** The points (x, y), sorted by `x`, ascending. On a logarithmic axis all values must be above 0. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /**
   * `line` (default) connects the points; `dashed` does so with a dashed line, for a fitted law; `dots` draws points alone; `steps` draws a
   * histogram: each `y` holds from its `x` to the next, so that the last point only ends the last bar.
   */
  readonly style?: 'line' | 'dashed' | 'dots' | 'steps';
  /** The text that is shown while the mouse is on the curve. */
  readonly title: string;
}

/** How values of an axis become places. */
export type Scale = 'linear' | 'log';

/** The content of a plot of curves with many points. (`plot.ts` draws lines with few points, each with its interval.) */
export interface CurvePlot {
  /** The text that screen readers read instead of the plot. */
  readonly title: string;
  readonly x: { readonly title: string; readonly scale: Scale };
  readonly y: { readonly title: string; readonly scale: Scale };
  readonly curves: readonly Curve[];
}

// Lengths in units of the SVG, which the page scales to the width of a column.
const WIDTH = 440;
const HEIGHT = 300;
const MARGIN = { top: 28, right: 28, bottom: 42, left: 58 };

/** The longest tick label that is written out; longer numbers are written as powers of ten. */
const LONGEST_LABEL = 7;

/** Draws curves as SVG, with linear or logarithmic axes. */
export function curvePlot({ title, x, y, curves }: CurvePlot): string {
  const points = curves.flatMap(curve => curve.points);
  const xAxis = axisOf(
    x.scale,
    points.map(([at]) => at),
  );
  const yAxis = axisOf(
    y.scale,
    points.map(([, at]) => at),
  );
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  const atX = (value: number): number => round(left + xAxis.at(value) * (right - left));
  const atY = (value: number): number => round(bottom - yAxis.at(value) * (bottom - top));
  const parts: string[] = [];
  for (const tick of yAxis.ticks) {
    parts.push(
      `<line x1="${left}" x2="${right}" y1="${atY(tick)}" y2="${atY(tick)}" stroke="var(--line)"/>`,
      `<text x="${left - 7}" y="${atY(tick) + 4}" text-anchor="end">${label(tick)}</text>`,
    );
  }
  for (const tick of xAxis.ticks) {
    parts.push(
      `<line x1="${atX(tick)}" x2="${atX(tick)}" y1="${top}" y2="${bottom}" stroke="var(--line)"/>`,
      `<text x="${atX(tick)}" y="${bottom + 17}" text-anchor="middle">${label(tick)}</text>`,
    );
  }
  parts.push(
    `<text x="${(left + right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeHtml(x.title)}</text>`,
    `<text x="0" y="13">${escapeHtml(y.title)}</text>`,
  );
  for (const { colour, points: own, style = 'line', title: hint } of curves) {
    const places = own.map(([px, py]): [number, number] => [atX(px), atY(py)]);
    parts.push(`<g><title>${escapeHtml(hint)}</title>${shapeOf(style, places, colour, bottom)}</g>`);
  }
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">\n${parts.join('\n')}\n</svg>\n`;
}

/** The marks of a curve. @param places its points in units of the SVG. */
function shapeOf(
  style: NonNullable<Curve['style']>,
  places: readonly (readonly [x: number, y: number])[],
  colour: string,
  bottom: number,
): string {
  if (style === 'dots') {
    return places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="1.8" fill="${colour}" fill-opacity=".7"/>`).join('');
  }
  if (style === 'steps') {
    if (places.length === 0) return '';
    const path = places.map(([x, y], i) => (i + 1 < places.length ? `H${x}V${y}` : `H${x}V${bottom}`)).join('');
    return `<path d="M${places[0][0]},${bottom}${path}" fill="${colour}" fill-opacity=".15" stroke="${colour}" stroke-width="1.5"/>`;
  }
  const path = places.map(([x, y]) => `${x},${y}`).join(' ');
  const dashes = style === 'dashed' ? ' stroke-dasharray="6 4"' : '';
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${style === 'dashed' ? 1.3 : 2}" stroke-linejoin="round"${dashes}/>`;
}

function axisOf(scale: Scale, values: readonly number[]): Axis {
  if (values.length === 0) return linearAxis([0, 1]);
  return scale === 'log' ? logAxis(values) : linearAxis(values);
}

/** A tick as text: `1,000`, `0.01`, or `10⁻⁷` as a superscript. */
function label(tick: number): string {
  const text = tick.toLocaleString('en-US', { maximumFractionDigits: 4 });
  const power = Math.round(Math.log10(Math.abs(tick)));
  const isShort = text.length <= LONGEST_LABEL && (tick === 0 || Number(text.replaceAll(',', '')) === tick);
  if (isShort) return text;
  if (tick !== Number(`1e${power}`)) return tick.toLocaleString('en-US', { notation: 'compact' });
  return `10<tspan dy="-5" font-size="75%">${String(power).replace('-', '−')}</tspan>`;
}

/** A length with one decimal. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
