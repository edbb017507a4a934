import { withJsonArrays } from '../base/json.js';
import { addSentence, addSpellings } from '../model/model-base.js';
import { PerplexitySum } from '../model/scoring/perplexity.js';
import { IdSink } from '../model/scoring/text-reader.js';
import type { Score, TextOptions } from '../model/scoring/score.js';
import type { VectorOptions } from '../model/scoring/vector.js';
import { BatchLayout } from '../smoothing/batch.js';
import { createFeeder } from '../text/feeder.js';
import { countCharacters } from '../text/surface.js';
import type { Sentence } from '../text/sentences.js';
import { EOS } from '../text/tokens.js';
import { ordered, readingOf } from '../text/word-order.js';
import type { Call, Endpoint } from './endpoint.js';
import { Failure } from './failure.js';
import * as is from './members.js';
import { membersOf, described, type Members } from './members.js';
import { SCHEMAS } from './schemas.js';
import { checkSize, ENDS, ONE_OR_MORE, sentencesOf, type OneOrMore } from './sentence-members.js';
import type { ServedModel } from './served-model.js';

/** Longer lists of sentences are scored by threads [UTF-16 units]. */
const FOR_THREADS = 1 << 16;

/** Scores sentences one after another, with turns for other requests between them. @throws KNESER_LIMIT */
async function scoreInTurn<Scored extends Score>(
  call: Call,
  { name }: ServedModel,
  sentences: readonly Sentence[],
  score: (sentence: Sentence) => Scored | Promise<Scored>,
): Promise<Scored[]> {
  const scores: Scored[] = [];
  let tokens = 0;
  for (const sentence of sentences) {
    const found = score(sentence);
    const scored = found instanceof Promise ? await found : found;
    checkSize('sentences', (tokens += scored.tokens.length), 'tokens', 'send less text in a request');
    scores.push(scored);
    const pausing = call.pause();
    if (pausing) await pausing;
  }
  call.metrics.used(name, 'scored', tokens);
  return scores;
}

const CACHE: Members = {
  cache: described('Mixes in a cache of the sentences so far, which are a running text. Needs tuned weights.', is.flag),
};

const SCORE: Members = { ...ONE_OR_MORE, ...ENDS, ...CACHE };

const score: Endpoint = {
  method: 'POST',
  path: '/score',
  summary: 'Scores sentences token by token (`model.score`, `model.scoreEach`).',
  members: SCORE,
  answers: SCHEMAS.score,
  takesLines: true,
  answer: async (call, body) => {
    const request = membersOf<OneOrMore & Pick<TextOptions, 'start' | 'end' | 'cache'>>('score', body, SCORE);
    const sentences = sentencesOf(request);
    const served = call.model(request.model);
    const { model } = served;
    const { start = true, end = true } = request;
    const cache = request.cache ? await call.createCache(served) : undefined;
    const isLong = served.isLoaded && sentences.reduce((sum, { length }) => sum + length, 0) > FOR_THREADS;
    const byThreads =
      isLong && !cache ? model.scoreEach(sentences, { start, end, threads: call.limits.threads }) : undefined;
    try {
      const scores = await scoreInTurn(call, served, sentences, sentence =>
        byThreads ? byThreads.next().then(({ value }) => value as Score) : model.score(sentence, { start, end, cache }),
      );
      return withJsonArrays({ model: served.name, ...(request.sentence === undefined ? { scores } : scores[0]) });
    } finally {
      await byThreads?.return(undefined);
    }
  },
};

const PERPLEXITY: Members = {
  model: is.model,
  sentences: described('The sentences of a text.', is.sentences),
  text: described('The text, as that of a file: each line is a sentence, or as the model was trained.', is.text),
  ...ENDS,
  ...CACHE,
};

const perplexity: Endpoint = {
  method: 'POST',
  path: '/perplexity',
  summary: 'The perplexity of a text (`model.perplexity`, `kneser perplexity`).',
  members: PERPLEXITY,
  answers: SCHEMAS.perplexity,
  takesLines: true,
  answer: async (call, body) => {
    const request = membersOf<
      Pick<TextOptions, 'start' | 'end' | 'cache'> & { model?: string; sentences?: Sentence[]; text?: string }
    >('perplexity', body, PERPLEXITY);
    const { sentences, text, start = true, end = true } = request;
    if ((sentences === undefined) === (text === undefined)) {
      throw new Failure(400, 'KNESER_OPTION', 'text: give either text or sentences', 'text');
    }
    const served = call.model(request.model);
    const cache = request.cache ? await call.createCache(served) : undefined;
    const sum = new PerplexitySum();
    const layout = new BatchLayout(served.order, 256, { start, end });
    const score = async (): Promise<void> => {
      const { batch } = layout;
      const found = served.scoreBatch(batch, cache);
      sum.addWords(found instanceof Float64Array ? found : await found, batch.oov, batch.length);
      layout.clear();
      const pausing = call.pause();
      if (pausing) await pausing;
    };
    for (const ids of sentences ? idsOfSentences(served, sentences, sum) : idsOfText(served, text ?? '', sum)) {
      for (const id of ids) {
        layout.push(id);
        if (layout.full) await score();
      }
    }
    await score();
    const figures = sum.figures();
    call.metrics.used(served.name, 'scored', figures.tokens);
    return { model: served.name, ...figures };
  },
};

function* idsOfSentences(served: ServedModel, sentences: readonly Sentence[], sum: PerplexitySum): Generator<number[]> {
  const { parts } = served.paged;
  for (const sentence of sentences) {
    const surface = typeof sentence === 'string' ? served.paged.tokenize(sentence) : [...sentence];
    const read = readingOf(parts.tokenization.order, surface).tokens;
    if (read.length === 0 && parts.manifest.options.skipBlank) continue;
    addSentence(sum, sentence, parts);
    const ids = read.map(token => served.words.idOf(token));
    addSpellings(sum, read, ids, served.words);
    yield [...ids, EOS];
  }
}

/** The ids of a text as that of a file, with the length of the text in `sum`. */
function* idsOfText(served: ServedModel, text: string, sum: PerplexitySum): Generator<Uint32Array> {
  const { tokenization, manifest } = served.paged.parts;
  const { words } = served;
  const sink = new IdSink(words, manifest.options.skipBlank, token => {
    sum.spellingLog10Prob += words.spell(token);
  });
  const feeder = createFeeder(tokenization, ordered(tokenization.order, sink), words, 'the text');
  const bytes = new TextEncoder().encode(text);
  sum.bytes += bytes.length;
  sum.characters += countCharacters(bytes, 0, bytes.length);
  for (let from = 0; from < bytes.length; from += 1 << 16) {
    feeder.feed(bytes.subarray(from, from + (1 << 16)));
    yield sink.take();
  }
  feeder.end();
  yield sink.take();
  sum.sentences += sink.sentences;
}

const VECTOR: Members = {
  ...ONE_OR_MORE,
  window: described('The length of a window [tokens]. Default 3.', is.whole(1, Number.MAX_SAFE_INTEGER)),
  context: is.choice(['text', 'window']),
  relative: is.flag,
  bins: described('The number of values, in place of one for each token.', is.whole(1, 1_000_000)),
};

const vector: Endpoint = {
  method: 'POST',
  path: '/vector',
  summary: 'Shows where sentences are odd: n-gram perplexities (`model.ngramPerplexities`).',
  members: VECTOR,
  answers: SCHEMAS.vector,
  takesLines: true,
  answer: async (call, body) => {
    const request = membersOf<OneOrMore & VectorOptions>('vector', body, VECTOR);
    const sentences = sentencesOf(request);
    const own = Object.entries(request).filter(([name]) => !(name in ONE_OR_MORE));
    const options = Object.fromEntries(own) as VectorOptions;
    const served = call.model(request.model);
    checkSize('bins', (options.bins ?? 0) * sentences.length, 'values', 'send fewer sentences or ask for fewer bins');
    const vectors = await scoreInTurn(call, served, sentences, sentence =>
      served.model.scoreVector(sentence, options, call.pause),
    );
    return withJsonArrays({ model: served.name, ...(request.sentence === undefined ? { vectors } : vectors[0]) });
  },
};

/** The endpoints that score text, with the names, options and results of the library's functions. */
export const SCORES: readonly Endpoint[] = [score, perplexity, vector];
