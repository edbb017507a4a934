import OpenAI from 'openai';
import { beforeAll, describe, expect, test } from 'vitest';
import { serve, train } from '#kneser/src/index.js';
import { serveTiny, TEXT, type Fault, type Serving } from '../support/served.js';

/** OpenAI's completions and vLLM's tokenizer, as their clients ask for them. */

interface Completion {
  readonly choices: {
    index: number;
    text: string;
    finish_reason: string;
    logprobs: {
      tokens: string[];
      token_logprobs: (number | null)[];
      top_logprobs: (Record<string, number> | null)[] | null;
      text_offset: number[];
    } | null;
  }[];
  readonly usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  readonly error?: Fault;
}

let serving: Serving;
const complete = (body: object): Promise<Completion & { status: number }> =>
  serving.ask<Completion>('/v1/completions', body);
const idsOf = async (prompt: string): Promise<number[]> =>
  (await serving.ask<{ tokens: number[] }>('/tokenize', { prompt })).tokens;

beforeAll(async () => {
  serving = await serveTiny('completions');
});

/** ln p of the tokens of lines, each after `<s>`; with `</s>` for all lines but the last. */
function expectedLogs(...lines: string[]): number[] {
  return lines.flatMap((line, i) =>
    Array.from(serving.model.score(line, { end: i + 1 < lines.length }).log10Probs, p => p * Math.LN10),
  );
}

describe('the tokenizer', () => {
  test('reads lines as sentences, words as ids, unknown words as <unk>', async () => {
    const { tokens, count } = await serving.ask<{ tokens: number[]; count: number }>('/tokenize', {
      prompt: 'the cat\nthe zebra\n',
      add_special_tokens: false,
    });
    const [the, cat] = ['the', 'cat'].map(word => serving.model.vocabulary().id(word));
    expect(tokens).toEqual([the, cat, 3, the, 1, 3]);
    expect(count).toBe(6);
    const { prompt } = await serving.ask<{ prompt: string }>('/detokenize', { tokens });
    expect(prompt).toBe('the cat\nthe <unk>\n');
    expect(await idsOf('the cat')).toEqual([the, cat]);
  });

  test('knows the marks by their names', async () => {
    const { bos_token: bos, eos_token: eos } = await serving.ask<Record<string, string>>('/tokenizer_info');
    expect([await idsOf(bos), await idsOf(eos)]).toEqual([[2], [3]]);
    expect(await idsOf('<s> the </s>\nthe')).toEqual([2, 4, 3, 4]);
    // A mark inside a word is no mark.
    expect(await idsOf('a<s> </s>b')).toEqual([1, 1]);
    const marked = await serving.ask<{ tokens: number[] }>('/tokenize', { prompt: 'the', add_special_tokens: true });
    expect(marked.tokens).toEqual([2, 4]);
  });

  test('is also that of the model in the path', async () => {
    expect((await serving.ask<{ tokens: number[] }>('/models/tiny/tokenize', { prompt: 'the' })).tokens).toEqual([4]);
    expect((await serving.ask('/models/other/tokenize', { prompt: 'the' })).status).toBe(404);
  });
});

describe('an echoed prompt', () => {
  test('has the natural log probabilities of the model, the first after <s>', async () => {
    const { choices, usage } = await complete({ prompt: 'the cat sat\na dog', echo: true, max_tokens: 0, logprobs: 0 });
    const { logprobs, text, finish_reason: reason } = choices[0];
    expect(text).toBe('the cat sat\na dog');
    expect(reason).toBe('length');
    expect(logprobs?.tokens).toEqual(['the', 'cat', 'sat', '</s>', 'a', 'dog']);
    expect(logprobs?.text_offset).toEqual([0, 4, 8, 11, 12, 14]);
    expect(logprobs?.top_logprobs).toBeNull();
    expect(logprobs?.token_logprobs).toEqual(expectedLogs('the cat sat', 'a dog'));
    expect(usage).toEqual({ prompt_tokens: 6, completion_tokens: 0, total_tokens: 6 });
  });

  test('has the offsets of its tokens, also of marks in the text and of characters', async () => {
    const offsets = async (url: string, prompt: string): Promise<number[] | undefined> => {
      const body = JSON.stringify({ prompt, echo: true, max_tokens: 0, logprobs: 0 });
      const response = await fetch(`${url}/v1/completions`, { method: 'POST', body });
      return ((await response.json()) as Completion).choices[0].logprobs?.text_offset;
    };
    const { url } = serving.server;
    expect(await offsets(url, 'the </s> cat')).toEqual([0, 4, 9]);
    expect(await offsets(url, 'the </s> the\nthe')).toEqual([0, 4, 9, 12, 13]);
    expect(await offsets(url, 'the zebra  cat')).toEqual([0, 4, 11]);
    // A model of a text with a literal <unk> knows it: it is no unknown word, but has the id of one.
    const literal = `${serving.folder}-literal`;
    await train({ sentences: ['the <unk> cat', 'the dog'], out: literal, order: 3, threads: 1 });
    const knowing = await serve({ models: [literal], port: 0, threads: 1 });
    expect(await offsets(knowing.url, 'zzz <unk> qqq the dog')).toEqual([0, 4, 10, 14, 18]);
    await knowing.close();
    for (const tokenizer of ['characters', 'bytes'] as const) {
      const folder = `${serving.folder}-${tokenizer}`;
      await train({ sentences: TEXT, out: folder, order: 3, tokenization: { tokenizer }, threads: 1 });
      const server = await serve({ models: [folder], port: 0, threads: 1 });
      expect(await offsets(server.url, 'the  cat')).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(await offsets(server.url, 'a\nd')).toEqual([0, 1, 2]);
      await server.close();
    }
  });

  test('sums to the figure of the perplexity of a file', async () => {
    const text = 'the cat saw\nthe zebra sat\n';
    const { choices } = await complete({ prompt: text, echo: true, max_tokens: 0, logprobs: 0 });
    const sum = (choices[0].logprobs?.token_logprobs ?? []).reduce<number>((sum, ln) => sum + (ln ?? 0), 0);
    const { log10Prob, tokens } = serving.model.perplexity(['the cat saw', 'the zebra sat']);
    expect(choices[0].logprobs?.tokens.length).toBe(tokens);
    expect(sum / Math.LN10).toBeCloseTo(log10Prob ?? 0, 12);
    const native = await serving.ask<{ log10Prob: number }>('/perplexity', { text });
    expect(native.log10Prob).toBe(log10Prob);
  });

  test('may be ids, several, and begin with <s>, which has null', async () => {
    const [one, two] = [await idsOf('the cat'), await idsOf('a dog saw the')];
    const { choices } = await complete({ prompt: [[2, ...one], two], echo: true, max_tokens: 0, logprobs: 1 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(choices.map(({ text }) => text)).toEqual(['<s> the cat', 'a dog saw the']);
    expect(choices[0].logprobs?.token_logprobs).toEqual([null, ...expectedLogs('the cat')]);
    expect(choices[1].logprobs?.token_logprobs).toEqual(expectedLogs('a dog saw the'));
    for (const { logprobs } of choices) {
      logprobs?.tokens.forEach((token, i) => {
        const top = logprobs.top_logprobs?.[i] ?? null;
        if (token === '<s>') expect(top).toBeNull();
        else expect(top?.[token]).toBe(logprobs.token_logprobs[i]);
      });
    }
    const [{ token, log10Prob }] = serving.model.predict('a dog saw', { top: 1 });
    expect(choices[1].logprobs?.top_logprobs?.[3]?.[token]).toBeCloseTo(log10Prob * Math.LN10, 12);
  });

  test('is the same in a list of texts and with one more token', async () => {
    const { choices } = await complete({
      prompt: ['the cat', 'a'],
      echo: true,
      max_tokens: 1,
      temperature: 0,
      logprobs: 1,
    });
    const [next] = serving.model.predict('the cat', { top: 1 });
    expect(choices[0].text).toBe(`the cat ${next.token}`);
    expect(choices[0].logprobs?.token_logprobs.length).toBe(3);
    expect(choices[1].index).toBe(1);
  });
});

describe('a continuation', () => {
  test('is greedy at temperature 0, ends at </s>, and has its own log probabilities', async () => {
    const { choices, usage } = await complete({
      prompt: 'the dog sat on the',
      temperature: 0,
      max_tokens: 20,
      logprobs: 2,
    });
    const [{ text, finish_reason: reason, logprobs }] = choices;
    const { value } = await serving.model.generate({ beginnings: ['the dog sat on the'], greedy: true }).next();
    expect(value && `the dog sat on the${text}`).toBe(value?.text);
    expect(reason).toBe('stop');
    expect(logprobs?.tokens).toEqual(value?.tokens);
    expect(usage.completion_tokens).toBe(value?.tokens.length);
    logprobs?.token_logprobs.forEach((ln, i) => {
      expect(ln).toBeCloseTo((value?.log10Probs[i] ?? 0) * Math.LN10, 12);
      expect(Object.keys(logprobs.top_logprobs?.[i] ?? {}).length).toBe(2);
    });
  });

  test('is the same for the same seed, streamed or not, and ends before a stop text', async () => {
    const body = { prompt: 'the', seed: 11, max_tokens: 30, n: 3 };
    const [first, second] = [await complete(body), await complete(body)];
    expect(first.choices).toEqual(second.choices);
    expect(new Set(first.choices.map(({ text }) => text)).size).toBeGreaterThan(1);
    const [{ text }] = first.choices;
    const stop = text.slice(2, 6);
    const stopped = await complete({ ...body, n: 1, stop: ['nowhere', stop] });
    expect(stopped.choices[0]).toMatchObject({ text: text.slice(0, text.indexOf(stop)), finish_reason: 'stop' });
  });
});

describe("OpenAI's client", () => {
  const client = (): OpenAI => new OpenAI({ baseURL: `${serving.server.url}/v1`, apiKey: 'none', maxRetries: 0 });

  test('lists models and completes', async () => {
    const { data } = await client().models.list();
    expect(data.map(({ id }) => id)).toEqual(['tiny']);
    expect((await client().models.retrieve('tiny')).owned_by).toBe('kneser');
    const { choices, usage } = await client().completions.create({ model: 'tiny', prompt: 'the', temperature: 0 });
    expect(choices[0].text).toMatch(/^ \w/);
    expect(usage?.prompt_tokens).toBe(1);
  });

  test('streams the same text', async () => {
    const body = { model: 'tiny', prompt: 'the', seed: 5, max_tokens: 12, logprobs: 1, stop: ['mat'] };
    const whole = await client().completions.create(body);
    let [text, reason, tokens] = ['', '', 0];
    const stream = await client().completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    let used = 0;
    for await (const { choices, usage } of stream) {
      for (const choice of choices) {
        text += choice.text;
        reason = choice.finish_reason;
        tokens += choice.logprobs?.tokens?.length ?? 0;
      }
      used = usage?.completion_tokens ?? used;
    }
    expect({ text, reason }).toEqual({ text: whole.choices[0].text, reason: whole.choices[0].finish_reason });
    expect([tokens, used]).toEqual([whole.choices[0].logprobs?.tokens?.length, whole.usage?.completion_tokens]);
  });

  test('gets errors in their shape', async () => {
    await expect(client().completions.create({ model: 'nobody', prompt: 'the' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
    await expect(client().completions.create({ model: 'tiny', prompt: 'the', logit_bias: { 4: 1 } })).rejects.toThrow(
      OpenAI.BadRequestError,
    );
  });
});

test.each<[string, object, string]>([
  ['no prompt', {}, 'prompt'],
  ['another type', { prompt: 7 }, 'prompt'],
  ['an empty list', { prompt: [] }, 'prompt'],
  ['mixed lists', { prompt: ['a', 4] }, 'prompt'],
  ['an id out of range', { prompt: [4, 99_999] }, 'prompt'],
  ['the id of no word', { prompt: [0] }, 'prompt'],
  ['a fraction', { prompt: [4.5] }, 'prompt'],
  ['a million prompts', { prompt: new Array<string>(1_000_000).fill('') }, 'prompt'],
  ['too many log probabilities', { prompt: 'the', logprobs: 21 }, 'logprobs'],
  ['a negative length', { prompt: 'the', max_tokens: -1 }, 'max_tokens'],
  ['an empty stop text', { prompt: 'the', stop: '' }, 'stop'],
  ['a suffix', { prompt: 'the', suffix: 'x' }, 'suffix'],
  ['a bias', { prompt: 'the', logit_bias: { 4: 1 } }, 'logit_bias'],
  ['a penalty', { prompt: 'the', frequency_penalty: 1 }, 'frequency_penalty'],
  ['an unknown member', { prompt: 'the', maxtokens: 1 }, 'maxtokens'],
])('%s is refused by name', async (_, body, param) => {
  const { status, error } = await complete(body);
  expect({ status, param: error?.param, type: error?.type }).toEqual({
    status: 400,
    param,
    type: 'invalid_request_error',
  });
});

test.each<[object, string]>([
  [{ stop: '' }, 'stop: "" is not a text of at least one character, or a list of at most 64 such texts'],
  [{ stop: [3] }, 'stop: 3 is not a string'],
  [{ stop: ['a', ''] }, 'stop: "" is not a text of at least one character'],
  [{ suffix: 'x' }, 'suffix: this server does not support it; leave it out'],
])('%j is told what is wrong with it', async (body, message) => {
  expect((await complete({ prompt: 'the', ...body })).error?.message).toBe(message);
});

test('members that change nothing are taken', async () => {
  const body = { suffix: '', frequency_penalty: 0, presence_penalty: null, logit_bias: {}, best_of: 1 };
  expect((await complete({ prompt: 'the', max_tokens: 1, ...body })).status).toBe(200);
});
