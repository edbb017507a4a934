import { checkAborted } from '../base/errors.js';
import { hashRandom } from '../base/hash-random.js';
import type { Tokenization } from '../text/tokenization.js';
import type { RankingFigures } from './report.js';
import { measureModel, type Measured, type Series } from './series.js';
import { signalToNoise } from './signal.js';
import { openTexts, type TestText } from './texts.js';

/** The share of the training sentences in a sample. */
const SAMPLE = 0.9;
/** Samples need no intervals; the bootstrap takes at least this many resamples. */
const FEW_RESAMPLES = 100;

/**
 * Trains every model again on samples of the training text, and says how well the test texts rank the models (Heineman et al. 2025). The
 * signal is that of all models on the whole text; the noise is that of the model with the lowest perplexity over the samples.
 *
 * @param count how many samples there are: each has 90 % of the sentences, chosen by a hash of the seed and the sentence's number.
 */
export async function rankingFigures(
  series: Series,
  measured: readonly Measured[],
  count: number,
  tokenization: Tokenization,
): Promise<RankingFigures[]> {
  const { options, files, tests, seed } = series;
  const texts = await openTexts(files.train, path => path, tokenization, options);
  /** By sample, by model, its perplexities: of each test file, then of all files as one text. */
  const repeats: number[][][] = [];
  // The models of samples are removed after measuring.
  const others: { keepModels?: string } & typeof options = { ...options, force: true };
  delete others.keepModels;
  for (let sample = 1; sample <= count; sample++) {
    const own: Series = {
      ...series,
      options: others,
      resamples: FEW_RESAMPLES,
      models: series.work,
      tokens: undefined,
      sample: () => sampleOf(texts, seed, sample, () => checkAborted(options.signal, 'the baseline')),
    };
    const found: number[][] = [];
    for (const { candidate } of measured) {
      const name = `${candidate.name}-sample${sample}`;
      found.push(perplexitiesOf(await measureModel(own, { ...candidate, name }, false)));
    }
    repeats.push(found);
  }
  const whole = measured.map(perplexitiesOf);
  return [...tests.keys(), ...(tests.length > 1 ? [tests.length] : [])].map(t => {
    const scores = whole.map(perplexities => perplexities[t]);
    const best = scores.indexOf(Math.min(...scores));
    const decisions = repeats.map(models =>
      agreement(
        scores,
        models.map(perplexities => perplexities[t]),
      ),
    );
    return {
      file: t < tests.length ? tests[t].file : null,
      ...signalToNoise(
        scores,
        repeats.map(models => models[best][t]),
      ),
      decisionAccuracy: decisions.reduce((sum, share) => sum + share, 0) / count,
    };
  });
}

/** The perplexities of a model: of each test file, then of all files as one text. */
function perplexitiesOf({ report }: Measured): number[] {
  return [...report.files, report.micro].map(({ perplexity }) => perplexity ?? NaN);
}

/** The share of pairs that two lists of scores put into the same order. */
function agreement(a: readonly number[], b: readonly number[]): number {
  let [pairs, alike] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++, pairs++) if (Math.sign(a[i] - a[j]) === Math.sign(b[i] - b[j])) alike++;
  }
  return alike / pairs;
}

/** The sentences of a sample of texts. */
async function* sampleOf(
  texts: readonly TestText[],
  seed: number,
  sample: number,
  check: () => void,
): AsyncGenerator<string, void, void> {
  let index = 0;
  for (const { sentences } of texts) {
    for await (const { text } of sentences()) {
      check();
      if (hashRandom(seed + sample, index++) < SAMPLE) yield text;
    }
  }
}
