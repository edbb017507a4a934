import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { LanguageModel, serve, train, type LoadedModel, type ModelServer } from '#kneser/src/index.js';
import { temporaryFolder } from '../../support/models.js';

/**
 * Clients of other authors against `kneser serve`: lm-evaluation-harness, whose figures must equal those of the library, OpenAI's client for
 * Python, and schemathesis, which asks every endpoint with values that its schema allows and values that it forbids.
 */

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DOCS = join(HERE, '../../../docs');
const bin = join(inject('lmEvalEnvironment'), 'bin');
const folder = temporaryFolder('lm-eval');
const run = promisify(execFile);

let server: ModelServer;
let model: LoadedModel;
let [documents, lines]: [string[], string[]] = [[], []];

beforeAll(async () => {
  const pages = readdirSync(DOCS).filter(name => name.endsWith('.md') && name !== 'glossary.md');
  const textOf = (name: string): string => readFileSync(join(DOCS, name), 'utf8');
  const words = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}\n]+/gu, ' ');
  lines = pages
    .flatMap(name => words(textOf(name)).split('\n'))
    .map(line => line.trim())
    .filter(line => line.split(' ').length > 7);
  // Documents that the model was not trained on: paragraphs of several lines.
  documents = words(textOf('glossary.md'))
    .split('\n\n')
    .map(text => text.trim())
    .filter(text => text.length > 40);
  const path = join(folder, 'pages');
  await train({ sentences: lines.map(line => line.split(' ')), out: path, order: 4, threads: 1 });
  const paged = await LanguageModel.open(path);
  model = await paged.load();
  await paged.close();
  server = await serve({ models: [path], port: 0 });
});

afterAll(() => server.close());

const write = (name: string, objects: readonly object[]): void =>
  writeFileSync(join(folder, name), objects.map(object => `${JSON.stringify(object)}\n`).join(''));

/** ln p of a text of several lines, of which the last is not complete. */
function logOf(text: string): number {
  const parts = text.split('\n');
  const log10 = parts.reduce((sum, line, i) => sum + model.score(line, { end: i + 1 < parts.length }).log10Prob, 0);
  return log10 * Math.LN10;
}

test("lm-evaluation-harness has the library's figures", async () => {
  const questions = Array.from({ length: 40 }, (_, i) => {
    const halves = [0, 1, 2].map(k => lines[(7 * i + 31 * k) % lines.length].split(' '));
    const answer = i % 3;
    // Each question is a line that the model knows, with another end now and then.
    const choices = halves.map((_, k) => (k === answer ? halves[0] : halves[(k + 1) % 3]).slice(4).join(' '));
    return { question: halves[0].slice(0, 4).join(' '), choices, answer };
  });
  const beginnings = Array.from({ length: 20 }, (_, i) => lines[11 * i].split(' ').slice(0, 3).join(' '));
  const greedy: { beginning: string; continuation: string }[] = [];
  for await (const { text, beginning = '' } of model.generate({ beginnings, greedy: true, maxTokens: 8 })) {
    greedy.push({ beginning, continuation: greedy.length % 4 === 0 ? ' another' : text.slice(beginning.length) });
  }
  write(
    'documents.jsonl',
    documents.map(text => ({ text })),
  );
  write('choices.jsonl', questions);
  write('greedy.jsonl', greedy);
  const asked = {
    model: 'pages',
    base_url: `${server.url}/v1/completions`,
    tokenizer_backend: 'remote',
    max_length: 100_000,
  };
  const args = Object.entries(asked).map(([name, value]) => `${name}=${value}`);
  await run(
    join(bin, 'lm_eval'),
    [
      'run',
      '--model',
      'local-completions',
      '--model_args',
      args.join(','),
      '--include_path',
      join(HERE, 'tasks'),
    ].concat([
      '--batch_size',
      '3',
      '--tasks',
      'kneser_documents,kneser_choices,kneser_greedy',
      '--output_path',
      join(folder, 'out'),
    ]),
    {
      cwd: folder,
      env: { ...process.env, HF_HUB_OFFLINE: '1', HF_DATASETS_OFFLINE: '1', HF_HOME: join(folder, 'cache') },
      maxBuffer: 1 << 26,
    },
  );
  const output = join(folder, 'out', 'pages');
  const [file] = readdirSync(output).filter(name => name.startsWith('results'));
  const { results } = JSON.parse(readFileSync(join(output, file), 'utf8')) as {
    results: Record<string, Record<string, number>>;
  };
  const log = documents.reduce((sum, text) => sum + logOf(text), 0);
  const bytes = documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const words = documents.reduce((sum, text) => sum + text.split(/\s+/).length, 0);
  const best = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));
  const scored = questions.map(({ question, choices, answer }) => {
    const scores = choices.map(choice => logOf(`${question} ${choice}`) - logOf(question));
    return {
      plain: best(scores) === answer,
      normed: best(scores.map((score, k) => score / choices[k].length)) === answer,
    };
  });
  const share = (hits: readonly boolean[]): number => hits.filter(Boolean).length / hits.length;
  const expected = {
    bits_per_byte: -log / bytes / Math.LN2,
    byte_perplexity: Math.exp(-log / bytes),
    word_perplexity: Math.exp(-log / words),
    acc: share(scored.map(({ plain }) => plain)),
    acc_norm: share(scored.map(({ normed }) => normed)),
    exact_match: 0.75,
  };
  const found = { ...results['kneser_documents'], ...results['kneser_choices'], ...results['kneser_greedy'] };
  for (const [name, value] of Object.entries(expected)) {
    expect(
      Math.abs(found[`${name},none`] - value) / value,
      `${name}: ${found[`${name},none`]}, not ${value}`,
    ).toBeLessThan(1e-6);
  }
  // Neither everything nor nothing is right, so that the accuracies say something.
  expect(expected.acc).toBeGreaterThan(0.1);
  expect(expected.acc).toBeLessThan(1);
});

test("OpenAI's client for Python", async () => {
  const { stdout } = await run(join(bin, 'python'), [join(HERE, 'client.py'), server.url]);
  const found = JSON.parse(stdout) as {
    models: string[];
    text: string;
    logprobs: number[];
    streamed: string;
    fault: object;
    refused: string;
  };
  expect(found).toMatchObject({ models: ['pages'], fault: { status: 404, code: 'model_not_found', param: 'model' } });
  expect(found.refused).toContain('frequency_penalty');
  expect(found.text).toBe(`the model${found.streamed}`);
  expect(found.logprobs[1]).toBeCloseTo(model.score('the model', { end: false }).log10Probs[1] * Math.LN10, 12);
});

test('schemathesis finds no answer that the OpenAPI document does not describe', async () => {
  const args = [
    'run',
    `${server.url}/openapi.json`,
    '--checks',
    'all',
    // Rules between members, such as one of two, are not part of the schema.
    '--exclude-checks',
    'positive_data_acceptance',
    '--max-examples',
    '25',
    '--seed',
    '1',
    '--workers',
    '1',
  ];
  const { stdout } = await run(join(bin, 'schemathesis'), [...args, '--no-color'], {
    cwd: folder,
    env: { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: HERE },
    maxBuffer: 1 << 26,
  }).catch((error: unknown) => ({ stdout: `FAILED\n${(error as { stdout: string }).stdout}` }));
  expect(stdout).not.toContain('FAILED');
});
