import { randomUUID } from 'node:crypto';
import { KneserError, type ErrorCode } from '../base/errors.js';
import { log } from '../base/elementary.js';
import { hashRandom } from '../base/hash-random.js';
import { Drawing } from '../model/generation/draw.js';
import { decode } from '../text/surface.js';
import { EOS } from '../text/tokens.js';
import { requireForward } from '../text/word-order.js';
import type { Streamed } from './answer.js';
import { Detokenizer, textOf } from './detokenize.js';
import type { Call, Endpoint } from './endpoint.js';
import { Failure } from './failure.js';
import {
  either,
  flag,
  list,
  membersOf,
  model,
  required,
  numberFrom,
  seed,
  text,
  described,
  whole,
  nonEmptyText,
  type Members,
  type Schema,
} from './members.js';
import { placesIn } from './offsets.js';
import { MOST_TEXTS, MOST_TOKENS } from './options.js';
import { History, naturalLog, scorePrompt, topMap, topOfPrompt, topTokens } from './prompt.js';
import type { ServedModel } from './served-model.js';
import { StopScanner } from './stop.js';
import { SCHEMAS } from './schemas.js';

/** The members of `POST /v1/completions`, by OpenAI's names. */
interface CompletionRequest {
  readonly model?: string;
  readonly prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  readonly echo?: boolean;
  readonly logprobs?: number;
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
  readonly min_p?: number;
  readonly stop?: string | readonly string[];
  readonly seed?: number;
  readonly n?: number;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
}

/** The most alternatives to tokens of a prompt. */
const MOST_ALTERNATIVES = 2 ** 19;

const tokenId = whole(0, 2 ** 31);
const tokenIds = list(tokenId, 0, MOST_TOKENS);

/**
 * A member that OpenAI's interface has and this server cannot follow: only the value that changes nothing is taken.
 *
 * @param value the value, for the description.
 */
function unsupported(value: string, isNeutral: (value: unknown) => boolean, schema: Schema): Members[string] {
  return described(`Not supported by n-gram models: only ${value} is taken.`, {
    check: (name, given) => {
      if (!isNeutral(given))
        throw new Failure(400, 'KNESER_OPTION', `${name}: this server does not support it; leave it out`, name);
    },
    schema,
  });
}

const penalty = unsupported('0', value => value === 0, { type: 'number', const: 0 });

const MEMBERS: Members = {
  model,
  prompt: required(
    described('A text, texts, token ids, or lists of token ids.', {
      ...either(
        'a text, a list of texts, a list of token ids, or a list of such lists',
        text,
        list(text, 1, MOST_TEXTS),
        list(tokenId, 1, MOST_TOKENS),
        list(tokenIds, 1, MOST_TEXTS),
      ),
      check: checkPrompt,
    }),
  ),
  echo: described('Whether the answer repeats the prompt, with its log probabilities if `logprobs` is given.', flag),
  logprobs: described(
    'Natural log probabilities of the tokens, and of this many most probable tokens at each place.',
    whole(0, 20),
  ),
  max_tokens: described('The most tokens that are drawn. Default 16.', whole(0, MOST_TOKENS)),
  temperature: described('0 takes the most probable token each time. Default 1.', numberFrom(0, 100)),
  top_p: described('Draws from the fewest most probable tokens that have this share.', numberFrom(0, 1)),
  top_k: described('Draws from this many most probable tokens.', whole(1, MOST_TOKENS)),
  min_p: described('Draws from the tokens with this share of the highest probability.', numberFrom(0, 1)),
  stop: described(
    'Texts at which the answer ends, without them.',
    either(
      'a text of at least one character, or a list of at most 64 such texts',
      nonEmptyText,
      list(nonEmptyText, 0, 64),
    ),
  ),
  seed: described('The same seed draws the same text. Default: a random seed.', seed),
  n: described('How many texts are drawn for each prompt. Default 1.', whole(1, 128)),
  best_of: described('The same as `n`, or left out.', whole(1, 128)),
  stream: described('Sends tokens as they are drawn, as server-sent events.', flag),
  stream_options: {
    check: (name, value) => {
      if (typeof value !== 'object' || Array.isArray(value))
        throw new Failure(400, 'KNESER_OPTION', `${name}: takes an object`, name);
      membersOf(name, value, { include_usage: flag, include_obfuscation: flag });
    },
    schema: {
      type: 'object',
      properties: { include_usage: { type: ['boolean', 'null'] }, include_obfuscation: { type: ['boolean', 'null'] } },
      additionalProperties: false,
    },
  },
  user: text,
  suffix: unsupported('the empty text', value => value === '', { type: 'string', const: '' }),
  frequency_penalty: penalty,
  presence_penalty: penalty,
  logit_bias: unsupported(
    'the empty object',
    value => typeof value === 'object' && Object.keys(Object(value) as object).length === 0,
    { type: 'object', maxProperties: 0 },
  ),
};

/** Checks the form of a prompt; the ids are checked when the model is known. */
function checkPrompt(name: string, value: unknown): void {
  if (typeof value === 'string') return;
  const refuse = (message: string, code: ErrorCode = 'KNESER_OPTION'): never => {
    throw new Failure(400, code, `${name}: ${message}`, name);
  };
  if (!Array.isArray(value))
    return refuse('takes a text, a list of texts, a list of token ids, or a list of such lists');
  const items = value as unknown[];
  if (items.length === 0) return refuse('the list is empty');
  const isIds = typeof items[0] === 'number';
  const most = isIds ? MOST_TOKENS : MOST_TEXTS;
  if (items.length > most)
    return refuse(`the list has ${items.length} items; send at most ${most} in a request`, 'KNESER_LIMIT');
  const isSame = isIds ? isId : typeof items[0] === 'string' ? isText : isIdList;
  const at = items.findIndex(item => !isSame(item));
  if (at >= 0)
    return refuse(`item ${at} is not ${isIds ? 'a token id' : isSame === isText ? 'a text' : 'a list of token ids'}`);
}

const isText = (item: unknown): boolean => typeof item === 'string';
const isId = (item: unknown): boolean => Number.isSafeInteger(item) && (item as number) >= 0;
const isIdList = (item: unknown): boolean => Array.isArray(item) && (item as unknown[]).every(isId);

/** A prompt as ids, and its text. */
interface Prompt {
  readonly ids: Uint32Array;
  readonly text: string;
  /** What its tokens `<unk>` stand for; empty for a prompt of ids. */
  readonly unknown: readonly string[];
  /** The places of its tokens [UTF-16 units]; empty for a text whose places no answer has. */
  readonly offsets: readonly number[];
}

/** The log probabilities of the tokens of a choice, in OpenAI's form; one entry for each token. */
interface Logprobs {
  readonly tokens: string[];
  /** ln p; `null` for `<s>`. */
  readonly token_logprobs: (number | null)[];
  /** By token, the most probable tokens at its place with ln p; `null` for `<s>`, and for all without alternatives. */
  readonly top_logprobs: (Record<string, number> | null)[] | null;
  /** [UTF-16 units] */
  readonly text_offset: number[];
}

type FinishReason = 'stop' | 'length';

interface Choice {
  readonly index: number;
  readonly text: string;
  readonly logprobs: Logprobs | null;
  readonly finish_reason: FinishReason | null;
}

/** `POST /v1/completions`. */
export const COMPLETIONS: Endpoint = {
  method: 'POST',
  path: '/v1/completions',
  summary: 'Continues prompts, and gives the log probabilities of prompts and continuations (OpenAI).',
  members: MEMBERS,
  answers: SCHEMAS.completion,
  answer: async (call, body) => {
    const request = membersOf<CompletionRequest>('completions', body, MEMBERS);
    const { best_of: bestOf, n = 1 } = request as CompletionRequest & { best_of?: number };
    if (bestOf !== undefined && bestOf !== n) {
      throw new Failure(
        400,
        'KNESER_OPTION',
        'best_of: this server draws n texts and returns all; leave it out',
        'best_of',
      );
    }
    const served = call.model(request.model);
    requireForward(served.name, served.paged.info.options.wordOrder, 'complete');
    const completion = new Completion(call, served, request, await promptsOf(call, served, request));
    return request.stream ? completion.stream() : completion.whole();
  },
};

/** The prompts of a request as ids. @throws Failure for an id that the model lacks, KNESER_LIMIT */
async function promptsOf(
  call: Call,
  served: ServedModel,
  { prompt, echo, logprobs }: CompletionRequest,
): Promise<Prompt[]> {
  const hasOffsets = echo === true && logprobs !== undefined;
  const isOne = typeof prompt === 'string' || typeof prompt[0] === 'number';
  const all = (isOne ? [prompt] : prompt) as readonly (string | readonly number[])[];
  const prompts: Prompt[] = [];
  let tokens = 0;
  for (const each of all) {
    const left = MOST_TOKENS - tokens;
    if (typeof each === 'string') {
      const unknown: string[] = [];
      const ids = await served.idsOf(each, left, call.pause, token => unknown.push(decode(token)));
      let offsets: readonly number[] = [];
      if (hasOffsets) {
        const made = await textOf(served, ids, call.pause, unknown);
        offsets = await placesIn(each, made.text, made.offsets, call.pause);
      }
      prompts.push({ ids, text: each, unknown, offsets });
    } else {
      if (each.length > left)
        throw new KneserError('KNESER_LIMIT', `prompt: more than ${MOST_TOKENS} tokens in a request; send less`);
      const ids = checkedIds('prompt', each, served);
      prompts.push({ ids, unknown: [], ...(await textOf(served, ids, call.pause)) });
    }
    tokens += prompts[prompts.length - 1].ids.length;
    const pausing = call.pause();
    if (pausing) await pausing;
  }
  return prompts;
}

/** Ids as an array. @throws Failure for an id that is none of the model's */
export function checkedIds(name: string, ids: readonly number[], served: ServedModel): Uint32Array {
  const wrong = ids.find(id => id < 1 || id >= served.ids);
  if (wrong !== undefined) {
    throw new Failure(
      400,
      'KNESER_OPTION',
      `${name}: ${wrong} is no token id of this model, whose ids are 1 to ${served.ids - 1}`,
      name,
    );
  }
  return Uint32Array.from(ids);
}

/** A drawn token. */
interface Drawn {
  readonly id: number;
  readonly ln: number;
  readonly top: Record<string, number> | null;
}

/** A piece of a continuation. */
interface Piece {
  readonly text: string;
  /** The tokens that the piece is made of. */
  readonly tokens: readonly (Drawn & { readonly offset: number })[];
  readonly reason: FinishReason | null;
}

/** The answer to one request. */
class Completion {
  private readonly id = `cmpl-${randomUUID().replaceAll('-', '')}`;
  private readonly created = Math.floor(Date.now() / 1000);
  private readonly drawing: Drawing;
  private readonly seed: number;
  private drawn = 0;

  constructor(
    private readonly call: Call,
    private readonly served: ServedModel,
    private readonly request: CompletionRequest,
    private readonly prompts: readonly Prompt[],
  ) {
    const { temperature = 1, top_p: topP, top_k: topK, min_p: minP } = request;
    this.drawing = new Drawing(
      temperature === 0
        ? { topK: 1 }
        : {
            temperature,
            // No token has a share of 0, so that 0 stands for the smallest share: the most probable token.
            ...(topP === undefined ? {} : topP === 0 ? { topK: 1 } : { topP }),
            ...(topK === undefined ? {} : { topK }),
            ...(minP === undefined || minP === 0 ? {} : { minP }),
          },
    );
    this.seed = request.seed ?? Math.floor(Math.random() * 2 ** 32);
  }

  /** All choices in one object. */
  async whole(): Promise<object> {
    const choices: Choice[] = [];
    for (const { index, prompt } of this.places()) {
      const echoed = await this.echo(prompt);
      const pieces = [echoed.text];
      const { logprobs } = echoed;
      let reason: FinishReason = 'length';
      for await (const piece of this.continuation(prompt, index)) {
        pieces.push(piece.text);
        if (logprobs) addTokens(logprobs, piece, this.served);
        reason = piece.reason ?? reason;
      }
      choices.push({ index, text: pieces.join(''), logprobs, finish_reason: reason });
    }
    return { ...this.head(), choices, usage: this.usage() };
  }

  /** Server-sent events, one for each piece. */
  stream(): Streamed {
    return { type: 'text/event-stream; charset=utf-8', pieces: this.events() };
  }

  private async *events(): AsyncGenerator<string, void, void> {
    const { stream_options: options, echo } = this.request;
    const event = (body: object): string => `data: ${JSON.stringify({ ...this.head(), ...body })}\n\n`;
    const choiceEvent = (choice: Choice): string =>
      event({ choices: [choice], ...(options?.include_usage ? { usage: null } : {}) });
    try {
      for (const { index, prompt } of this.places()) {
        if (echo) {
          const echoed = await this.echo(prompt);
          yield choiceEvent({ index, ...echoed, finish_reason: null });
        }
        let isFinished = false;
        for await (const piece of this.continuation(prompt, index)) {
          const logprobs = this.emptyLogprobs();
          if (logprobs) addTokens(logprobs, piece, this.served);
          isFinished ||= piece.reason !== null;
          yield choiceEvent({ index, text: piece.text, logprobs, finish_reason: piece.reason });
        }
        if (!isFinished) yield choiceEvent({ index, text: '', logprobs: null, finish_reason: 'length' });
      }
      if (options?.include_usage) yield event({ choices: [], usage: this.usage() });
    } catch (error) {
      if (this.call.signal.reason === GONE) return;
      yield `data: ${JSON.stringify(this.call.failureOf(error).body)}\n\n`;
    }
    yield 'data: [DONE]\n\n';
  }

  /** By choice, its index and its prompt. */
  private *places(): Generator<{ readonly index: number; readonly prompt: Prompt }> {
    const { n = 1 } = this.request;
    for (let index = 0; index < n * this.prompts.length; index++) {
      yield { index, prompt: this.prompts[Math.floor(index / n)] };
    }
  }

  private head(): object {
    return { id: this.id, object: 'text_completion', created: this.created, model: this.served.name };
  }

  private usage(): object {
    const prompt = this.prompts.reduce((sum, { ids }) => sum + ids.length, 0);
    return { prompt_tokens: prompt, completion_tokens: this.drawn, total_tokens: prompt + this.drawn };
  }

  private emptyLogprobs(): Logprobs | null {
    const { logprobs } = this.request;
    if (logprobs === undefined) return null;
    return { tokens: [], token_logprobs: [], top_logprobs: logprobs > 0 ? [] : null, text_offset: [] };
  }

  /** The echoed prompt with its log probabilities; empty without `echo`. */
  private async echo({ ids, text, offsets }: Prompt): Promise<Pick<Choice, 'text' | 'logprobs'>> {
    const { logprobs: count, echo } = this.request;
    const logprobs = this.emptyLogprobs();
    if (!echo) return { text: '', logprobs };
    if (!logprobs || count === undefined) return { text, logprobs };
    const { served, call } = this;
    if (ids.length * count > MOST_ALTERNATIVES) {
      const message = `logprobs: ${ids.length} tokens with ${count} alternatives each are too many; send shorter prompts, or logprobs 0`;
      throw new KneserError('KNESER_LIMIT', message);
    }
    const scores = await scorePrompt(served, ids, call.pause);
    const tops = count > 0 ? await topOfPrompt(served, ids, scores, count, call.pause) : null;
    call.metrics.used(served.name, 'scored', ids.length);
    return {
      text,
      logprobs: {
        tokens: Array.from(ids, id => served.token(id)),
        token_logprobs: Array.from(scores, score => (Number.isNaN(score) ? null : score)),
        top_logprobs: tops,
        text_offset: [...offsets],
      },
    };
  }

  /** Draws the continuation of a prompt, piece by piece: text that may be the beginning of a stop text is held back. */
  private async *continuation(prompt: Prompt, index: number): AsyncGenerator<Piece, void, void> {
    const { max_tokens: most = 16, stop = [] } = this.request;
    if (most === 0) return;
    const scanner = new StopScanner(typeof stop === 'string' ? [stop] : stop);
    const detokenizer = new Detokenizer(this.served, prompt);
    let tokens: (Drawn & { offset: number })[] = [];
    let drawn = 0;
    for await (const token of this.draws(prompt.ids, index, most)) {
      drawn++;
      const isLast = token.id === EOS || drawn === most;
      const added = (token.id === EOS ? '' : detokenizer.push(token.id)) + (isLast ? detokenizer.end() : '');
      tokens.push({ ...token, offset: token.id === EOS ? detokenizer.length : detokenizer.offset });
      const found = scanner.push(added);
      const isEnd = isLast || found.stopped;
      const text = isLast && !found.stopped ? found.text + scanner.rest() : found.text;
      const reason = !isEnd ? null : token.id === EOS || found.stopped ? 'stop' : 'length';
      if (text === '' && !isEnd) continue;
      yield { text, tokens, reason };
      if (isEnd) break;
      tokens = [];
    }
    this.call.metrics.used(this.served.name, 'generated', drawn);
  }

  /** Draws tokens after a prompt, until `</s>`. */
  private async *draws(ids: Uint32Array, index: number, most: number): AsyncGenerator<Drawn, void, void> {
    const { served, call, request } = this;
    const { logprobs } = request;
    const history = new History(served.order);
    for (const id of ids.subarray(Math.max(0, ids.length - served.order))) history.push(id);
    // Each choice has random numbers of its own, so that no text depends on the length of another.
    let number = index * 2 ** 27;
    const random = (): number => hashRandom(this.seed, number++);
    for (let length = 0; length < most; length++) {
      const found = served.nextWords(history.words);
      const next = found instanceof Promise ? await found : found;
      const { word, probability } = this.drawing.draw(next, random);
      const ln = probability > 0 ? log(probability) : naturalLog(-Infinity);
      const top = logprobs ? topMap(served, topTokens(next, logprobs), word, ln) : null;
      this.drawn++;
      if (this.drawn > MOST_TOKENS) {
        throw new KneserError(
          'KNESER_LIMIT',
          `max_tokens: more than ${MOST_TOKENS} tokens were drawn for one request; ask for less`,
        );
      }
      yield { id: word, ln, top };
      if (word === EOS) return;
      history.push(word);
      const pausing = call.pause();
      if (pausing) await pausing;
    }
  }
}

/** The reason of the abort of a call whose client is gone. */
export const GONE = new Error('the client closed the connection');

function addTokens(logprobs: Logprobs, { tokens }: Piece, served: ServedModel): void {
  for (const { id, ln, top, offset } of tokens) {
    logprobs.tokens.push(served.token(id));
    logprobs.token_logprobs.push(ln);
    logprobs.top_logprobs?.push(top);
    logprobs.text_offset.push(offset);
  }
}
