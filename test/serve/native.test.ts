import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { annotate, LanguageModel, serve, tune } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';
import { serveTiny, trainTiny, type Serving } from '../support/served.js';

/** The endpoints that mirror the library give its results. */

let serving: Serving;
const SENTENCES = ['the cat sat', 'a zebra', ''];
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

beforeAll(async () => {
  serving = await serveTiny('native');
});

const lines = async (path: string, body: string, type = 'application/x-ndjson'): Promise<unknown[]> => {
  const response = await fetch(serving.server.url + path, { method: 'POST', body, headers: { 'content-type': type } });
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  return (await response.text())
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as unknown);
};

test('score', async () => {
  for (const options of [{}, { start: false }, { end: false }]) {
    const scores = SENTENCES.map(sentence => plain(serving.model.score(sentence, options)));
    expect(await serving.ask('/score', { sentences: SENTENCES, ...options })).toEqual({
      status: 200,
      model: 'tiny',
      scores,
    });
  }
  const one = await serving.ask('/score', { sentence: ['the', 'cat sat'] });
  expect(one).toEqual({ status: 200, model: 'tiny', ...(plain(serving.model.score(['the', 'cat sat'])) as object) });
});

test('many sentences are scored by threads, with the same scores', async () => {
  const sentences = Array.from({ length: 3000 }, (_, i) => `the cat sat on the mat ${i}`);
  const { scores } = await serving.ask<{ scores: { log10Prob: number }[] }>('/score', { sentences });
  expect(scores.map(({ log10Prob }) => log10Prob)).toEqual(sentences.map(each => serving.model.score(each).log10Prob));
});

test('perplexity', async () => {
  for (const options of [{}, { start: false }, { end: false }]) {
    const figures = plain(serving.model.perplexity(SENTENCES, options)) as object;
    expect(await serving.ask('/perplexity', { sentences: SENTENCES, ...options })).toEqual({
      status: 200,
      model: 'tiny',
      ...figures,
    });
    const text = SENTENCES.map(line => `${line}\n`).join('');
    expect(await serving.ask('/perplexity', { text, ...options })).toEqual({ status: 200, model: 'tiny', ...figures });
  }
});

test('a cache of the text so far', async () => {
  const out = join(temporaryFolder('cache'), 'tiny');
  await trainTiny(out);
  const held = `${out}.txt`;
  writeFileSync(held, 'the dog sat on the mat\nthe cat saw the cat\n'.repeat(5));
  await tune({ model: out, files: [held] });
  const server = await serve({ models: [out], port: 0, threads: 1 });
  await using paged = await LanguageModel.open(out);
  const model = await paged.load();
  const sentences = ['the cat sat', 'the cat sat', 'a zebra'];
  const ask = async (path: string, body: object): Promise<unknown> =>
    (await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) })).json();
  const cache = model.createCache();
  const scores = sentences.map(sentence => plain(model.score(sentence, { cache })));
  expect(scores[1]).not.toEqual(scores[0]);
  // More requests than may have a cache at a time: some wait for their turn.
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask('/score', { sentences, cache: true })));
  for (const answer of answers) expect(answer).toEqual({ model: 'tiny', scores });
  const figures = plain(model.perplexity(sentences, { cache: true })) as object;
  expect(await ask('/perplexity', { sentences, cache: true })).toEqual({ model: 'tiny', ...figures });
  const text = sentences.map(line => `${line}\n`).join('');
  expect(await ask('/perplexity', { text, cache: true })).toEqual({ model: 'tiny', ...figures });
  await server.close();
  const refused = await serving.ask('/score', { sentences, cache: true });
  expect([refused.status, refused.error?.code]).toEqual([400, 'KNESER_OPTION']);
  expect(refused.error?.message).not.toContain(serving.folder);
});

test('vector', async () => {
  const { vector } = await serving.ask<{ vector: number[] }>('/vector', { sentence: 'the cat sat on', window: 2 });
  expect(vector).toEqual([...serving.model.ngramPerplexities('the cat sat on', { window: 2 })]);
  const { vectors } = await serving.ask<{ vectors: { vector: number[] }[] }>('/vector', {
    sentences: SENTENCES,
    bins: 4,
  });
  expect(vectors.map(({ vector }) => vector.length)).toEqual([4, 4, 0]);
  const sentence = 'the cat sat on the mat and a dog saw '.repeat(200);
  const alone = { window: 5, context: 'window' } as const;
  const long = await serving.ask<{ vector: number[] }>('/vector', { sentence, ...alone });
  expect(long.vector).toEqual([...serving.model.ngramPerplexities(sentence, alone)]);
});

test('predict', async () => {
  for (const options of [{}, { top: 3, explain: true }, { prefix: 'm' }]) {
    const { predictions } = await serving.ask<{ predictions: unknown }>('/predict', { history: 'on the', ...options });
    expect(predictions).toEqual(plain(serving.model.predict('on the', options)));
  }
  const { histories } = await serving.ask<{ histories: unknown[] }>('/predict', { histories: SENTENCES, top: 2 });
  expect(histories).toEqual(SENTENCES.map(each => plain(serving.model.predict(each, { top: 2 }))));
  const gap = { gap: '___', gapLength: [1, 2] as const, top: 2 };
  const filled = await serving.ask<{ predictions: unknown }>('/predict', { history: 'the ___ sat', ...gap });
  expect(filled.predictions).toEqual(plain(serving.model.predict('the ___ sat', gap)));
});

test('generate, whole and streamed', async () => {
  const options = { beginnings: ['the', 'a dog'], count: 2, seed: 9, topP: 0.9 };
  const expected: unknown[] = [];
  for await (const text of serving.model.generate(options)) expected.push(plain(text));
  expect((await serving.ask<{ texts: unknown }>('/generate', options)).texts).toEqual(expected);
  expect(await lines('/generate', JSON.stringify({ ...options, stream: true }), 'application/json')).toEqual(expected);
});

test('annotate streams documents', async () => {
  const documents = [
    { id: 1, text: 'the cat sat' },
    { id: 2, text: 'a zebra\nthe dog' },
  ];
  const body = documents.map(document => `${JSON.stringify(document)}\n`).join('\n');
  await using model = await LanguageModel.open(serving.folder);
  const expected: unknown[] = [];
  for await (const { line } of annotate({ model, documents, tokens: true, against: model })) {
    expected.push(JSON.parse(new TextDecoder().decode(line)));
  }
  expect(await lines('/annotate?tokens=true&against=tiny', body)).toEqual(expected);
  const [first, second] = await lines('/annotate', '{"text":"the cat"}\n{"txt":1}\n{"text":"a"}');
  expect([first, second]).toMatchObject([{ text: 'the cat' }, { error: { code: 'KNESER_INPUT_JSON' } }]);
  // Found with ids of 20 digits, which came back as doubles.
  const line = '{ "id":12345678901234567890,"f":1.0, "text":"the cat","e":1e400}';
  const same = await (await fetch(`${serving.server.url}/annotate`, { method: 'POST', body: line })).text();
  expect(same).toMatch(/^\{ "id":12345678901234567890,"f":1\.0, "text":"the cat","e":1e400,"kneser":\{/);
  expect((await serving.ask('/annotate?files=x', '')).status).toBe(400);
  // The name in a path is that of the model that answers, and not of the other one.
  expect(await lines('/models/tiny/annotate?tokens=true&against=tiny', body)).toEqual(expected);
  expect((await serving.ask('/models/tiny/annotate?against=none', body)).status).toBe(404);
});

test('parameters of annotate are refused by name, before the answer begins', async () => {
  const refused = async (parameters: string): Promise<unknown> => {
    const { status, error } = await serving.ask(`/annotate?${parameters}`, '{"text":"the cat"}');
    return [status, error?.param, error?.message];
  };
  const needs = 'context: a cache needs tuned weights, and none are in use; make some with kneser tune';
  expect(await refused('context=x')).toEqual([400, 'context', needs]);
  const range = 'surprisal: "x" is not a number from 0 to 1000000';
  expect(await refused('surprisal=x')).toEqual([400, 'surprisal', range]);
});

test('nothing is below a model that is not served', async () => {
  for (const path of ['/v1/models', '/health', '/metrics', '/info']) {
    expect((await fetch(`${serving.server.url}/models/tiny${path}`)).status).toBe(200);
    const response = await fetch(`${serving.server.url}/models/zz${path}`);
    const { error } = (await response.json()) as { error: { code: string } };
    expect([path, response.status, error.code]).toEqual([path, 404, 'model_not_found']);
  }
});

test('JSON lines are answered line by line', async () => {
  const answers = await lines('/score', '{"sentence":"the cat"}\n{"sentence":7}\n\n{"sentence":"a"}\n');
  expect(answers).toMatchObject([
    { tokens: ['the', 'cat', '</s>'] },
    { error: { param: 'sentence' } },
    { tokens: ['a', '</s>'] },
  ]);
});

test('texts and answers that are too long are refused by the name of the member', async () => {
  const text = 'a'.repeat(2 ** 20 + 1);
  const tokens = Array.from(text);
  for (const [path, body, message] of [
    ['/score', { sentence: text }, 'sentence: has more than 1048576 UTF-16 units; shorten it'],
    ['/score', { sentences: ['a', tokens] }, 'sentences[1]: has more than 1048576 tokens; shorten it'],
    ['/vector', { sentence: tokens }, 'sentence: has more than 1048576 tokens; shorten it'],
    ['/predict', { history: tokens }, 'history: has more than 1048576 tokens; shorten it'],
    ['/predict', { histories: ['a', text] }, 'histories[1]: has more than 1048576 UTF-16 units; shorten it'],
    [
      '/vector',
      { sentences: ['a', 'b'], bins: 1_000_000 },
      'bins: the answer would have more than 1048576 values; send fewer sentences or ask for fewer bins',
    ],
    [
      '/predict',
      { histories: Array.from({ length: 17 }, () => 'a'), top: 2 ** 16 },
      'top: the answer would have more than 1048576 tokens; send fewer histories or ask for fewer tokens',
    ],
  ] as const) {
    const { status, error } = await serving.ask(path, body);
    expect({ status, code: error?.code, message: error?.message }).toEqual({
      status: 400,
      code: 'KNESER_LIMIT',
      message,
    });
  }
});

test('the state of the server', async () => {
  expect(await serving.ask('/health')).toEqual({ status: 'ok', models: ['tiny'] });
  await serving.ask('/score', { sentence: 'the' });
  const text = await (await fetch(`${serving.server.url}/metrics`)).text();
  const [, scored] = /kneser_tokens_total\{model="tiny",kind="scored"\} (\d+)/.exec(text) ?? [];
  expect(Number(scored)).toBeGreaterThan(100);
  expect(text).toMatch(/kneser_request_duration_seconds_bucket\{path="\/score",le="\+Inf"\} \d+\n/);
  expect(text).toMatch(/process_resident_memory_bytes \d{7,}\n/);
  // Each line is a comment, or a name with labels and a number.
  expect(text.split('\n').filter(line => !/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [\d.e+-]+|)$/.test(line))).toEqual(
    [],
  );
});

test('the OpenAPI document has each endpoint and each member', async () => {
  const document = await serving.ask<{ paths: Record<string, Record<string, { requestBody?: unknown }>> }>(
    '/openapi.json',
  );
  const page = readFileSync(new URL('../../docs/serve.md', import.meta.url), 'utf8');
  for (const path of Object.keys(document.paths)) expect(page).toContain(path.replace('{id}', 'NAME'));
});
