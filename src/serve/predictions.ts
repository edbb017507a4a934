import type { GenerateOptions } from '../model/generation/options.js';
import type { PredictOptions } from '../model/prediction/prediction.js';
import type { Sentence } from '../text/sentences.js';
import type { Call, Endpoint } from './endpoint.js';
import { Failure } from './failure.js';
import * as is from './members.js';
import { membersOf, described, type Members } from './members.js';
import { MOST_TEXTS, MOST_TOKENS } from './options.js';
import { SCHEMAS } from './schemas.js';
import { checkLength, checkSize, ENDS } from './sentence-members.js';
import type { ServedModel } from './served-model.js';

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
    const size = (options.top ?? 10) * (histories?.length ?? 1);
    checkSize('top', size, 'tokens', 'send fewer histories or ask for fewer tokens');
    const all: unknown[] = [];
    for (const [i, each] of (histories ?? [history ?? '']).entries()) {
      checkLength(histories ? `histories[${i}]` : 'history', each);
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
    checkSize('maxTokens', tokens, 'tokens', 'ask for fewer or shorter texts');
    call.metrics.used(served.name, 'generated', text.tokens.length);
    yield text;
  }
}

/** Objects as lines of JSON. An error is the last line. */
async function* linesOf(call: Call, objects: AsyncIterable<object>): AsyncGenerator<string, void, void> {
  try {
    for await (const object of objects) yield `${JSON.stringify(object)}\n`;
  } catch (error) {
    yield `${JSON.stringify(call.failureOf(error).body)}\n`;
  }
}

/** The endpoints that continue text, with the names, options and results of the library's functions. */
export const PREDICTIONS: readonly Endpoint[] = [predict, generate];
