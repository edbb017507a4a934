/**
 * `npm run bench:selection -- [--only NAMES] [--gsm8k FOLDER] [--webtext FOLDER --reviews FOLDER] [--pairs FILE --books FILE]`: measures on
 * real text how well documents are chosen.
 *
 * - Brown: duplicates found by commonness, three categories selected by importance, weights of fifteen categories, mixtures of their models.
 * - NLTK's webtext and movie_reviews: bad text found by a model of bad text.
 * - GSM8K files of the repository benbench: items that a model recites.
 * - Pairs of the repository fast-detect-gpt, and a text of books: text of GPT-2 XL told from text of people by features.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hashRandom } from '../src/base/hash-random.js';
import { brownSamples } from '../corpora/brown.js';
import { printTable } from '../src/cli/output.js';
import {
  annotate,
  LanguageModel,
  recitation,
  select,
  train,
  weigh,
  type AnnotatedDocument,
  type AnnotateOptions,
  type RecitationReport,
  type TrainOptions,
} from 'kneser';
import { fitWeights, mixtureLoss, type Probabilities } from '../src/documents/mixing.js';
import { checkInterrupted, runCommand, UsageError } from './command.js';

/** The categories of the Brown corpus by the second letter of a sample's name. */
const CATEGORIES: Readonly<Record<string, string>> = {
  a: 'news',
  b: 'editorial',
  c: 'reviews',
  d: 'religion',
  e: 'hobbies',
  f: 'lore',
  g: 'belles_lettres',
  h: 'government',
  j: 'learned',
  k: 'fiction',
  l: 'mystery',
  m: 'science_fiction',
  n: 'adventure',
  p: 'romance',
  r: 'humor',
};

/** A document with a label. */
interface Labelled {
  readonly text: string;
  readonly label: string;
}

/** Files and models in a temporary folder. */
class Work {
  private serial = 0;

  constructor(private readonly folder: string) {}

  path(ending = ''): string {
    return join(this.folder, `${++this.serial}${ending}`);
  }

  file(documents: readonly object[]): string {
    const path = this.path('.jsonl');
    writeFileSync(path, documents.map(document => `${JSON.stringify(document)}\n`).join(''));
    return path;
  }

  async model(
    texts: readonly string[],
    order: number,
    options: Pick<TrainOptions, 'lowercase' | 'tokenization' | 'vocabulary'> = {},
  ): Promise<string> {
    const out = this.path();
    await train({ sentences: texts.flatMap(text => text.split('\n')), out, order, reserved: 'drop', ...options });
    return out;
  }

  /** Annotates documents. @returns the AUC of a figure for a label, as `select` measures it. */
  async auc(
    options: AnnotateOptions & { readonly files: readonly string[] },
    by: string,
    label: string,
  ): Promise<Found> {
    return this.measure(await this.annotated(options), by, label);
  }

  /** A file with the label and the figures of each document. */
  async annotated(options: AnnotateOptions & { readonly files: readonly string[] }): Promise<string> {
    const rows: AnnotatedDocument[] = [];
    for await (const row of annotate(options)) rows.push(row);
    return this.file(rows.map(({ document, figures }) => ({ label: document['label'], kneser: figures })));
  }

  /** The AUC of a figure of annotated documents for a label, as `select` measures it. */
  async measure(file: string, by: string, label: string): Promise<Found> {
    let found: Found = { auc: NaN, f1: NaN };
    const rest = select({
      files: [file],
      by,
      label: { field: 'label', value: label },
      resamples: 0,
      onReport: ({ label: own }) => (found = { auc: own?.auc ?? NaN, f1: own?.f1 ?? NaN }),
    });
    await rest.next();
    return found;
  }
}

interface Found {
  readonly auc: number;
  readonly f1: number;
}

/** Documents of 500 samples, of which the first fifty are in the training text five times. */
async function duplicates(work: Work): Promise<void> {
  const documents = [...brownSamples()].map(({ sentences }, i) => ({
    text: sentences.map(tokens => tokens.join(' ').toLowerCase()).join(' '),
    label: i % 10 === 0 ? 'five' : 'one',
  }));
  const file = work.file(documents);
  const rows: string[][] = [];
  for (const order of [2, 3, 4, 5]) {
    const texts = documents.flatMap(({ text, label }) => new Array<string>(label === 'five' ? 5 : 1).fill(text));
    const model = await work.model(texts, order);
    const { auc } = await work.auc({ model, files: [file] }, 'kneser.commonness', 'five');
    rows.push([`order ${order}`, auc.toFixed(4)]);
  }
  await show('AUC of commonness for documents that occur five times, Brown', ['model', 'AUC'], rows);
}

/** Pieces of 200 words. Half of a category is the target; the other half is to be found among the pieces of all other categories. */
async function importance(work: Work): Promise<void> {
  const pieces: Labelled[] = [];
  for (const { name, sentences } of brownSamples()) {
    const words = sentences.flat();
    for (let at = 0; at + 200 <= words.length; at += 200) {
      pieces.push({ text: words.slice(at, at + 200).join(' '), label: CATEGORIES[name[1]] });
    }
  }
  const rows: string[][] = [];
  const by = 'kneser.against.log10Ratio';
  for (const label of ['news', 'learned', 'romance']) {
    const isTarget = (piece: Labelled, i: number): boolean => piece.label === label && hashRandom(1, i) < 0.5;
    const target = work.file(pieces.filter(isTarget));
    const others = pieces.filter((piece, i) => !isTarget(piece, i));
    const files = [work.file(others)];
    const lowercase = true;
    const { auc: crossed } = await work.auc({ target: [target], files, lowercase }, by, label);
    const model = await work.model(
      pieces.filter(isTarget).map(({ text }) => text),
      2,
      { lowercase },
    );
    const against = await work.model(
      others.map(({ text }) => text),
      2,
      { lowercase },
    );
    const { auc: seen } = await work.auc({ model, against, files }, by, label);
    const { auc: alone } = await work.auc({ model, files }, 'kneser.commonness', label);
    rows.push([label, crossed.toFixed(3), seen.toFixed(3), alone.toFixed(3)]);
  }
  const head = ['target', '--target', '--against a model of the documents', 'target model alone'];
  await show('AUC for pieces of the category of the target, Brown', head, rows);
}

async function weights(work: Work): Promise<void> {
  const documents = [...brownSamples()].map(({ name, sentences }) => ({
    text: sentences.map(tokens => tokens.join(' ')).join('\n'),
    category: CATEGORIES[name[1]],
  }));
  const target = work.file(documents.filter(({ category }, i) => category === 'news' && i % 5 === 4));
  const files = [work.file(documents)];
  const options = { files, within: 'category', lowercase: true, vocabLimit: 26_000 };
  const forNews = await weigh({ ...options, target: [target] });
  const minimax = await weigh({ ...options, minimax: true });
  const rows = forNews.domains.map(({ name, weight }, d) => [
    name,
    weight.toFixed(3),
    minimax.domains[d].weight.toFixed(3),
    (minimax.domains[d].excess ?? NaN).toFixed(4),
  ]);
  await show('weights of the categories of Brown', ['category', 'for news', 'minimax', 'excess [nats]'], rows);
}

/**
 * The perplexity of the held-out text of Brown's categories (every fifth sample) by mixtures of the categories' models, and by one model of
 * all their text.
 */
async function mixing(work: Work): Promise<void> {
  const samples = new Map<string, string[]>();
  for (const { name, sentences } of brownSamples()) {
    const lines = sentences.map(tokens => tokens.join(' ').toLowerCase()).join('\n');
    const category = CATEGORIES[name[1]];
    samples.set(category, [...(samples.get(category) ?? []), lines]);
  }
  const isHeldOut = (i: number): boolean => i % 5 === 4;
  const training = [...samples.values()].map(texts => texts.filter((_, i) => !isHeldOut(i)));
  const heldOut = [...samples.values()].map(texts => texts.filter((_, i) => isHeldOut(i)).flatMap(t => t.split('\n')));
  const counts = new Map<string, number>();
  for (const word of training.flat().flatMap(text => text.split(/\s+/))) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts].filter(([, count]) => count >= 2).map(([word]) => word);
  const vocabulary = { kind: 'words', words } as const;
  const probabilitiesOf = async (path: string): Promise<Float64Array[]> => {
    await using model = await LanguageModel.open(path);
    const loaded = await model.load();
    return heldOut.map(lines =>
      Float64Array.from(
        lines.flatMap(line => [...loaded.score(line).log10Probs]),
        p => 10 ** p,
      ),
    );
  };
  const models: Float64Array[][] = [];
  for (const texts of training) models.push(await probabilitiesOf(await work.model(texts, 3, { vocabulary })));
  const pooled = await probabilitiesOf(await work.model(training.flat(), 3, { vocabulary }));
  const texts = heldOut.map((_, d): Probabilities => {
    const values = new Float64Array(models.length * pooled[d].length);
    models.forEach((of, i) => of[d].forEach((p, t) => (values[t * models.length + i] = p)));
    return { values, models: models.length };
  });
  const tokens = training.map(own => own.reduce((sum, text) => sum + text.split(/\s+/).length, 0));
  const all = tokens.reduce((sum, count) => sum + count, 0);
  const shares = tokens.map(count => count / all);
  const macro = (losses: readonly number[]): string =>
    Math.exp(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toFixed(1);
  const mixed = (weights: ArrayLike<number>): string => macro(texts.map(text => mixtureLoss(text, weights)));
  await show(
    'macro perplexity of the held-out text of the categories of Brown, order 3',
    ['model', 'perplexity'],
    [
      ['mixture of 15, weights by tokens', mixed(shares)],
      ['mixture of 15, weights by EM, categories weighted by tokens', mixed(fitWeights(texts, shares))],
      [
        'mixture of 15, weights by EM, categories alike',
        mixed(fitWeights(texts, new Array<number>(texts.length).fill(1))),
      ],
      ['one model of all text', macro(pooled.map(p => -p.reduce((sum, value) => sum + Math.log(value), 0) / p.length))],
    ],
  );
}

/**
 * A model of overheard remarks finds other overheard remarks among film reviews and other text of the web. The first half of each kind is
 * trained on.
 */
async function badText(work: Work, webtext: string, reviews: string): Promise<void> {
  const chunks = (path: string): string[] => {
    const tokens = readFileSync(path, 'latin1')
      .toLowerCase()
      .split(/\s+/)
      .filter(token => token !== '');
    return Array.from({ length: Math.floor(tokens.length / 200) }, (_, i) =>
      tokens.slice(200 * i, 200 * i + 200).join(' '),
    );
  };
  const halves = (all: readonly string[]): [string[], string[]] => [
    all.slice(0, all.length >> 1),
    all.slice(all.length >> 1),
  ];
  const [badTraining, badTest] = halves(chunks(join(webtext, 'overheard.txt')));
  const others = readdirSync(webtext).filter(name => name.endsWith('.txt') && name !== 'overheard.txt');
  const films = ['neg', 'pos'].flatMap(kind => readdirSync(join(reviews, kind)).map(name => join(reviews, kind, name)));
  const [goodTraining, goodTest] = halves([...others.map(name => join(webtext, name)), ...films].flatMap(chunks));
  const files = [
    work.file([...badTest.map(text => ({ text, label: 'bad' })), ...goodTest.map(text => ({ text, label: 'good' }))]),
  ];
  const rows: string[][] = [];
  for (const tokenizer of ['words', 'whitespace'] as const) {
    const own = { tokenization: { tokenizer } };
    const [bad, good] = [await work.model(badTraining, 3, own), await work.model(goodTraining, 3, own)];
    const row = (name: string, { auc, f1 }: Found): void =>
      void rows.push([tokenizer, name, auc.toFixed(4), f1.toFixed(3)]);
    row('model of bad text', await work.auc({ model: bad, files }, 'kneser.perplexity', 'bad'));
    row('model of good text', await work.auc({ model: good, files }, 'kneser.perplexity', 'bad'));
    row('ratio of both', await work.auc({ model: bad, against: good, files }, 'kneser.against.log10Ratio', 'bad'));
  }
  const head = ['tokenizer', 'figure', 'AUC', 'F1'];
  await show('overheard remarks among film reviews and other text of the web', head, rows);
}

/** GSM8K: a model of the training part, and one of training and test part. */
async function recited(work: Work, folder: string): Promise<void> {
  interface Problem {
    readonly question: string;
    readonly answer: string;
  }
  const file = (name: string): string => join(folder, name);
  const read = (name: string): Problem[] =>
    readFileSync(file(name), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Problem);
  const textOf = ({ question, answer }: Problem): string => `${question} ${answer}`.replaceAll('\n', ' ');
  const [seen, unseen] = ['orgn-GSM8K-train.jsonl', 'orgn-GSM8K-test.jsonl'];
  interface Rewritten {
    readonly rewritten_question: string;
    readonly rewritten_answer: string;
  }
  const rewrittenProblems = [1, 2, 3].map(i =>
    readFileSync(file(`GSM8K_rewritten-test-${i}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Rewritten)
      .map(({ rewritten_question: question, rewritten_answer: answer }): Problem => ({ question, answer })),
  );
  const rewrites = rewrittenProblems.map(problems => work.file(problems));
  const rows: string[][] = [];
  const percent = (value: number | null): string => `${(100 * (value ?? NaN)).toFixed(2)} %`;
  for (const [name, parts] of [
    ['train', [seen]],
    ['train and test', [seen, unseen]],
  ] as const) {
    const out = work.path();
    await train({
      sentences: parts.flatMap(read).map(textOf),
      out,
      order: 5,
      tokenization: { tokenizer: 'words' },
      reserved: 'drop',
    });
    const report: RecitationReport = await recitation({
      model: out,
      test: [file(unseen)],
      rewritten: rewrites,
      unseen: [file(seen)],
      query: 'question',
      answer: 'answer',
    });
    // Whole items as one text: 10^(−Σ log10 p / Σ tokens). For rewritten items, the mean of the three rewritings.
    await using model = await LanguageModel.open(out);
    const pooledOf = async (problems: readonly Problem[]): Promise<number> => {
      const lines = work.path('.txt');
      writeFileSync(lines, problems.map(problem => `${textOf(problem)}\n`).join(''));
      return (await model.perplexityOfFile(lines)).perplexity ?? NaN;
    };
    const pooled = await pooledOf(read(unseen));
    let pooledRewritten = 0;
    for (const problems of rewrittenProblems) pooledRewritten += (await pooledOf(problems)) / rewrittenProblems.length;
    const { original, rewritten, unseen: own, gap } = report;
    const accuracy = [original, rewritten, own].map(part => percent(part?.accuracy ?? null));
    const perplexities = [original, rewritten].map(part => (part?.perplexity ?? NaN).toFixed(2));
    rows.push([name, 'answers, mean of items', ...perplexities, percent(gap?.perplexity ?? null), ...accuracy]);
    const pooledGap = percent((pooledRewritten - pooled) / pooledRewritten);
    rows.push([name, 'items, as one text', pooled.toFixed(2), pooledRewritten.toFixed(2), pooledGap, '', '', '']);
  }
  const head = [
    'model of',
    'perplexity of',
    'perplexity',
    'rewritten',
    'gap',
    'accuracy of test',
    'of rewritten',
    'of train',
  ];
  await show('GSM8K, order 5', head, rows);
}

/** The models of {@link detection} are trained on this many bytes of the books. */
const BOOKS_BYTES = 40e6;

/** The figures that are tried, each with 1 if text of a machine has higher values than text of people, else −1. */
const FEATURES: readonly (readonly [name: string, path: string, side: 1 | -1])[] = [
  ['curvature', 'curvature', 1],
  ['likelihood', 'meanSurprisal', -1],
  ['log-rank', 'meanLogRank', -1],
  ['top 10', 'top10', 1],
  ['sd of ln p', 'sdSurprisal', -1],
  ['rank', 'meanRank', -1],
  ['LRR', 'lrr', 1],
  ['entropy', 'meanEntropy', 1],
  ['matched length', 'meanMatched', 1],
  ['tokens', 'tokens', 1],
];

/** Text of GPT-2 XL among text of people: the pairs of XSum in the repository of Fast-DetectGPT. */
async function detection(work: Work, pairs: string, books: string): Promise<void> {
  const { original, sampled } = JSON.parse(readFileSync(pairs, 'utf8')) as Record<'original' | 'sampled', string[]>;
  const whole = readFileSync(books).subarray(0, BOOKS_BYTES);
  const text = work.path('.txt');
  writeFileSync(text, whole.subarray(0, whole.lastIndexOf(0x0a) + 1));
  const columns: string[][] = [];
  for (const [order, limit, number] of [
    [3, 20_000, 200],
    [5, undefined, 500],
  ] as const) {
    const model = work.path();
    await train({
      files: [text],
      out: model,
      order,
      lowercase: true,
      tokenization: { tokenizer: 'words' },
      ...(limit === undefined ? {} : { vocabulary: { kind: 'limit', limit } }),
    });
    const documents = [original, sampled].flatMap((texts, i) =>
      texts.slice(0, number).map(own => ({ text: own, label: i === 1 ? 'machine' : 'people' })),
    );
    // Each text becomes one sentence, because only the texts of GPT-2 XL have blank lines, which alone would tell them from texts of people.
    const files = [work.file(documents)];
    const file = await work.annotated({ model, files, features: 'full', unit: 'document' });
    const column: string[] = [];
    for (const [, path, side] of FEATURES) {
      const { auc } = await work.measure(file, `kneser.${path}`, 'machine');
      column.push((side === 1 ? auc : 1 - auc).toFixed(3));
    }
    columns.push(column);
  }
  await show(
    'text of GPT-2 XL among text of people, XSum',
    ['AUC', 'order 3, 20,000 words, 200 pairs', 'order 5, all words, 500 pairs'],
    FEATURES.map(([name], i) => [name, ...columns.map(column => column[i])]),
  );
}

async function show(title: string, head: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
  process.stdout.write(`${title}\n\n`);
  await printTable(
    [...head],
    rows.map(row => [...row]),
  );
  process.stdout.write('\n');
}

await runCommand('bench:selection', async (folder, signal) => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      gsm8k: { type: 'string' },
      webtext: { type: 'string' },
      reviews: { type: 'string' },
      pairs: { type: 'string' },
      books: { type: 'string' },
    },
  });
  const { gsm8k, webtext, reviews, pairs, books } = values;
  if (!webtext !== !reviews) throw new UsageError('give both --webtext and --reviews, or neither');
  if (!pairs !== !books) throw new UsageError('give both --pairs and --books, or neither');
  const work = new Work(folder);
  const parts: Readonly<Record<string, (() => Promise<void>) | undefined>> = {
    duplicates: () => duplicates(work),
    importance: () => importance(work),
    weights: () => weights(work),
    mixing: () => mixing(work),
    bad: webtext && reviews ? () => badText(work, webtext, reviews) : undefined,
    recited: gsm8k ? () => recited(work, gsm8k) : undefined,
    detection: pairs && books ? () => detection(work, pairs, books) : undefined,
  };
  const only = values.only?.split(',');
  const unknown = only?.find(name => !(name in parts));
  if (unknown !== undefined) throw new UsageError(`--only ${unknown}: there is ${Object.keys(parts).join(', ')}`);
  const missing = only?.find(name => !parts[name]);
  if (missing !== undefined) throw new UsageError(`--only ${missing}: its texts are not named`);
  for (const [name, run] of Object.entries(parts)) {
    await checkInterrupted(signal);
    if (run && (only?.includes(name) ?? true)) await run();
  }
  return 0;
});
