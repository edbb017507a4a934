import { bytes, figure, pText, range, signed, whole } from '../report/figures.js';
import type { Table } from '../report/table.js';
import { SMOOTHING_NAMES, SMOOTHINGS, type Smoothing } from '../smoothing/index.js';
import type { WordOrderName } from '../text/word-order.js';
import type { TokenizationInfo } from '../text/tokenization.js';
import type { BaselineReport, ModelReport, RankingFigures, TextFigures } from './report.js';

/** A text names at most this many files; of more files it gives the number. */
const MOST_NAMED_FILES = 3;

/** How the method paragraph describes the tokens, unless they are separated by white space. */
const TOKENS: Partial<Record<TokenizationInfo['tokenizer'], string>> = {
  words: 'tokens are words, numbers and punctuation marks',
  characters: 'tokens are characters',
  bytes: 'tokens are bytes',
  'tokenizer.json': 'tokens are those of a tokenizer.json',
  sentencepiece: 'tokens are those of a SentencePiece model',
};

/** How the method paragraph describes a smoothing. */
const METHODS: Readonly<Record<Smoothing, string>> = {
  mkn: 'interpolated (Chen & Goodman 1998)',
  kn: 'interpolated (Kneser & Ney 1995)',
  glm: 'the generalized language model (Pickhardt et al. 2014) over all skip patterns, its weights tuned',
};

/** The title of the report. */
export function titleOf(report: BaselineReport): string {
  return report.corpus ? `Baselines: ${report.corpus.title}` : 'Baselines';
}

/** The smoothing and the order of a model in words: `modified Kneser-Ney, order 5`, and its word order if that is not the text's. */
export function modelTitle({
  smoothing,
  order,
  wordOrder,
}: Pick<ModelReport, 'smoothing' | 'order' | 'wordOrder'>): string {
  return `${SMOOTHINGS[smoothing].title}, order ${order}${wordOrder ? `, ${wordOrder}` : ''}`;
}

/** The title of the model with this name in the report. */
function titleByName({ models }: BaselineReport, name: string): string {
  const model = models.find(candidate => candidate.name === name);
  return model ? modelTitle(model) : name;
}

/** The result in a sentence: the best model, and how far its perplexity is below that of the smoothing that its own extends, at the same order. */
export function summaryOf({ models }: BaselineReport): string {
  const best = models.reduce((a, b) => ((b.micro.perplexity ?? Infinity) < (a.micro.perplexity ?? Infinity) ? b : a));
  const extended = models.find(
    ({ smoothing, order, wordOrder }) =>
      smoothing === SMOOTHINGS[best.smoothing].extends && order === best.order && wordOrder === best.wordOrder,
  );
  const { perplexity, interval } = best.micro;
  const result = `Lowest perplexity: ${figure(perplexity, 2)}${interval ? ` ${range(interval, 2)}` : ''} with ${modelTitle(best)}`;
  const other = extended?.micro.perplexity ?? null;
  if (!extended || other === null || perplexity === null) return `${result}.`;
  return `${result}; that is ${percent(1 - perplexity / other)} below ${modelTitle(extended)} (${figure(other, 2)}).`;
}

/** The paragraphs that say how the baselines were measured. */
export function methodOf(report: BaselineReport): string[] {
  const { train, valid, test, options, bootstrap, corpus } = report;
  const classes =
    options.classes > 0
      ? `, mixed with a model of at most ${options.classes} word classes, one for every 20 words`
      : '';
  const smoothings = SMOOTHING_NAMES.filter(name => SMOOTHINGS[name].isInBaseline).map(name => {
    const { title, weights } = SMOOTHINGS[name];
    return `${title} (“${name}” in names such as ${name}5): ${METHODS[name]}${weights ? classes : ''}.`;
  });
  const { tokenization } = options;
  const text = [
    options.vocabulary === 'all' ? '' : `vocabulary: ${options.vocabulary}, other words are <unk>`,
    TOKENS[tokenization.tokenizer] ?? '',
    tokenization.sentences === 'segment' ? 'lines cut into sentences' : '',
    tokenization.normalize === 'none' ? '' : `normalised to ${tokenization.normalize}`,
    options.lowercase ? 'lower-cased' : '',
    options.skipBlank ? 'blank lines left out' : '',
    options.wordOrder && !isOfWordOrders(report) ? `word order ${options.wordOrder}` : '',
  ].filter(Boolean);
  return [
    `Trained on ${listed(train.files)} (${whole(train.sentences)} sentences, ${whole(train.tokens)} tokens, vocabulary ` +
      `${whole(train.vocabulary)}), tuned on ${listed(valid.files)} (${whole(valid.sentences)} sentences), measured on ` +
      `${listed(test.map(({ file }) => file))}${text.length > 0 ? `; ${text.join('; ')}` : ''}.`,
    ...(corpus && valid.files.every(file => file.endsWith('.held-out.txt'))
      ? [
          'The corpus has no validation part: every 50th training sentence was held out to tune on, and counted by no model.',
        ]
      : []),
    [...smoothings, 'Each model is trained by itself, and each sentence is scored by itself.'].join(' '),
    `Perplexity counts </s>, and OOVs as <unk>. Brackets are 95 % intervals by the bootstrap over ${unitsOf(report)} ` +
      `(${whole(bootstrap.resamples)} resamples, seed ${bootstrap.seed}).`,
  ];
}

/** The units that the bootstrap resamples, in words. */
function unitsOf({ test }: BaselineReport): string {
  const [unit] = test.map(text => text.unit);
  if (test.every(text => text.unit === unit)) return `${unit}s`;
  return `documents of ${listed(test.filter(text => text.unit === 'document').map(({ file }) => file))} and sentences of the other files`;
}

/** The report as tables. */
export function tablesOf(report: BaselineReport): Table[] {
  return [
    ...(isOfWordOrders(report) ? [wordOrderTable(report)] : []),
    perplexityTable(report),
    ...(report.test.length > 1 ? [fileTable(report)] : []),
    ...(report.comparisons.length > 0 ? [comparisonTable(report)] : []),
    ...(report.ranking ? [rankingTable(report.ranking)] : []),
    ...(report.published.length > 0 ? [publishedTable(report)] : []),
    costTable(report),
    textTable(report),
  ];
}

/** Whether the baseline compares word orders. */
function isOfWordOrders({ models }: BaselineReport): boolean {
  return new Set(models.map(({ wordOrder }) => wordOrder)).size > 1;
}

/** The perplexity of all test files as one text: a row for each word order, a column for each order of n-grams. */
function wordOrderTable({ models, options }: BaselineReport): Table {
  const wordOrders = [...new Set(models.map(({ wordOrder }) => wordOrder))];
  const find = (wordOrder: WordOrderName | undefined, order: number): ModelReport | undefined =>
    models.find(model => model.wordOrder === wordOrder && model.order === order);
  return {
    title: 'Perplexity by word order',
    head: ['word order', ...options.orders.map(order => `order ${order}`)],
    rows: wordOrders.map(wordOrder => [
      wordOrder ?? 'forward',
      ...options.orders.map(order => figure(find(wordOrder, order)?.micro.perplexity ?? null, 2)),
    ]),
    notes: [
      'The orders reverse-control, reverse-partial and reverse-full add a mark to each sentence, which counts as a token.',
    ],
  };
}

function perplexityTable({ models, test }: BaselineReport): Table {
  const oovs = test.some(({ oov }) => oov > 0);
  return {
    title: test.length > 1 ? 'Perplexity, all test files as one text' : 'Perplexity',
    head: [
      'model',
      'perplexity',
      '95 % interval',
      ...(oovs ? ['without OOVs', '95 % interval'] : []),
      'bits/token',
      'bits/char',
      'bits/byte',
    ],
    rows: models.map(({ micro, ...model }) => [
      modelTitle(model),
      figure(micro.perplexity, 2),
      range(micro.interval, 2),
      ...(oovs ? [figure(micro.perplexityExcludingOov, 2), range(micro.intervalExcludingOov, 2)] : []),
      figure(micro.bitsPerToken, 4),
      figure(micro.bitsPerCharacter, 4),
      figure(micro.bitsPerByte, 4),
    ]),
    notes: oovs
      ? ['Bits for each character and byte count an OOV as `<unk>` and its spelling, as a model of bytes gives it.']
      : [],
  };
}

function fileTable({ test, models }: BaselineReport): Table {
  const row = (name: string, perplexity: (model: ModelReport) => number | null): string[] => [
    name,
    ...models.map(model => figure(perplexity(model), 2)),
  ];
  return {
    title: 'Perplexity by test file',
    head: ['file', ...models.map(({ name }) => name)],
    rows: [
      ...test.map(({ file }, i) => row(file, model => model.files[i].perplexity)),
      row('all, as one text (micro)', model => model.micro.perplexity),
      row('mean of files (macro)', model => model.macro.perplexity),
    ],
    notes: [
      `${models.map(model => `${model.name}: ${modelTitle(model)}`).join('; ')}.`,
      'The macro average gives every file the same weight: it is the geometric mean of their perplexities.',
    ],
  };
}

function comparisonTable(report: BaselineReport): Table {
  const { comparisons, bootstrap } = report;
  return {
    title: 'Differences',
    head: ['models', 'perplexity', '95 % interval', 'relative', 'p'],
    rows: comparisons.map(({ model, against, difference, interval, relative, p }) => [
      `${titleByName(report, model)}\u00a0− ${titleByName(report, against)}`,
      signed(difference, 2),
      range(interval, 2),
      relative === null ? '–' : `${signed(100 * relative, 1)} %`,
      pText(p, bootstrap.resamples),
    ]),
    notes: [
      `Paired bootstrap over all test files: both models are measured on the same resampled ${unitsOf(report)}. p is two-sided.`,
    ],
  };
}

function rankingTable(ranking: readonly RankingFigures[]): Table {
  return {
    title: 'How well the test text ranks the models',
    head: ['file', 'signal', 'noise', 'signal/noise', 'decision accuracy'],
    rows: ranking.map(({ file, signal, noise, ratio, decisionAccuracy }) => [
      file ?? 'all',
      percent(signal),
      `${(100 * noise).toFixed(3)} %`,
      figure(ratio, 1),
      percent(decisionAccuracy),
    ]),
    notes: [
      'Signal: the largest difference between two models, divided by their mean perplexity. Noise: the standard deviation of the best model trained ' +
        'on samples of 90 % of the sentences, divided by its mean. Decision accuracy: the share of pairs of models that a sample puts in the same order.',
    ],
  };
}

function publishedTable(report: BaselineReport): Table {
  const { published } = report;
  return {
    title: 'Published figures',
    head: ['model', 'published', 'ours'],
    rows: published.map(({ model, perplexity, ours, counterpart }) => [
      model,
      String(perplexity),
      counterpart === null ? '–' : `${figure(ours, 2)} (${titleByName(report, counterpart)})`,
    ]),
    notes: [...new Set(published.map(({ source }) => source))],
  };
}

function costTable({ models, test }: BaselineReport): Table {
  const tokens = test.reduce((sum, file) => sum + file.tokens, 0);
  return {
    title: 'Models',
    head: ['model', 'n-grams', 'size', 'training', 'tuning', 'loading', 'scoring', 'tokens/s'],
    rows: models.map(({ ngrams, bytes: size, trainSeconds, tuneSeconds, loadSeconds, scoreSeconds, ...model }) => [
      modelTitle(model),
      whole(ngrams),
      bytes(size),
      ...[trainSeconds, tuneSeconds, loadSeconds, scoreSeconds].map(time =>
        time === null ? '–' : `${time.toFixed(1)} s`,
      ),
      whole(Math.round(tokens / scoreSeconds)),
    ]),
    notes: ['Size is the size on disk. Sentences are scored one by one, on one thread.'],
  };
}

function textTable({ test, models }: BaselineReport): Table {
  const [{ micro, files }] = models;
  const documents = test.some(({ unit }) => unit === 'document');
  const row = (
    { file, unit, units }: Pick<BaselineReport['test'][number], 'file' | 'unit' | 'units'>,
    { sentences, tokens, oov, oovRate }: TextFigures,
    lengths: readonly number[],
  ): string[] => [
    file,
    ...(documents ? [unit === 'document' ? whole(units) : '–'] : []),
    whole(sentences),
    whole(tokens),
    whole(oov),
    `${(100 * oovRate).toFixed(2)} %`,
    ...lengths.map(whole),
  ];
  const total = (of: (text: BaselineReport['test'][number]) => number): number =>
    test.reduce((sum, text) => sum + of(text), 0);
  const all = {
    file: 'all',
    unit: 'document',
    units: total(({ unit, units }) => (unit === 'document' ? units : 0)),
  } as const;
  return {
    title: 'Test text',
    head: [
      'file',
      ...(documents ? ['documents'] : []),
      ...['sentences', 'tokens', 'OOVs', 'OOV rate', 'characters', 'bytes'],
    ],
    rows: [
      ...test.map((text, i) => row(text, files[i], [text.characters, text.bytes])),
      ...(test.length > 1
        ? [row(all, micro, [total(({ characters }) => characters), total(({ bytes }) => bytes)])]
        : []),
    ],
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function listed(files: readonly string[]): string {
  return files.length > MOST_NAMED_FILES ? `${files.length} files` : files.join(', ');
}
