import { readFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve, train, type ModelServer, type TokenizationOptions } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';

/** Texts of models with every kind of tokenizer. */

const folder = temporaryFolder('detokenize');
const SENTENCES = ['the cat sat on the mat.', 'the dog sat, too.', 'naïve 猫の🙂 x', 'the café ran', 'the cat ran'];

const { models } = JSON.parse(
  gunzipSync(readFileSync(new URL('../fixtures/tokenizers/cases.json.gz', import.meta.url))).toString(),
) as { readonly models: Readonly<Record<string, object>> };

/** A `tokenizer.json` around a model of the fixtures. */
function json(model: string, preTokenizer: object, decoder: object | null): TokenizationOptions {
  const none = { truncation: null, padding: null, normalizer: null, post_processor: null, added_tokens: [] };
  const file = { version: '1.0', ...none, pre_tokenizer: preTokenizer, decoder, model: models[model] };
  return { tokenizer: { json: JSON.stringify(file) } };
}

/** A SentencePiece model of the fixtures. */
function sentencepiece(name: string): TokenizationOptions {
  const { parts, cases } = JSON.parse(
    brotliDecompressSync(
      readFileSync(new URL('../fixtures/tokenizers/sentencepiece.json.br', import.meta.url)),
    ).toString(),
  ) as {
    readonly parts: Readonly<Record<string, string>>;
    readonly cases: readonly { readonly name: string; readonly parts: readonly string[] }[];
  };
  const names = cases.find(one => one.name === name)?.parts ?? [];
  return { tokenizer: { sentencepiece: Buffer.concat(names.map(part => Buffer.from(parts[part], 'base64'))) } };
}

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const METASPACE = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };

const TOKENIZATIONS: Readonly<Record<string, TokenizationOptions>> = {
  whitespace: {},
  words: { tokenizer: 'words' },
  characters: { tokenizer: 'characters' },
  bytes: { tokenizer: 'bytes' },
  'byte-level': json('byte-level', BYTE_LEVEL, BYTE_LEVEL),
  metaspace: json('unigram byte_fallback', METASPACE, {
    type: 'Sequence',
    decoders: [{ type: 'ByteFallback' }, METASPACE],
  }),
  'word-piece': json('word-piece', { type: 'BertPreTokenizer' }, { type: 'WordPiece', prefix: '##', cleanup: true }),
  suffix: json('bpe suffix', { type: 'Whitespace' }, { type: 'BPEDecoder', suffix: '</w>' }),
  sentencepiece: sentencepiece('unigram, nmt_nfkc, as trained'),
};

/** Tokenizers whose tokens of the beginning of a text are others than those of the text. */
const OTHERS: Readonly<Record<string, TokenizationOptions>> = {
  'space-behind': sentencepiece('unigram, suffix + bytes'),
};

interface Completion {
  readonly choices: readonly {
    readonly text: string;
    readonly finish_reason: string;
    readonly logprobs: { readonly tokens: string[]; readonly text_offset: number[] };
  }[];
}

let server: ModelServer;
beforeAll(async () => {
  for (const [name, tokenization] of Object.entries({ ...TOKENIZATIONS, ...OTHERS })) {
    await train({ sentences: SENTENCES, out: `${folder}/${name}`, order: 4, tokenization, threads: 1 });
  }
  server = await serve({
    models: Object.keys({ ...TOKENIZATIONS, ...OTHERS }).map(name => `${folder}/${name}`),
    port: 0,
    threads: 1,
  });
});
afterAll(() => server.close());

async function ask<Answer>(model: string, path: string, body: object): Promise<Answer> {
  const response = await fetch(server.url + path, { method: 'POST', body: JSON.stringify({ model, ...body }) });
  return (await response.json()) as Answer;
}

const idsOf = async (model: string, prompt: string): Promise<number[]> =>
  (await ask<{ tokens: number[] }>(model, '/tokenize', { prompt })).tokens;

describe.each(Object.keys(TOKENIZATIONS))('%s', model => {
  const complete = (body: object): Promise<Completion> =>
    ask(model, '/v1/completions', { temperature: 0, max_tokens: 60, logprobs: 0, ...body });
  /** Tokens that put spaces around signs, as the tokens of words do not tell where spaces were. */
  const isLossy = ['words', 'word-piece', 'suffix'].includes(model);

  test('a text of tokens is the text that was cut', async () => {
    for (const text of isLossy ? ['the cat sat on the mat'] : SENTENCES) {
      const tokens = await idsOf(model, text);
      expect(await ask(model, '/detokenize', { tokens })).toEqual({ prompt: text });
      expect(await ask(model, '/detokenize', { tokens: [...tokens, 3, ...tokens, 3] })).toEqual({
        prompt: `${text}\n${text}\n`,
      });
    }
  });

  test('a continuation behind its prompt has the tokens that were drawn', async () => {
    for (const prompt of ['the cat', 'the dog', 'the', ...(isLossy ? [] : ['naïve'])]) {
      const [{ text, logprobs, finish_reason: reason }] = (await complete({ prompt })).choices;
      const drawn = reason === 'stop' ? logprobs.tokens.slice(0, -1) : logprobs.tokens;
      const strings = await ask<{ token_strs: string[] }>(model, '/tokenize', {
        prompt: prompt + text,
        return_token_strs: true,
      });
      const before = await ask<{ token_strs: string[] }>(model, '/tokenize', { prompt, return_token_strs: true });
      expect([prompt + text, strings.token_strs]).toEqual([prompt + text, [...before.token_strs, ...drawn]]);
    }
  });

  test('continuations are texts of training, and go on with one space after white space', async () => {
    // A character is too little context for this text.
    if (['characters', 'bytes'].includes(model)) return;
    const [{ text }] = (await complete({ prompt: 'the dog' })).choices;
    expect(text).toBe(isLossy && model !== 'word-piece' ? ' sat , too .' : ' sat, too.');
    if (['byte-level', 'metaspace'].includes(model)) return;
    expect((await complete({ prompt: 'the dog ' })).choices[0].text).toBe(text.slice(1));
  });

  test('a stop text ends the continuation, also between tokens', async () => {
    const [{ text, finish_reason: reason }] = (await complete({ prompt: 'the dog', stop: 'at' })).choices;
    expect([text, reason]).toEqual([' s', 'stop']);
  });

  test('offsets are the places of the tokens in prompt and continuation', async () => {
    const prompt = 'the dog';
    const [{ text, logprobs }] = (await complete({ prompt, echo: true })).choices;
    const offsets = logprobs.text_offset;
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    // A token that begins a word, by the marks of all kinds, stands there in the text.
    logprobs.tokens.slice(0, -1).forEach((token, i) => {
      const letters = /^(?:Ġ|▁|##)?([a-z]+)(?:<\/w>)?$/.exec(token)?.[1];
      if (letters !== undefined) expect(text.slice(offsets[i]).trimStart().startsWith(letters)).toBe(true);
    });
  });

  test('a stream has the same text, and no half characters', async () => {
    const body = { model, prompt: 'naïve', temperature: 0, max_tokens: 60, stream: true };
    const response = await fetch(`${server.url}/v1/completions`, { method: 'POST', body: JSON.stringify(body) });
    const events = (await response.text()).split('\n\n').filter(event => event.startsWith('data: {'));
    const texts = events.map(event => (JSON.parse(event.slice(6)) as Completion).choices[0].text);
    expect(texts.join('')).toBe((await complete({ prompt: 'naïve' })).choices[0].text);
    expect(texts.join('')).not.toContain('\ufffd');
  });

  test('generate goes on after its beginning', async () => {
    for (const prompt of ['the dog', 'the dog ']) {
      const options = { beginnings: [prompt], greedy: true };
      const { texts } = await ask<{ texts: { text: string }[] }>(model, '/generate', options);
      expect(texts[0].text).toBe(`${prompt}${(await complete({ prompt })).choices[0].text}`);
    }
  });
});

test('offsets of a prompt are the places of its tokens, also behind unknown and normalized ones', async () => {
  const places = async (model: string, prompt: string): Promise<number[]> => {
    const body = { prompt, echo: true, max_tokens: 0, logprobs: 0 };
    return (await ask<Completion>(model, '/v1/completions', body)).choices[0].logprobs.text_offset;
  };
  for (const model of ['words', 'word-piece']) {
    // WordPiece has a token for each letter of the unknown word.
    const found = await places(model, 'hello, the cat sat, 世!');
    expect([found[0], ...found.slice(-7)]).toEqual([0, 5, 7, 11, 15, 18, 20, 21]);
  }
  expect(await places('characters', 'the\u00a0cat')).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(await places('whitespace', 'two  zebras\nthe cat')).toEqual([0, 5, 11, 12, 16]);
  const marks = await places('sentencepiece', 'the\tcat\u3000ran');
  expect(marks.every((place, i) => i === 0 || place >= marks[i - 1])).toBe(true);
  expect(marks).toContain(3);
  expect(marks).toContain(7);
});

test('a tokenizer that puts a space behind a text does not join words', async () => {
  for (let seed = 1; seed < 20; seed++) {
    const body = { prompt: 'the cat', seed, max_tokens: 4, logprobs: 0, echo: true };
    const [{ text, logprobs }] = (await ask<Completion>('space-behind', '/v1/completions', body)).choices;
    expect(text).toMatch(/^the cat(?: |$)/);
    const drawn = logprobs.tokens.findIndex(
      (token, i) => i > 0 && logprobs.tokens[i - 1].endsWith('▁') && token !== '</s>',
    );
    if (drawn > 0) expect(text[logprobs.text_offset[drawn] - 1]).toBe(' ');
    const options = { beginnings: ['the cat'], seed, maxTokens: 4 };
    const { texts } = await ask<{ texts: { text: string }[] }>('space-behind', '/generate', options);
    expect(texts[0].text).toMatch(/^the cat(?: |$)/);
  }
});

test('an unknown word at the end of a prompt is what it is, not a mark', async () => {
  for (const model of ['suffix', 'space-behind', 'word-piece', 'words']) {
    const body = { prompt: 'the dog zq', temperature: 0, max_tokens: 8 };
    const [{ text }] = (await ask<Completion>(model, '/v1/completions', body)).choices;
    const options = { beginnings: [body.prompt], greedy: true, maxTokens: 8 };
    const { texts } = await ask<{ texts: { text: string }[] }>(model, '/generate', options);
    expect([model, body.prompt + text]).toEqual([model, texts[0].text]);
    expect(text).toMatch(/^(?: |$)/);
  }
});

describe('bytes that are no character', () => {
  /** The ids of bytes that the texts of training have. */
  async function tokensOf(...codes: number[]): Promise<number[]> {
    const texts = 'naïve 猫の🙂 x';
    const ids = await idsOf('bytes', texts);
    const known = new Map(Array.from(Buffer.from(texts), (byte, i) => [byte, ids[i]]));
    return codes.map(code => known.get(code) ?? 0);
  }

  test('take no character with them', async () => {
    for (const codes of [
      [0x99, 0xf0, 0x9f, 0x99, 0x82],
      [0x99, 0x99, 0xe7, 0x8c, 0xab],
      [0xe7, 0x8c, 0xf0, 0x9f, 0x99, 0x82, 0x61],
    ]) {
      const answer = await ask('bytes', '/detokenize', { tokens: await tokensOf(...codes) });
      expect(answer).toEqual({ prompt: Buffer.from(codes).toString() });
    }
  });

  test('a prompt that ends within a character goes on with the whole character', async () => {
    const smile = [0xf0, 0x9f, 0x99, 0x82];
    for (let cut = 1; cut < 4; cut++) {
      const prompt = await tokensOf(...smile.slice(0, cut));
      const body = { prompt, temperature: 0, max_tokens: 4 - cut, logprobs: 0, echo: true };
      const [{ text, logprobs }] = (await ask<Completion>('bytes', '/v1/completions', body)).choices;
      expect([text, logprobs.text_offset]).toEqual(['\ufffd🙂', [0, 0, 0, 0].fill(1, cut)]);
    }
  });

  test('a stop text may be the U+FFFD that ends a text', async () => {
    const body = { prompt: 'naïve 猫の', temperature: 0, max_tokens: 2 };
    for (const [stop, text, reason] of [
      ['x', '\ufffd', 'length'],
      ['\ufffd', '', 'stop'],
    ] as const) {
      const [choice] = (await ask<Completion>('bytes', '/v1/completions', { ...body, stop })).choices;
      expect([choice.text, choice.finish_reason]).toEqual([text, reason]);
    }
  });
});
