import { figure, whole } from '../report/figures.js';
import { curvePlot, type Curve } from '../report/curve-plot.js';
import { escapeHtml, htmlPage, htmlTable, paragraph } from '../report/html.js';
import { legend } from '../report/plot.js';
import { conventionsLine } from './conventions.js';
import type { ProfileReport } from './profile.js';
import type { LengthFigures, TextProfile } from './profile/figures.js';
import { DISTANCE_NAMES, type DistanceName } from './profile/pool.js';

/** The distances in words, for tables. */
export const DISTANCE_TITLES: Readonly<Record<DistanceName, string>> = {
  length: 'lengths of sentences',
  documentLength: 'lengths of documents',
  unigrams: 'unigrams',
  rankFrequency: 'shares by rank',
  typeToken: 'types by tokens',
  stopwordShare: 'share of stopwords',
  stopwords: 'stopwords',
  symbolShare: 'share of symbols',
  symbols: 'symbols',
};

const STYLE = `
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1.5rem 2rem; margin-top: 1.5rem; }
.plots figure { margin: 0; min-width: 0; }
.plots figcaption { margin-top: .4rem; }
`;

/** The colours of the first and the second text. */
const COLOURS = ['var(--second)', 'var(--first)'] as const;

/** The rows of the table of distances: of each distance that is defined, its name, measure, value, p, and the value between halves. */
export function distanceRows({ distances, against }: ProfileReport): string[][] {
  return DISTANCE_NAMES.filter(name => distances[name].value !== null || distances[name].halves !== null).map(name => {
    const { measure, value, p, halves } = distances[name];
    const compared = against ? [figure(value, 4), p === null ? '–' : pText(p)] : [];
    return [DISTANCE_TITLES[name], measure, ...compared, figure(halves, 4)];
  });
}

/** A p as text: two decimals, or one digit that is not 0. */
function pText(p: number): string {
  return p < 0.01 ? String(Number(p.toPrecision(1))) : p.toFixed(2);
}

/** The head of the table of distances. */
export function distanceHead({ against }: ProfileReport): string[] {
  return ['distance', 'measure', ...(against ? ['value', 'p'] : []), 'between halves'];
}

/** The rows of the table of figures: the name of a figure, and its value for each text. */
export function figureRows({ text, against }: ProfileReport): string[][] {
  const texts = against ? [text, against] : [text];
  const row = (name: string, show: (of: TextProfile) => string): string[] => [name, ...texts.map(show)];
  const optional = (name: string, isThere: boolean, show: (of: TextProfile) => string): string[][] =>
    isThere ? [row(name, show)] : [];
  const lengths = ({ mean, sd, median }: LengthFigures): string =>
    `${figure(mean, 2)} ± ${figure(sd, 2)}, median ${String(median)}`;
  return [
    row('tokens', of => whole(of.tokens)),
    row('sentences', of => whole(of.sentences)),
    ...optional('documents', text.documents !== null, of => (of.documents === null ? '–' : whole(of.documents))),
    row('tokens of a sentence', of => lengths(of.length)),
    ...optional('tokens of a document', text.documentLength !== null, of =>
      of.documentLength ? lengths(of.documentLength) : '–',
    ),
    ...optional('share of stopwords', text.stopwordShare !== null, of => figure(of.stopwordShare, 4)),
    row('share of symbols', of => figure(of.symbolShare, 4)),
    row('seq-rep-4', of => figure(of.seqRep4, 4)),
    ...optional('mean surprisal [bits]', text.underModel !== undefined, of =>
      figure(of.underModel?.meanSurprisal ?? null, 4),
    ),
    ...optional('mean entropy [bits]', text.underModel !== undefined, of =>
      figure(of.underModel?.meanEntropy ?? null, 4),
    ),
    row('tokens used for the rows below', of => whole(of.vocabulary.tokens)),
    row('types', of => whole(of.vocabulary.types)),
    row('types seen once', of => whole(of.vocabulary.hapaxes)),
    row('exponent of Zipf’s law', of => figure(of.vocabulary.zipf.exponent, 4)),
    row('KS from Zipf’s law', of => figure(of.vocabulary.zipf.ks, 4)),
    row('β of Heaps’ law', of => figure(of.vocabulary.heaps.beta, 4)),
    row('α of Heaps’ law', of => figure(of.vocabulary.heaps.alpha, 2)),
    row('β by least squares', of => figure(of.vocabulary.heaps.leastSquares.beta, 4)),
    row('α by least squares', of => figure(of.vocabulary.heaps.leastSquares.alpha, 2)),
    row('distinct-1', of => figure(of.vocabulary.distinct1, 4)),
    row('distinct-2', of => figure(of.vocabulary.distinct2, 4)),
    row('distinct-4', of => figure(of.vocabulary.distinct4, 4)),
  ];
}

/** The page of a profile: distances, plots and figures. It is one file that loads nothing else. */
export function profilePage(report: ProfileReport): string {
  const { text, against, copied8, resamples, reason, conventions, unit } = report;
  const texts = against ? [text, against] : [text];
  const title = against ? `${text.name} and ${against.name}` : text.name;
  let body = `<h1>Profile of ${escapeHtml(title)}</h1>\n`;
  const sizes = texts.map(({ tokens, sentences }) => `${whole(tokens)} tokens in ${whole(sentences)} sentences`);
  body += `<p class="lead">${sizes.join('; ')}</p>\n`;
  body += `<div class="plots">\n${plots(report, texts)}</div>\n`;
  body += htmlTable({
    title: against ? 'Distances' : 'Distances between halves of the text',
    head: distanceHead(report),
    rows: distanceRows(report),
    notes: [
      ...(against
        ? [
            reason === null
              ? `p: permutation test over ${unit}s, ${whole(resamples)} permutations; the least possible p is ${pText(1 / (resamples + 1))}.`
              : `No p: ${reason}.`,
          ]
        : []),
      'Between halves: the distance between two random halves of the first text, the mean over 10 divisions. Halves are shorter, which makes distances larger.',
    ],
  });
  body += htmlTable({
    title: 'Figures',
    head: ['', ...texts.map(({ name }) => name)],
    rows: figureRows(report),
    notes: [
      ...(against
        ? ['The vocabulary of both texts is that of equally many tokens, the first ones of the longer text.']
        : []),
      ...(copied8 === null
        ? []
        : [`${(100 * copied8).toFixed(2)} % of the 8-grams of the second text are in the first.`]),
    ],
  });
  body += paragraph(conventionsLine(conventions));
  return htmlPage(`Profile of ${title}`, body, STYLE);
}

function plots(report: ProfileReport, texts: readonly TextProfile[]): string {
  const names = legend(texts.map(({ name }, i) => ({ name, colour: COLOURS[i] })));
  const all = (curvesOf: (of: TextProfile, colour: string) => readonly Curve[]): Curve[] =>
    texts.flatMap((of, i) => curvesOf(of, COLOURS[i]));
  const ranks = curvePlot({
    title: 'Share of the tokens of each type by its rank, both logarithmic',
    x: { title: 'rank of the type', scale: 'log' },
    y: { title: 'share of the tokens', scale: 'log' },
    curves: all((of, colour) => [
      { colour, points: of.vocabulary.rankFrequency, style: 'dots', title: of.name },
      { colour, points: zipfLine(of), style: 'dashed', title: `Zipf’s law of ${of.name}` },
    ]),
  });
  const types = curvePlot({
    title: 'Number of types by number of tokens',
    x: { title: 'tokens', scale: 'linear' },
    y: { title: 'types', scale: 'linear' },
    curves: all((of, colour) => [
      { colour, points: [[0, 0], ...of.typeToken], title: of.name },
      { colour, points: heapsLine(of), style: 'dashed', title: `Heaps’ law of ${of.name}` },
    ]),
  });
  const lengths = curvePlot({
    title: 'Share of sentences by length',
    x: { title: 'length of a sentence [tokens]', scale: 'linear' },
    y: { title: 'share of the sentences', scale: 'linear' },
    curves: all((of, colour) => [
      { colour, points: bars(of.lengthShares, report.lengthStep), style: 'steps', title: of.name },
    ]),
  });
  const pairs = curvePlot({
    title: `Number of types by number of tokens of each ${report.unit}, both logarithmic`,
    x: { title: `tokens of a ${report.unit}`, scale: 'log' },
    y: { title: 'types', scale: 'log' },
    curves: all((of, colour) => [{ colour, points: of.units, style: 'dots', title: of.name }]),
  });
  const step = report.lengthStep === 1 ? '' : ` A bar is ${report.lengthStep} tokens wide.`;
  return [
    figureHtml(ranks, `Rank and frequency: ${names}; dashed: Zipf’s law by maximum likelihood.`),
    figureHtml(
      types,
      `Types after a number of tokens, the mean over all orders of the ${report.unit}s: ${names}; dashed: Heaps’ law.`,
    ),
    figureHtml(lengths, `Lengths of sentences: ${names}.${step} The last bar has all longer ones, too.`),
    report.unit === 'document' ? figureHtml(pairs, `Tokens and types of each document: ${names}.`) : '',
  ].join('');
}

function figureHtml(svg: string, caption: string): string {
  return `<figure>${svg}<figcaption>${caption}</figcaption></figure>\n`;
}

/** The law k^(−s) / Σ j^(−s) at the first and the last rank: a straight line where both axes are logarithmic. */
function zipfLine({ vocabulary: { types, zipf, rankFrequency } }: TextProfile): [number, number][] {
  const { exponent } = zipf;
  if (exponent === null) return [];
  let mass = 0;
  for (let rank = 1; rank <= types; rank++) mass += rank ** -exponent;
  const least = rankFrequency[rankFrequency.length - 1][1];
  // The line ends where it leaves the plot.
  const last = Math.min(types, (least * mass) ** (-1 / exponent));
  return [1, last].map(rank => [rank, rank ** -exponent / mass]);
}

/** The law α ℓ^β at the numbers of tokens of the curve up to those that it is fitted to. */
function heapsLine({ typeToken, vocabulary: { heaps, tokens } }: TextProfile): [number, number][] {
  const { alpha, beta } = heaps;
  if (alpha === null || beta === null) return [];
  return typeToken.filter(([at]) => at <= tokens).map(([at]) => [at, alpha * at ** beta]);
}

/** The corners of the bars: their left ends, and the right end of the last. */
function bars(shares: readonly number[], step: number): [number, number][] {
  return [...shares, 0].map((share, i) => [i * step, share]);
}
