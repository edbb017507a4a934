import { escapeHtml, htmlPage, htmlTable, paragraph } from '../report/html.js';
import { figure, whole } from '../report/figures.js';
import { conventionsLine } from './conventions.js';
import type { OverlapReport, OverlapRow } from './overlap.js';
import type { CutExamples, ExampleDocument, FigureHistogram, SelectionReport } from './selection-report.js';

/** HTML pages of the results of `select` and of `overlap`. Each page is one file that loads nothing else. */

const STYLE = `
.all { fill: var(--line); }
.kept { fill: var(--second); }
.cut { stroke: var(--first); stroke-width: 2; stroke-dasharray: 5 3; }
.axis { stroke: var(--soft); }
ol { padding: 0; margin: .5rem 0; list-style: none; }
li { padding: .35rem .6rem; border-left: 4px solid var(--line); margin: .15rem 0; background: var(--raised); }
li.in { border-color: var(--second); }
li b { font-variant-numeric: tabular-nums; }
li span { color: var(--soft); }
mark { background: color-mix(in srgb, var(--second) 30%, transparent); color: inherit; border-radius: .2rem; }
@media (max-width: 40rem) { figure svg text { font-size: 24px; } }
`;

// In units of the SVG, which is scaled to the width of the page.
const WIDTH = 720;
const HEIGHT = 240;
const FOOT = 34;
const HEAD = 16;
/** A page lists at most this many items of a benchmark. */
const ITEMS = 50;

/** Six digits, for figures of any size. */
function shown(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(6)));
}

/** The page of a selection: the distribution of the figure with its cuts, its percentiles, the buckets or groups, and documents on both sides of each cut. */
export function selectionPage(report: SelectionReport): string {
  const { by, conventions, all, kept, withoutFigure, quantiles, within, buckets, cuts = [], histogram } = report;
  const share = all.documents === 0 ? 0 : kept.documents / all.documents;
  let body = `<h1>Documents chosen by ${escapeHtml(by)}</h1>\n`;
  body += `<p class="lead">${whole(kept.documents)} of ${whole(all.documents)} documents (${(100 * share).toFixed(1)} %)`;
  if (all.tokens !== null && kept.tokens !== null) body += `, ${whole(kept.tokens)} of ${whole(all.tokens)} tokens`;
  body += '</p>\n';
  if (withoutFigure > 0)
    body += paragraph(`${whole(withoutFigure)} documents have no figure, or too few tokens, and are never chosen.`);
  if (histogram) body += histogramFigure(histogram, by, cuts);
  body += htmlTable({
    title: 'Percentiles',
    head: [by, 'all', 'kept'],
    rows: quantiles.map(row => [String(row.percentile), shown(row.all), shown(row.kept)]),
  });
  if (buckets) {
    body += htmlTable({
      title: 'Buckets',
      head: ['bucket', 'documents', 'tokens'],
      rows: buckets.map(row => [row.name, whole(row.documents), row.tokens === null ? '–' : whole(row.tokens)]),
    });
  }
  if (within) {
    body += htmlTable({
      title: 'Within',
      head: ['value', 'all', 'kept', 'share kept', 'share before', 'share after'],
      rows: within.map(row => [
        row.name,
        whole(row.all),
        whole(row.kept),
        ...[row.share, row.shareBefore, row.shareAfter].map(share => figure(share, 3)),
      ]),
    });
  }
  for (const { documents, ...own } of conventions)
    body += paragraph(`${whole(documents)} documents — ${conventionsLine(own)}`);
  for (const cut of cuts) body += examplesOf(cut);
  return htmlPage(`Documents chosen by ${by}`, body, STYLE);
}

function histogramFigure(
  { edges, all, kept, logarithmic }: FigureHistogram,
  by: string,
  cuts: readonly CutExamples[],
  chosen = 'the chosen ones',
): string {
  const scale = logarithmic ? Math.log : (x: number): number => x;
  const [low, high] = [scale(edges[0]), scale(edges[edges.length - 1])];
  const x = (value: number): number =>
    high > low ? Math.min(WIDTH, Math.max(0, (WIDTH * (scale(value) - low)) / (high - low))) : WIDTH / 2;
  const most = Math.max(1, ...all);
  const base = HEIGHT - FOOT;
  const height = (count: number): number => ((base - HEAD) * count) / most;
  const width = WIDTH / all.length;
  const bars = (counts: readonly number[], name: string): string =>
    counts
      .map((count, k) => {
        const title = `${shown(edges[k])} to ${shown(edges[k + 1])}: ${whole(all[k])} in all, ${whole(kept[k])} of ${chosen}`;
        const box = `x="${(k * width + 0.5).toFixed(2)}" y="${(base - height(count)).toFixed(2)}" width="${(width - 1).toFixed(2)}" height="${height(count).toFixed(2)}"`;
        return `<rect class="${name}" ${box}><title>${escapeHtml(title)}</title></rect>`;
      })
      .join('');
  const lines = cuts
    .map(({ at }) => `<line class="cut" x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="0" y2="${base}"/>`)
    .join('');
  const ticks = [0, 0.25, 0.5, 0.75, 1]
    .map(part => {
      const value = edges[Math.round(part * (edges.length - 1))];
      const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle';
      return `<text x="${part * WIDTH}" y="${HEIGHT - 14}" text-anchor="${anchor}">${shown(Number(value.toPrecision(3)))}</text>`;
    })
    .join('');
  const label = `Histogram of ${by}: grey all, coloured ${chosen}`;
  return (
    `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(label)}">` +
    `${bars(all, 'all')}${bars(kept, 'kept')}<line class="axis" x1="0" x2="${WIDTH}" y1="${base}" y2="${base}"/>${lines}${ticks}</svg>\n` +
    `<figcaption>${escapeHtml(by)}${logarithmic ? ', on a logarithmic scale' : ''}. Grey: all; coloured: ${chosen}` +
    `${cuts.length > 0 ? '; dashed: cuts. The outermost bars hold what lies beyond' : ''}.</figcaption></figure>\n`
  );
}

function examplesOf({ of, at, below, above }: CutExamples): string {
  const item = ({ id, figure: value, text }: ExampleDocument): string =>
    `<li><b>${shown(value)}</b> <span>${escapeHtml(id)}</span><br>${escapeHtml(text ?? '')}</li>\n`;
  return (
    `<section>\n<h2>Cut at ${shown(at)}${of === 'all' ? '' : `: ${escapeHtml(of)}`}</h2>\n<p class="note">just below</p>\n<ol>\n` +
    `${[...below].reverse().map(item).join('')}</ol>\n<p class="note">just above</p>\n<ol>\n${above.map(item).join('')}</ol>\n</section>\n`
  );
}

/** Collects the items that {@link overlapPage} shows, and the distribution of coverage over all items. */
export class PageItems {
  readonly #all = new Array<number>(COVERAGE_BARS).fill(0);
  readonly #kept = new Array<number>(COVERAGE_BARS).fill(0);
  readonly #most = new Nearest(ITEMS, (a, b) => b.coverage - a.coverage);
  readonly #contaminated = new Nearest(EXAMPLES, (a, b) => a.coverage - b.coverage);
  readonly #clean = new Nearest(EXAMPLES, (a, b) => b.coverage - a.coverage);

  add(row: OverlapRow): void {
    if (row.hits > 0) this.#most.add(row);
    if (row.contaminated === null) return;
    const bar = Math.min(COVERAGE_BARS - 1, Math.floor(row.coverage * COVERAGE_BARS));
    this.#all[bar]++;
    if (row.contaminated) this.#kept[bar]++;
    (row.contaminated ? this.#contaminated : this.#clean).add(row);
  }

  /** The items with hits by falling coverage. */
  get most(): readonly OverlapRow[] {
    return this.#most.rows;
  }

  /** The contaminated items with the lowest coverage, and the clean items with the highest coverage. */
  get examples(): { readonly contaminated: readonly OverlapRow[]; readonly clean: readonly OverlapRow[] } {
    return { contaminated: this.#contaminated.rows, clean: this.#clean.rows };
  }

  get histogram(): FigureHistogram {
    const edges = Array.from({ length: COVERAGE_BARS + 1 }, (_, k) => k / COVERAGE_BARS);
    return { logarithmic: false, edges, all: this.#all, kept: this.#kept };
  }
}

/** Bars of the histogram of coverage. */
const COVERAGE_BARS = 20;
/** The most examples of contaminated items, and of clean items. */
const EXAMPLES = 10;
/** The most words of an example. */
const EXAMPLE_WORDS = 60;

/** Keeps the `count` items that come first by `compare`. */
class Nearest {
  private list: OverlapRow[] = [];

  constructor(
    private readonly count: number,
    private readonly compare: (a: OverlapRow, b: OverlapRow) => number,
  ) {}

  add(row: OverlapRow): void {
    this.list.push(row);
    if (this.list.length > 4 * this.count) this.cut();
  }

  get rows(): readonly OverlapRow[] {
    this.cut();
    return this.list;
  }

  private cut(): void {
    this.list = this.list.sort((a, b) => this.compare(a, b) || a.index - b.index).slice(0, this.count);
  }
}

/** The words of an item as HTML, with the words of found n-grams marked, from five words before the first of them. */
function markedWords({ words, spans }: OverlapRow): string {
  const all = words();
  const first = Math.max(0, (spans.length > 0 ? spans[0][0] : 0) - 5);
  const last = Math.min(all.length, first + EXAMPLE_WORDS);
  let html = first > 0 ? '… ' : '';
  let at = first;
  for (const [from, to] of spans) {
    if (from >= last) break;
    html += `${escapeHtml(all.slice(at, from).join(' '))} <mark>${escapeHtml(all.slice(from, Math.min(to, last)).join(' '))}</mark> `;
    at = to;
  }
  return `${html}${escapeHtml(all.slice(at, last).join(' '))}${last < all.length ? ' …' : ''}`;
}

function nameOf(row: OverlapRow): string {
  return row.id ?? `${row.file}, ${row.index}`;
}

/** The page of an overlap: the sums, the distribution of coverage, examples of contaminated and of clean items, and the items with the highest coverage. */
export function overlapPage(report: OverlapReport, items: PageItems): string {
  const part = (of: number, all: number): string => (all === 0 ? '–' : `${((100 * of) / all).toFixed(2)} %`);
  const { tooShort, withHits, contaminated, found, distinct, ngrams, covered, tokens, boilerplate, scores } = report;
  let body = '<h1>Benchmark items in the training text</h1>\n';
  body += `<p class="lead">${whole(contaminated)} of ${whole(report.items)} items are contaminated (${part(contaminated, report.items)})</p>\n`;
  body += htmlTable({
    title: 'What was found',
    head: ['', 'number', 'share'],
    rows: [
      ['items', whole(report.items), ''],
      ['too short to say', whole(tooShort), part(tooShort, report.items)],
      ['with a hit', whole(withHits), part(withHits, report.items)],
      ['n-grams', whole(ngrams), ''],
      ['found', whole(found), part(found, ngrams)],
      ['different ones', whole(distinct), ''],
      ['boilerplate, not counted', whole(boilerplate), ''],
      ['tokens covered', whole(covered), part(covered, tokens)],
      ['training documents', whole(report.trainDocuments), ''],
    ],
  });
  body += paragraph(`${report.n}-grams; tokenizer: ${report.conventions.tokenizer ?? 'unknown'}`);
  if (scores) {
    const values = [scores.all, scores.clean, scores.contaminated, scores.difference];
    body += htmlTable({
      title: 'Scores',
      head: ['', 'all', 'clean', 'contaminated', 'difference', '95 % interval'],
      rows: [
        [
          'mean',
          ...values.map(value => figure(value, 4)),
          scores.interval ? `${figure(scores.interval[0], 4)} to ${figure(scores.interval[1], 4)}` : '–',
        ],
      ],
      notes: ['A difference is no proof: contaminated items may be easier for other reasons.'],
    });
  }
  const { examples } = items;
  const list = (title: string, rows: readonly OverlapRow[], name: string): string => {
    const item = (row: OverlapRow): string =>
      `<li class="${name}"><b>${figure(row.coverage, 3)}</b> <span>${escapeHtml(nameOf(row))}</span><br>${markedWords(row)}</li>\n`;
    return rows.length === 0 ? '' : `<section>\n<h2>${title}</h2>\n<ol>\n${rows.map(item).join('')}</ol>\n</section>\n`;
  };
  body += histogramFigure(items.histogram, 'coverage', [], 'the contaminated ones');
  body += list('Contaminated, with the lowest coverage', examples.contaminated, 'in');
  body += list('Clean, with the highest coverage', examples.clean, '');
  body += htmlTable({
    title: 'Items covered most',
    head: ['item', 'tokens', 'hits', 'coverage', 'longest', 'first in'],
    rows: items.most.map(row => [
      nameOf(row),
      whole(row.tokens),
      whole(row.hits),
      figure(row.coverage, 3),
      whole(row.longest),
      row.first ? `${row.first.file}, document ${whole(row.first.index)}` : '–',
    ]),
  });
  return htmlPage('Benchmark items in the training text', body, STYLE);
}
