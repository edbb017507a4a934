import { perplexityOf } from '../model/scoring/perplexity.js';
import type { VectorOptions, VectorScore } from '../model/scoring/vector.js';
import { figure as figureText, whole } from './figures.js';
import { heatOf, heatScale, heatStep, readable, valueAt, type HeatScale } from './heat.js';
import { escapeHtml } from './html.js';
import { HEAT_STEPS, SCRIPT, STYLE } from './vector-page-parts.js';

/** The content of a vector page. */
export interface VectorPage {
  /** The name of the text. */
  readonly text: string;
  /** The name of the model. */
  readonly model: string;
  /** The options with which the vectors were computed. */
  readonly options: VectorOptions;
  /** The scores of the lines of the text. */
  readonly lines: readonly VectorScore[];
}

/** The height of a chart in units of its SVG. The SVG is one unit wide for each value, and the page stretches it. */
const CHART_HEIGHT = 100;
/** Matches a text whose first letter is of a right-to-left script. Browsers could find the direction themselves, but need more time. */
const RIGHT_TO_LEFT = /^\P{L}*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;
/** The largest width of a bar, in rem. */
const WIDEST_BAR = 4;
/** The height of the bar of the lowest value, in units of the SVG. */
const LOWEST_BAR = 3;
/** The gap between two bars, in units of the SVG. */
const BAR_GAP = 0.12;

/**
 * An HTML page of the vectors of a text, in pieces. It shows each line with its perplexity, as a heat map and as a chart, all on one scale.
 * The page loads nothing, and its content security policy allows only its own script.
 */
export async function* vectorPage(page: VectorPage): AsyncGenerator<string> {
  const { lines, options } = page;
  const scale = heatScale(lines.map(line => line.vector));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(SCRIPT));
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(page.text)} – n-gram perplexities</title>
<style>${STYLE}</style>
</head>
<body>
${header(page, scale)}
<main>
`;
  for (const [i, line] of lines.entries()) yield section(line, i, scale, options);
  yield `</main>
<footer>
<p>The value of a token is the mean perplexity of the windows of ${plural(options.window ?? 3, 'token')} that contain it
(Škorić 2023). Colours and charts share one logarithmic scale; the dashed line is ${options.relative ? "a line's mean" : "a line's perplexity"}; a wavy line
marks tokens outside the vocabulary.${options.context === 'window' ? ' log10 p and the n-gram that matched are those of the running text.' : ''}</p>
</footer>
<div id="tip" role="status" hidden></div>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** The head of the page: title, figures of the whole text, and the scale of colours. */
function header({ text, model, lines, options }: VectorPage, scale: HeatScale): string {
  const tokens = lines.reduce((sum, line) => sum + line.tokens.length, 0);
  const oov = lines.reduce((sum, line) => sum + line.oov.filter(Boolean).length, 0);
  const log10Prob = lines.reduce((sum, line) => sum + line.log10Prob, 0);
  const facts = [
    ['perplexity', tokens === 0 ? '–' : readable(perplexityOf(log10Prob, tokens))],
    ['lines', whole(lines.length)],
    ['tokens', whole(tokens)],
    ['outside the vocabulary', whole(oov)],
    ['window', plural(options.window ?? 3, 'token')],
    ['history', options.context === 'window' ? 'the window only' : 'the running text'],
    ['model', model],
  ];
  const unit = options.relative ? 'values relative to the mean of their line' : 'values';
  const steps = Array.from({ length: HEAT_STEPS }, (_, step) => `<i class="h${step}"></i>`).join('');
  return `<header>
<h1>${escapeHtml(text)}</h1>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
<p class="scale"><span>${unit} from ${readable(scale.low)}</span><span class="steps" aria-hidden="true">${steps}</span><span>to ${readable(scale.high)}</span></p>
<svg width="0" height="0" aria-hidden="true"><linearGradient id="heat" gradientUnits="userSpaceOnUse" x1="0" y1="${CHART_HEIGHT}" x2="0" y2="0"><stop class="g0"/><stop class="g1" offset=".5"/><stop class="g2" offset="1"/></linearGradient></svg>
</header>`;
}

/** A line of the text: its perplexity, its tokens as a heat map, and its chart. */
function section(line: VectorScore, index: number, scale: HeatScale, options: VectorOptions): string {
  const { tokens, vector, perplexity, log10Probs, matched, oov } = line;
  if (perplexity === null)
    return `<section><div class="label"><h2>line ${index + 1}</h2></div><p class="empty">no tokens</p></section>\n`;
  const words = tokens.map((token, t) => {
    const value = valueAt(vector, t, tokens.length);
    const step = heatStep(value, scale, HEAT_STEPS);
    const mark = oov[t] ? ' data-oov' : '';
    return `<span class="h${step}" data-v="${readable(value)}" data-p="${figureText(log10Probs[t], 4)}" data-m="${matched[t]}"${mark}>${escapeHtml(token)}</span>`;
  });
  const figure = readable(perplexity);
  const direction = RIGHT_TO_LEFT.test(tokens.join(' ')) ? 'rtl' : 'ltr';
  return `<section>
<div class="label"><h2>line ${index + 1}</h2><p><b>${figure}</b> perplexity</p></div>
<p class="text" dir="${direction}" tabindex="0" role="group" aria-label="Line ${index + 1}, perplexity ${figure}; the arrow keys go from token to token">${words.join(' ')}</p>
${chart(line, scale, options)}
</section>
`;
}

/** A chart with a bar for each value, on the page's scale, with a dashed line at the perplexity or, for relative values, at the mean (1). */
function chart({ tokens, vector, perplexity }: VectorScore, scale: HeatScale, options: VectorOptions): string {
  const top = (value: number): string => ((1 - heatOf(value, scale)) * (CHART_HEIGHT - LOWEST_BAR)).toFixed(2);
  const bars = Array.from(
    vector,
    (value, i) => `M${i + BAR_GAP / 2} ${CHART_HEIGHT}V${top(value)}h${1 - BAR_GAP}V${CHART_HEIGHT}z`,
  );
  const highest = vector.reduce((best, value, i) => (value > vector[best] ? i : best), 0);
  const where = vector.length === tokens.length ? `at ${tokens[highest]}` : `in bin ${highest + 1} of ${vector.length}`;
  const label = `${plural(vector.length, 'value')}, the highest ${readable(vector[highest])} ${where}`;
  const mean = options.relative ? 1 : perplexity;
  const ticks = decades(scale).map(
    tick =>
      `<i class="tick" style="top:${top(tick)}%"><span>${tick.toLocaleString('en-US', { notation: 'compact' })}</span></i>`,
  );
  const level =
    mean === null || mean < scale.low || mean > scale.high ? '' : `<i class="level" style="top:${top(mean)}%"></i>`;
  return `<div class="chart" style="max-width: ${vector.length * WIDEST_BAR}rem" role="img" aria-label="${escapeHtml(label)}">${ticks.join('')}<svg viewBox="0 0 ${vector.length} ${CHART_HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path fill="url(#heat)" d="${bars.join('')}"/></svg>${level}<i class="cursor" hidden></i></div>`;
}

/** The powers of ten within a scale. */
function decades({ low, high }: HeatScale): number[] {
  const first = Math.ceil(Math.log10(low));
  const last = Math.floor(Math.log10(high));
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

/** A count with its noun, in the plural unless the count is 1. */
function plural(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}
