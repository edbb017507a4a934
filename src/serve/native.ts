import { KneserError } from '../base/errors.js';
import { withJsonArrays } from '../base/json.js';
import { annotate, type AnnotatedDocument, type AnnotateOptions } from '../documents/annotate.js';
import type { GenerateOptions } from '../model/generation/options.js';
import type { PredictOptions } from '../model/prediction/prediction.js';
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
import { parseJson, readLines } from './body.js';
import type { Call, Endpoint } from './endpoint.js';
import { Failure } from './failure.js';
import * as is from './members.js';
import { membersOf, described, type Members } from './members.js';
import { MOST_TEXTS, MOST_TOKENS } from './options.js';
import { SCHEMAS } from './schemas.js';
import type { ServedModel } from './served-model.js';

/** The endpoints that have the names, options and results of the library's functions. */

/** Longer lists of sentences are scored by threads [UTF-16 units]. */
const FOR_THREADS = 1 << 16;

const ENDS: Members = {
  start: described('Whether `<s>` stands before each sentence. Default true.', is.flag),
  end: described('Whether `</s>` is scored after each sentence. Default true.', is.flag),
};

const ONE_OR_MORE: Members = {
  model: is.model,
  sentence: described('A sentence: a text, or its tokens.', is.sentence),
  sentences: described('Sentences, in place of `sentence`.', is.sentences),
};

interface OneOrMore {
  readonly model?: string;
  readonly sentence?: Sentence;
  readonly sentences?: readonly Sentence[];
}

/** The sentences of a request, of which one of two members must have them. @throws Failure, KNESER_LIMIT */
function sentencesOf({ sentence, sentences }: OneOrMore): readonly Sentence[] {
  if ((sentence === undefined) === (sentences === undefined)) {
    throw new Failure(400, 'KNESER_OPTION', 'sentence: give either sentence or sentences', 'sentence');
  }
  return sentence === undefined ? (sentences ?? []) : [sentence];
}

/** Refuses a sentence that is too long to be scored as one. @throws KNESER_LIMIT */
function checkLength({ length }: Sentence): void {
  if (length > MOST_TOKENS) {
    throw new KneserError(
      'KNESER_LIMIT',
      `sentence: longer than ${MOST_TOKENS} characters; divide it, or send it to /perplexity as text`,
    );
  }
}

/** Refuses an answer that would be too long. @throws KNESER_LIMIT */
function checkSize(name: string, size: number): void {
  if (size > MOST_TOKENS)
    throw new KneserError('KNESER_LIMIT', `${name}: more than ${MOST_TOKENS} tokens in one request; divide it`);
}

/** Scores sentences one after another, with turns for other requests between them. @throws KNESER_LIMIT */
async function scoreInTurn<Scored extends Score>(
  call: Call,
  { name }: ServedModel,
  sentences: readonly Sentence[],
  score: (sentence: Sentence) => Scored | Promise<Scored>,
): Promise<Scored[]> {
  sentences.forEach(checkLength);
  const scores: Scored[] = [];
  let tokens = 0;
  for (const sentence of sentences) {
    const found = score(sentence);
    const scored = found instanceof Promise ? await found : found;
    checkSize('sentences', (tokens += scored.tokens.length));
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
    checkSize('bins', (options.bins ?? 0) * sentences.length);
    const vectors = await scoreInTurn(call, served, sentences, sentence =>
      served.model.scoreVector(sentence, options, call.pause),
    );
    return withJsonArrays({ model: served.name, ...(request.sentence === undefined ? { vectors } : vectors[0]) });
  },
};

const PREDICT: Members = {
  model: is.model,
  history: described('The text before the next token; with `gap`, the text around it.', is.sentence),
  histories: described('Several, in place of `history`.', is.sentences),
  top: described('How many tokens are predicted. Default 10.', is.whole(1, 1 << 16)),
  start: ENDS['start'],
  unknown: is.flag,
  explain: is.flag,
  prefix: is.nonEmptyText,
  gap: is.nonEmptyText,
  gapLength: is.either(
    'a number of tokens, or the fewest and the most',
    is.whole(1, 10),
    is.list(is.whole(1, 10), 2, 2),
  ),
  options: is.list(is.nonEmptyText, 1, MOST_TEXTS),
  startsWith: is.nonEmptyText,
  endsWith: is.nonEmptyText,
};

const predict: Endpoint = {
  method: 'POST',
  path: '/predict',
  summary: 'The most probable next tokens (`model.predict`).',
  members: PREDICT,
  answers: SCHEMAS.predictions,
  takesLines: true,
  answer: async (call, body) => {
    const request = membersOf<PredictOptions & { model?: string; history?: Sentence; histories?: Sentence[] }>(
      'predict',
      body,
      PREDICT,
    );
    const { model: name, history, histories, ...options } = request;
    if ((history === undefined) === (histories === undefined)) {
      throw new Failure(400, 'KNESER_OPTION', 'history: give either history or histories', 'history');
    }
    const served = call.model(name);
    checkSize('top', (options.top ?? 10) * (histories?.length ?? 1));
    const all: unknown[] = [];
    for (const each of histories ?? [history ?? '']) {
      checkLength(each);
      const found =
        options.gap === undefined
          ? served.model.predict(each, options)
          : served.model.fillGap(each, options, call.pause);
      all.push(found instanceof Promise ? await found : found);
      const pausing = call.pause();
      if (pausing) await pausing;
    }
    call.metrics.used(served.name, 'generated', all.length);
    return { model: served.name, ...(histories ? { histories: all } : { predictions: all[0] }) };
  },
};

const share = is.numberAbove(0, 1);

const GENERATE = {
  model: is.model,
  beginnings: described('What the texts begin with, each a text or its tokens.', is.sentences),
  count: described('How many texts are drawn for each beginning. Default 1.', is.whole(1, MOST_TEXTS)),
  sentences: is.whole(1, MOST_TEXTS),
  tokens: is.whole(1, MOST_TOKENS),
  maxTokens: described('The most tokens that are drawn for a text. Default 200.', is.whole(1, MOST_TOKENS)),
  seed: described('Default: a random seed.', is.seed),
  temperature: is.numberAbove(0, 100),
  topK: is.whole(1, Number.MAX_SAFE_INTEGER),
  topP: share,
  minP: share,
  typical: share,
  epsilon: share,
  eta: share,
  mirostat: is.numberAbove(0, 1000),
  mirostatRate: is.numberAbove(0, 1000),
  mirostatVersion: is.choice([1, 2]),
  greedy: is.flag,
  beam: is.whole(1, 1000),
  unknown: is.flag,
  text: is.choice(['joined', 'tokens']),
  stream: described('Sends each text as a line of JSON as soon as it is drawn.', is.flag),
} satisfies Record<Exclude<keyof GenerateOptions, 'onWarning' | 'signal'> | 'model' | 'stream', Members[string]>;

const generate: Endpoint = {
  method: 'POST',
  path: '/generate',
  summary: 'Draws texts, or finds the most probable (`model.generate`).',
  members: GENERATE,
  answers: SCHEMAS.texts,
  takesLines: true,
  answer: async (call, body) => {
    const request = membersOf<GenerateOptions & { model?: string; stream?: boolean }>('generate', body, GENERATE);
    const { model: name, stream, seed, ...options } = request;
    const served = call.model(name);
    const draws = options.greedy || options.beam !== undefined;
    const texts = drawTexts(call, served, {
      ...options,
      ...(draws && seed === undefined ? {} : { seed: seed ?? Math.floor(Math.random() * 2 ** 32) }),
    });
    if (stream) return { type: 'application/x-ndjson', pieces: linesOf(call, texts) };
    const all: object[] = [];
    for await (const text of texts) all.push(text);
    return { model: served.name, texts: all };
  },
};

async function* drawTexts(
  call: Call,
  served: ServedModel,
  options: GenerateOptions,
): AsyncGenerator<object, void, void> {
  let tokens = 0;
  const texts = served.model.generate({ ...options, signal: call.signal });
  for await (const text of texts) {
    tokens += text.tokens.length;
    checkSize('maxTokens', tokens);
    call.metrics.used(served.name, 'generated', text.tokens.length);
    yield text;
  }
}

/** Objects as lines of JSON. An error is the last line. */
export async function* linesOf(call: Call, objects: AsyncIterable<object>): AsyncGenerator<string, void, void> {
  try {
    for await (const object of objects) yield `${JSON.stringify(object)}\n`;
  } catch (error) {
    yield `${JSON.stringify(call.failureOf(error).body)}\n`;
  }
}

/** The options of annotating that a client may give: none of them names a file of the server. */
const ANNOTATE: Members = {
  model: is.model,
  against: described('The name of a second served model, with which documents are compared.', is.text),
  unit: is.choice(['lines', 'document']),
  features: is.choice(['basic', 'full']),
  tokens: is.flag,
  surprisal: described('Masks tokens whose surprisal is above this number of bits.', is.numberFrom(0, 1e6)),
  context: is.nonEmptyText,
  as: is.nonEmptyText,
  id: is.nonEmptyText,
  figuresOnly: is.flag,
};

const annotateDocuments: Endpoint = {
  method: 'POST',
  path: '/annotate',
  summary:
    'Adds figures to documents, JSON lines with a member `text` (`annotate`). The options are parameters of the address.',
  parameters: ANNOTATE,
  answers: SCHEMAS.lines,
  type: 'application/x-ndjson',
  readsBody: true,
  answer: call => {
    const given = Object.fromEntries(Object.entries(call.query).map(([name, value]) => [name, valueOf(name, value)]));
    const { model, against, surprisal, ...options } = membersOf<
      Omit<AnnotateOptions, 'model' | 'against'> & { model?: string; against?: string; surprisal?: number }
    >('annotate', given, ANNOTATE);
    const served = call.model(model);
    let failed: Failure | undefined;
    const other = against === undefined ? undefined : call.model(against);
    const annotated = annotate({
      ...options,
      model: served.paged,
      ...(other ? { against: other.paged } : {}),
      ...(surprisal === undefined ? {} : { mask: { surprisal } }),
      threads: call.limits.threads,
      documents: documentsOf(call, failure => (failed = failure)),
    });
    return { type: 'application/x-ndjson', pieces: annotatedLines(call, served, annotated, () => failed) };
  },
};

/** The value that a parameter of the address stands for. */
function valueOf(name: string, text: string): unknown {
  const type = Object.hasOwn(ANNOTATE, name) ? ANNOTATE[name].schema['type'] : undefined;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return type === 'number' && text.trim() !== '' ? Number(text) : text;
}

interface GivenDocument {
  readonly text: string;
}

/** The documents of a body, up to a fault: the documents before it are annotated, and the fault follows them. */
async function* documentsOf(
  call: Call,
  onFailure: (failure: Failure) => void,
): AsyncGenerator<GivenDocument, void, void> {
  let line = 0;
  try {
    for await (const text of readLines(call.incoming, call.limits)) {
      line++;
      const document = parseJson(text);
      if (typeof document !== 'object' || document === null || typeof (document as GivenDocument).text !== 'string') {
        throw new Failure(400, 'KNESER_INPUT_JSON', `line ${line}: not an object with a text as its member text`);
      }
      yield document as GivenDocument;
    }
  } catch (error) {
    onFailure(call.failureOf(error));
  }
}

const decoder = new TextDecoder();

async function* annotatedLines(
  call: Call,
  served: ServedModel,
  documents: AsyncIterable<Pick<AnnotatedDocument, 'line' | 'figures'>>,
  failed: () => Failure | undefined,
): AsyncGenerator<string, void, void> {
  try {
    for await (const { line, figures } of documents) {
      call.metrics.used(served.name, 'scored', figures.tokens);
      yield `${decoder.decode(line)}\n`;
      const pausing = call.pause();
      if (pausing) await pausing;
    }
    const failure = failed();
    if (failure) yield `${JSON.stringify(failure.body)}\n`;
  } catch (error) {
    yield `${JSON.stringify(call.failureOf(error).body)}\n`;
  }
}

export const NATIVE: readonly Endpoint[] = [score, perplexity, vector, predict, generate, annotateDocuments];
