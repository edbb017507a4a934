import { figure } from '../report/figures.js';
import { escapeHtml, htmlPage, htmlTable, paragraph } from '../report/html.js';
import { legend, linePlot, type Line } from '../report/plot.js';
import { SMOOTHING_NAMES, SMOOTHINGS } from '../smoothing/index.js';
import type { BaselineReport, ModelReport, TextFigures } from './report.js';
import { methodOf, modelTitle, summaryOf, tablesOf, titleOf } from './tables.js';

const STYLE = `
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: 0 1.5rem; }
.plots figure { margin-top: .75rem; }
.main { max-width: 38rem; }
`;

/** The colours of the lines, in turn. */
const COLOURS = ['var(--first)', 'var(--second)'] as const;
/** The smoothings with a line in each plot. */
const LINES = SMOOTHING_NAMES.filter(name => SMOOTHINGS[name].isInBaseline).map((smoothing, i) => ({
  smoothing,
  colour: COLOURS[i % COLOURS.length],
}));

/** With at most this many test files, each file has a plot of its own. */
const MOST_FILE_PLOTS = 24;

/** The report as one self-contained HTML page, with plots of perplexity by order. */
export function baselinePage(report: BaselineReport): string {
  const { test, published, models, warnings } = report;
  const known = published.flatMap(({ model, perplexity, counterpart }) => {
    const order = models.find(({ name }) => name === counterpart)?.order;
    return order === undefined ? [] : [{ x: order, y: perplexity, title: `${model}: ${perplexity}` }];
  });
  const references: Line[] = known.length > 0 ? [{ colour: 'var(--third)', points: known, loose: true }] : [];
  const lines = legend(LINES.map(({ smoothing, colour }) => ({ name: SMOOTHINGS[smoothing].title, colour })));
  const caption = [
    `${lines}.`,
    test.length > 1 ? 'All test files as one text.' : '',
    'Whiskers are 95 % intervals.',
    known.length > 0 ? 'Hollow: published figures.' : '',
  ];
  const main = plotOf('Perplexity by order', models, model => model.micro, references);
  const plotted = test.length > 1 && test.length <= MOST_FILE_PLOTS ? test : [];
  const plots = plotted.map(({ file }, i) => {
    const plot = plotOf(`Perplexity by order: ${file}`, models, model => model.files[i], []);
    return `<figure><figcaption>${escapeHtml(file)}</figcaption>${plot}</figure>\n`;
  });
  const title = titleOf(report);
  const body =
    `<h1>${escapeHtml(title)}</h1>\n<p class="lead">${escapeHtml(summaryOf(report))}</p>\n` +
    `<figure class="main">${main}<figcaption>${caption.filter(Boolean).join(' ')}</figcaption></figure>\n` +
    tablesOf(report).map(htmlTable).join('') +
    (plots.length > 0
      ? `<section>\n<h2>Perplexity by order, for each test file</h2>\n<p class="note">${lines}.</p>\n<div class="plots">${plots.join('')}</div>\n</section>\n`
      : '') +
    `<section>\n<h2>How it was measured</h2>\n${[...methodOf(report), ...warnings.map(text => `Warning: ${text}`)]
      .map(paragraph)
      .join('')}<p class="note">Made by kneser ${escapeHtml(report.version)}.</p>\n</section>\n`;
  return htmlPage(title, body, STYLE);
}

/** A plot of perplexity by order, with one line for each smoothing. @param figures chooses the figures of a model. */
function plotOf(
  title: string,
  models: readonly ModelReport[],
  figures: (model: ModelReport) => TextFigures,
  references: readonly Line[],
): string {
  const lines = LINES.map(({ smoothing, colour }): Line => ({
    colour,
    points: models
      .filter(model => model.smoothing === smoothing && model.wordOrder === models[0].wordOrder)
      .flatMap(model => {
        const { perplexity, interval } = figures(model);
        if (perplexity === null) return [];
        const ends = interval ? ` [${figure(interval[0], 2)}, ${figure(interval[1], 2)}]` : '';
        return [
          { x: model.order, y: perplexity, interval, title: `${modelTitle(model)}: ${figure(perplexity, 2)}${ends}` },
        ];
      }),
  }));
  return linePlot({ title, xTitle: 'order', yTitle: 'perplexity', lines: [...references, ...lines] });
}
