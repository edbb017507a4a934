/**
 * `npm run bench:selection -- [--gsm8k FOLDER] [--webtext FOLDER --reviews FOLDER]`: what the methods of choosing documents find on real text.
 * Brown: planted duplicates by commonness, importance selection of three categories, weights of fifteen categories. With the folders of the
 * benbench repository's GSM8K files and of NLTK's webtext and movie_reviews: what a model recites, and a model of bad text.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hashRandom } from '../src/base/hash-random.js';
import { brownSamples } from '../corpora/brown.js';
import { printTable } from '../src/cli/output.js';
import {
  annotate,
  recitation,
  select,
  train,
  weigh,
  type AnnotatedDocument,
  type AnnotateOptions,
  type RecitationReport,
} from '../src/index.js';
import { runCommand } from './command.js';

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
    options: { readonly lowercase?: boolean } = {},
  ): Promise<string> {
    const out = this.path();
    await train({ sentences: texts.flatMap(text => text.split('\n')), out, order, reserved: 'drop', ...options });
    return out;
  }

  /** The AUC of a figure for documents with a label: annotated, and measured by `select`. */
  async auc(
    options: AnnotateOptions & { readonly files: readonly string[] },
    by: string,
    label: string,
  ): Promise<Found> {
    const rows: AnnotatedDocument[] = [];
    for await (const row of annotate(options)) rows.push(row);
    const file = this.file(rows.map(({ document, figures }) => ({ label: document['label'], kneser: figures })));
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

/** Pieces of 200 words; half of a category is the target, and the rest of it is to be found among all other pieces. */
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

/** A model of overheard remarks finds others of them among film reviews and other text of the web. */
async function badText(work: Work, webtext: string, reviews: string): Promise<void> {
  const chunks = (text: string): string[] => {
    const tokens = text
      .toLowerCase()
      .split(/\s+/)
      .filter(token => token !== '');
    return Array.from({ length: Math.floor(tokens.length / 200) }, (_, i) =>
      tokens.slice(200 * i, 200 * i + 200).join(' '),
    );
  };
  const read = (path: string): string => readFileSync(path, 'latin1');
  const halves = (all: readonly string[]): [string[], string[]] => [
    all.filter((_, i) => hashRandom(1, i) < 0.5),
    all.filter((_, i) => hashRandom(1, i) >= 0.5),
  ];
  const [badTraining, badTest] = halves(chunks(read(join(webtext, 'overheard.txt'))));
  const others = readdirSync(webtext).filter(name => name.endsWith('.txt') && name !== 'overheard.txt');
  const films = ['neg', 'pos'].flatMap(kind => readdirSync(join(reviews, kind)).map(name => join(reviews, kind, name)));
  const [goodTraining, goodTest] = halves(
    [...others.map(name => join(webtext, name)), ...films].flatMap(path => chunks(read(path))),
  );
  const [bad, good] = [await work.model(badTraining, 3), await work.model(goodTraining, 3)];
  const files = [
    work.file([...badTest.map(text => ({ text, label: 'bad' })), ...goodTest.map(text => ({ text, label: 'good' }))]),
  ];
  const rows: string[][] = [];
  const row = (name: string, { auc, f1 }: Found): void => void rows.push([name, auc.toFixed(4), f1.toFixed(3)]);
  row('model of bad text', await work.auc({ model: bad, files }, 'kneser.perplexity', 'bad'));
  row('model of good text', await work.auc({ model: good, files }, 'kneser.perplexity', 'bad'));
  row('ratio of both', await work.auc({ model: bad, against: good, files }, 'kneser.against.log10Ratio', 'bad'));
  await show('overheard remarks among film reviews and other text of the web', ['figure', 'AUC', 'F1'], rows);
}

/** GSM8K: a model of the training part, and one of training and test part. */
async function recited(work: Work, folder: string): Promise<void> {
  interface Problem {
    readonly question: string;
    readonly answer: string;
    readonly rewritten_question?: string;
    readonly rewritten_answer?: string;
  }
  const file = (name: string): string => join(folder, name);
  const read = (name: string): Problem[] =>
    readFileSync(file(name), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Problem);
  const textOf = ({ question, answer }: Problem): string => `${question} ${answer}`.replaceAll('\n', ' ');
  const [seen, unseen] = ['orgn-GSM8K-train.jsonl', 'orgn-GSM8K-test.jsonl'];
  const rewrites = [1, 2, 3].map(i =>
    work.file(
      read(`GSM8K_rewritten-test-${i}.jsonl`).map(
        ({ rewritten_question: question = '', rewritten_answer: answer = '' }) => ({
          question,
          answer,
        }),
      ),
    ),
  );
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
    const { original, rewritten, unseen: own, gap } = report;
    const accuracy = [original, rewritten, own].map(part => percent(part?.accuracy ?? null));
    const perplexities = [original, rewritten].map(part => (part?.perplexity ?? NaN).toFixed(2));
    rows.push([name, ...perplexities, percent(gap?.perplexity ?? null), ...accuracy]);
  }
  const head = ['model of', 'perplexity', 'rewritten', 'gap', 'accuracy of test', 'of rewritten', 'of train'];
  await show('GSM8K, order 5', head, rows);
}

async function show(title: string, head: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
  process.stdout.write(`${title}\n\n`);
  await printTable(
    [...head],
    rows.map(row => [...row]),
  );
  process.stdout.write('\n');
}

await runCommand('bench:selection', async folder => {
  const { values } = parseArgs({
    options: { gsm8k: { type: 'string' }, webtext: { type: 'string' }, reviews: { type: 'string' } },
  });
  const work = new Work(folder);
  await duplicates(work);
  await importance(work);
  await weights(work);
  if (values.webtext && values.reviews) await badText(work, values.webtext, values.reviews);
  if (values.gsm8k) await recited(work, values.gsm8k);
  return 0;
});
