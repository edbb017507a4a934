import { callBack } from '../base/call-back.js';
import { givenOptions } from '../base/check.js';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkAborted } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import type { ModelInfo } from '../model/api.js';
import type { LoadedModel } from '../model/loaded-model.js';
import { LanguageModel } from '../model/language-model.js';
import { SMOOTHINGS, type Smoothing } from '../smoothing/index.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { documentsOf, expandInputs } from '../text/formats/input.js';
import { train } from '../train/train.js';
import { tune } from '../train/tune.js';
import { ColumnFile } from './columns.js';
import type { BaselineFiles } from './corpus.js';
import { trainingCounts, type TrainingCounts } from './counts.js';
import { macroFigures, TextMeasure } from './measure.js';
import { SHARED_OPTION_NAMES, type BaselineOptions } from './options.js';
import type { ModelReport } from './report.js';
import { spelledLength } from './spelling.js';
import type { WordOrderName } from '../text/word-order.js';
import type { TestText } from './texts.js';
import { cell, DOCUMENT_COLUMN, formatLog10Prob, modelColumns } from './token-table.js';

const encoder = new TextEncoder();

/** About the number of bytes of an English token, with the space after it. */
const BYTES_A_TOKEN = 5;
/** Progress is reported after this many sentences. */
const SENTENCES_A_REPORT = 256;

/** A model to train and measure. */
export interface Candidate {
  readonly name: string;
  readonly smoothing: Smoothing;
  readonly order: number;
  /** The order in which the model reads the words of a sentence; missing for `forward`. */
  readonly wordOrder?: WordOrderName;
}

/** A model that was trained and measured. */
export interface Measured {
  readonly candidate: Candidate;
  /** The measure of all test files as one text. */
  readonly all: TextMeasure;
  readonly report: ModelReport;
  readonly info: ModelInfo;
  /** The columns of the model in the table of tokens; `undefined` if no table is written. */
  readonly column: ColumnFile | undefined;
}

/** The parts of a baseline that all models share. */
export interface Series {
  readonly options: BaselineOptions;
  readonly files: BaselineFiles;
  readonly tests: readonly TestText[];
  readonly resamples: number;
  readonly seed: number;
  readonly classes: number;
  /** The folder for temporary files. */
  readonly work: string;
  /** The folder in which models are trained. */
  readonly models: string;
  /** The columns of the table of tokens that all models share; `undefined` if no table is written. */
  readonly tokens: ColumnFile | undefined;
  readonly warnings: Set<string>;
  /** The sentences to train on in place of the files; `undefined` for the files. */
  readonly sample?: (() => AsyncIterable<string>) | undefined;
}

/**
 * Trains, tunes and measures a model, and writes its columns of the table of tokens to a file. Call it for one model after another.
 *
 * @param isFirst whether this is the first model, which also writes the columns that all models share.
 */
export async function measureModel(series: Series, candidate: Candidate, isFirst: boolean): Promise<Measured> {
  const { options, files, tests, sample } = series;
  const { name, order, wordOrder } = candidate;
  const mixture = SMOOTHINGS[candidate.smoothing].tables === 'all';
  const folder = join(series.models, name);
  const { signal } = options;
  const tell = (progress: Progress): void => callBack(options.onProgress, { model: name, ...progress });
  const trained = await train({
    ...givenOptions(options, SHARED_OPTION_NAMES),
    ...(sample ? { sentences: sample() } : { ...(await documentsIn(files.train, options)), files: files.train }),
    out: folder,
    order,
    ...(wordOrder ? { wordOrder } : {}),
    ...(mixture ? { patterns: { skip: true }, classes: series.classes } : {}),
    force: options.force ?? false,
    onProgress: tell,
    ...(signal ? { signal } : {}),
  });
  if (!sample) trained.warnings.forEach(warning => series.warnings.add(`training text: ${warning}`));
  let tuneSeconds: number | null = null;
  if (mixture) {
    const started = performance.now();
    await tune({
      ...(await documentsIn(files.valid, options)),
      model: folder,
      files: files.valid,
      onProgress: tell,
      signal,
    });
    tuneSeconds = seconds(started);
  }
  const model = await LanguageModel.open(folder, { smoothing: candidate.smoothing });
  try {
    const expectedTokens = tests.reduce((sum, { bytes }) => sum + bytes, 0) / BYTES_A_TOKEN;
    const started = performance.now();
    const loaded = model.shouldLoad(expectedTokens) ? await model.load({ onProgress: tell, signal }) : undefined;
    const loadSeconds = loaded ? seconds(started) : null;
    const counts = isFirst && series.tokens ? await trainingCounts(model) : undefined;
    const column = series.tokens && new ColumnFile(join(series.work, `${name}.columns`), modelColumns(name));
    const texts: TextMeasure[] = [];
    const clock = { seconds: 0 };
    for (const index of tests.keys()) {
      texts.push(await measureText(series, index, loaded ?? model, counts, column, clock, tell));
    }
    await column?.end();
    const all = TextMeasure.together(texts);
    const report: ModelReport = {
      ...candidate,
      ngrams: trained.tables.reduce((sum, { types }) => sum + types, 0),
      bytes: trained.bytes,
      trainSeconds: trained.seconds,
      tuneSeconds,
      loadSeconds,
      scoreSeconds: clock.seconds,
      files: texts.map((text, i) => ({ file: tests[i].file, ...text.figures() })),
      micro: all.figures(),
      macro: macroFigures(texts),
    };
    return { candidate, all, report, info: model.info, column };
  } finally {
    await model.close();
    if (options.keepModels === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Measures a model on a test file, and writes the columns of the file.
 *
 * @param index the index of the file in `series.tests`.
 * @param counts given for the first model, which writes the columns that all models share.
 * @param clock adds up the seconds that scoring takes.
 */
async function measureText(
  series: Series,
  index: number,
  model: LanguageModel | LoadedModel,
  counts: TrainingCounts | undefined,
  column: ColumnFile | undefined,
  clock: { seconds: number },
  tell: (progress: Progress) => void,
): Promise<TextMeasure> {
  const { tests, resamples, seed, options } = series;
  const text = tests[index];
  const { skipBlank, tokenization } = model.info.options;
  const lengthOf = spelledLength(tokenization);
  const words = 'allWords' in model ? await model.allWords() : model.words;
  const measure = TextMeasure.begin(text, { resamples, seed, stream: index });
  const file = cell(text.file);
  const hasDocuments = series.tokens?.columns.includes(DOCUMENT_COLUMN);
  for await (const { text: sentence, number, unit } of text.sentences()) {
    checkAborted(options.signal, 'the baseline');
    if (number % SENTENCES_A_REPORT === 0) {
      tell({ stage: 'score', done: number, total: text.sentenceCount, unit: 'sentences' });
    }
    const started = performance.now();
    const { tokens, log10Probs, matched, oov } = await model.score(sentence);
    clock.seconds += seconds(started);
    if (skipBlank && tokens.length === 1) continue;
    measure.sentence(unit);
    tokens.forEach((token, t) => {
      measure.token(log10Probs[t], oov[t], () => ({
        ...lengthOf(token),
        spellingLog10Prob: words.spell(encoder.encode(token)),
      }));
    });
    await column?.add(tokens.flatMap((_, t) => [formatLog10Prob(log10Probs[t]), String(matched[t])]));
    if (!counts || !series.tokens) continue;
    const document = hasDocuments ? [String(text.unit === 'document' ? unit : 0)] : [];
    await series.tokens.add(
      tokens.flatMap((token, t) => [
        file,
        String(number),
        String(t + 1),
        cell(token),
        String(t + 1 < tokens.length ? counts.of(token) : counts.ends),
        oov[t] ? '1' : '0',
        ...document,
      ]),
    );
  }
  measure.end();
  return measure;
}

/** The options of documents that these files use: training and tuning refuse an option that none of their files uses. */
async function documentsIn(files: readonly string[], options: DocumentOptions): Promise<DocumentOptions> {
  return documentsOf(await expandInputs(files, { ...(options.format ? { format: options.format } : {}) }), options);
}

function seconds(started: number): number {
  return (performance.now() - started) / 1000;
}
