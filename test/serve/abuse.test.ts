import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel, serve } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';
import { serveTiny, trainTiny, type Fault, type Serving } from '../support/served.js';

/** Requests of clients that are broken or mean: each gets a JSON error with a proper status, and the next request is served. */

const MAX_BODY = 1 << 16;
let serving: Serving;
let port = 0;

beforeAll(async () => {
  serving = await serveTiny('abuse', { maxBody: MAX_BODY, timeout: 0.4 });
  port = Number(new URL(serving.server.url).port);
});

afterEach(async () => {
  expect(await serving.ask('/score', { sentence: 'the cat' })).toMatchObject({
    status: 200,
    tokens: ['the', 'cat', '</s>'],
  });
});

/** Sends bytes, and returns the whole answer when the server has closed the connection. */
async function raw(...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  for (const piece of pieces) socket.write(piece);
  return answerOf(socket);
}

async function answerOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString('latin1'))).on('error', () => undefined);
  await once(socket, 'close');
  return text;
}

/** The status and the error of an answer as it came over the connection. */
function faultOf(answer: string): { readonly status: number; readonly code: string } {
  const [head, body] = answer.split('\r\n\r\n');
  const json = body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1);
  const { error } = JSON.parse(json) as { error: Fault };
  expect(error.message.length).toBeGreaterThan(10);
  return { status: Number(head.split(' ')[1]), code: error.code };
}

const HEAD = 'POST /score HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';

describe('bodies', () => {
  test.each<[string, string, number, string]>([
    ['no JSON', 'sentence=the', 400, 'invalid_json'],
    ['half JSON', '{"sentence": "the', 400, 'invalid_json'],
    ['nothing', '', 400, 'invalid_json'],
    ['a number', '7', 400, 'invalid_json'],
    ['a list', '[{"sentence":"the"}]', 400, 'invalid_json'],
    ['null', 'null', 400, 'invalid_json'],
    ['deep JSON', '['.repeat(30_000) + ']'.repeat(30_000), 400, 'invalid_json'],
    ['deep JSON in a member', `{"sentence":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 400, 'KNESER_OPTION'],
    ['a prototype', '{"__proto__":{"sentence":"the"}}', 400, 'KNESER_OPTION'],
    ['a wrong type', '{"sentence":{"length":3}}', 400, 'KNESER_OPTION'],
    ['a list of no texts', '{"sentence":["the",null]}', 400, 'KNESER_OPTION'],
    ['both', '{"sentence":"the","sentences":[]}', 400, 'KNESER_OPTION'],
    ['too many bytes', `{"sentence":"${'a '.repeat(MAX_BODY)}"}`, 413, 'body_too_large'],
  ])('%s', async (_, body, status, code) => {
    const answer = await serving.ask('/score', body);
    expect({ status: answer.status, code: answer.error?.code }).toEqual({ status, code });
  });

  test('bytes that are not UTF-8', async () => {
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    const answer = await raw(`${HEAD}connection: close\r\ncontent-length: ${body.length}\r\n\r\n`, body);
    expect(faultOf(answer)).toEqual({ status: 400, code: 'invalid_json' });
  });

  test('endless ones are refused before they end', async () => {
    const chunk = `8000\r\n${'a'.repeat(0x8000)}\r\n`;
    const answer = await raw(`${HEAD}transfer-encoding: chunked\r\n\r\n`, chunk, chunk, chunk);
    expect(faultOf(answer)).toEqual({ status: 413, code: 'body_too_large' });
    expect(faultOf(await raw(`${HEAD}content-length: 99999999999\r\n\r\n`, '{'))).toEqual({
      status: 413,
      code: 'body_too_large',
    });
  });

  test('compressed ones are refused by name', async () => {
    const answer = await raw(`${HEAD}content-encoding: gzip\r\nconnection: close\r\ncontent-length: 1\r\n\r\n`, 'x');
    expect(faultOf(answer)).toEqual({ status: 415, code: 'unsupported_encoding' });
  });

  test('slow ones are cut off, and so are slow headers and slow lines', async () => {
    const slow = await Promise.all([
      raw(`${HEAD}content-length: 100\r\n\r\n`, '{'),
      raw('POST /score HTTP/1.1\r\nhost: loc'),
      raw(
        `${HEAD.replace('application/json', 'application/x-ndjson')}content-length: 100\r\n\r\n`,
        '{"sentence":"the"}\n{',
      ),
    ]);
    expect(slow.slice(0, 2).map(faultOf)).toEqual([
      { status: 408, code: 'timeout' },
      { status: 408, code: 'timeout' },
    ]);
    // The first line was answered by then, so that the error is a line, too.
    expect(slow[2]).toMatch(/"tokens":\["the","<\/s>"\][^]*"code":"timeout"/);
  });

  test('many large ones at a time are refused, not held', async () => {
    const sockets = Array.from({ length: 8 }, () => connect(port, '127.0.0.1'));
    const answers = sockets.map(answerOf);
    for (const socket of sockets)
      socket.write(`${HEAD}connection: close\r\ncontent-length: 60000\r\n\r\n${' '.repeat(59_000)}`);
    const codes = (await Promise.all(answers)).map(answer => faultOf(answer).code);
    expect(codes.filter(code => code === 'overloaded').length).toBe(5);
    expect(codes.filter(code => code === 'timeout').length).toBe(3);
  });
});

describe('requests', () => {
  test.each<[string, string, number, string]>([
    ['no HTTP', 'hello\r\n\r\n', 400, 'invalid_request'],
    ['TLS', '\x16\x03\x01\x02\x00\x01', 400, 'invalid_request'],
    ['a header without end', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(20_000)}`, 431, 'headers_too_large'],
    [
      'many headers',
      `GET / HTTP/1.1\r\nhost: localhost\r\n${'a: bcdefghijklmnop\r\n'.repeat(1500)}\r\n`,
      431,
      'headers_too_large',
    ],
    ['two lengths', `${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, 400, 'invalid_request'],
    [
      'length and chunks',
      `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'invalid_request',
    ],
    ['a negative length', `${HEAD}content-length: -1\r\n\r\n`, 400, 'invalid_request'],
    ['no host', 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'invalid_request'],
    [
      'a host of another server',
      'POST /score HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}',
      403,
      'forbidden_host',
    ],
    [
      'a page of another server',
      `${HEAD}origin: http://evil.example\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
      403,
      'forbidden_origin',
    ],
  ])('%s', async (_, bytes, status, code) => {
    const answer = await raw(bytes);
    const found = faultOf(answer);
    expect(code === 'invalid_request' ? { ...found, code } : found).toEqual({ status, code });
  });

  test.each([
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/models/..%2f..%2fetc/tokenizer_info',
    '//evil.example/health',
    '/models/tiny/../x',
    '/%00',
    '/%ff%fe',
    '/v1/models/%E0%A4%A',
    '/v1/models/__proto__',
    '/models/constructor/tokenizer_info',
    `/${'a'.repeat(8000)}`,
  ])('of the path %s', async path => {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    const { status } = faultOf(answer);
    expect([400, 404]).toContain(status);
    expect(answer).not.toContain('root:');
  });

  test('of a method that the path does not take', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      const answer = await raw(`${method} /score HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
      expect(faultOf(answer)).toEqual({ status: 405, code: 'method_not_allowed' });
      expect(answer).toMatch(/\r\nallow: POST\r\n/i);
    }
  });

  test('of a client that hangs up stops', async () => {
    const body = JSON.stringify({ count: 16_000, maxTokens: 1000, stream: true });
    const asked = request({ port, host: '127.0.0.1', path: '/generate', method: 'POST' });
    asked.on('error', () => undefined).end(body);
    const [answer] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
    await once(answer, 'data');
    asked.destroy();
    for (;;) {
      const text = await (await fetch(`${serving.server.url}/metrics`)).text();
      if (text.includes('kneser_requests_running 1\n')) break;
    }
    const half = connect(port, '127.0.0.1');
    half.write(`${HEAD}content-length: 100\r\n\r\n{"sent`, () => half.destroy());
    await once(half, 'close');
  });

  test('of which the answer takes too long', async () => {
    const answer = await serving.ask('/generate', { count: 16_000, maxTokens: 100_000, temperature: 1.5 });
    expect({ status: answer.status, code: answer.error?.code }).toEqual({ status: 503, code: 'timeout' });
  });

  test('over connections of which hundreds are idle', async () => {
    const sockets = Array.from({ length: 300 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(sockets.map(socket => once(socket, 'connect')));
    expect((await serving.ask('/score', { sentence: 'the' })).status).toBe(200);
    // They are closed after the time limit.
    await Promise.all(sockets.map(socket => once(socket.resume(), 'close')));
  });
});

test('requests that were sent before the server stops are answered', async () => {
  const server = await serve({ models: [serving.folder], port: 0 });
  const { port } = new URL(server.url);
  const body = '{"sentence":"the cat sat"}';
  const bytes = `POST /score HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const sockets = Array.from({ length: 20 }, () => connect(Number(port), '127.0.0.1'));
  const answers = sockets.map(answerOf);
  for (const socket of sockets) socket.write(bytes);
  await Promise.all(sockets.map(socket => once(socket, 'connect')));
  await server.close();
  expect((await Promise.all(answers)).map(answer => answer.slice(0, 12))).toEqual(sockets.map(() => 'HTTP/1.1 200'));
});

test('a server that stops does not wait for connections without a request', async () => {
  // The time limit is a minute.
  const server = await serve({ models: [serving.folder], port: 0 });
  const { port } = new URL(server.url);
  const [silent, half] = [0, 1].map(() => connect(Number(port), '127.0.0.1').on('error', () => undefined));
  half.write('POST /score HTT');
  await Promise.all([once(silent, 'connect'), once(half, 'connect')]);
  const closed = [silent, half].map(socket => once(socket.resume(), 'close'));
  await server.close();
  await Promise.all(closed);
});

test('keys', async () => {
  const keys = join(temporaryFolder('keys'), 'keys');
  writeFileSync(keys, 'secret\n\nother key\n');
  const server = await serve({ models: [serving.folder], port: 0, host: '127.0.0.1', apiKeyFile: keys });
  const ask = async (authorization?: string): Promise<number> =>
    (await fetch(`${server.url}/v1/models`, { headers: authorization === undefined ? {} : { authorization } })).status;
  const given = [
    'Bearer secret',
    'bearer other key',
    'Bearer wrong',
    'Basic secret',
    'Bearer ',
    `Bearer ${'x'.repeat(8000)}`,
  ];
  expect(await Promise.all([undefined, ...given].map(ask))).toEqual([401, 200, 200, 401, 401, 401, 401]);
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  writeFileSync(keys, 'new\n');
  await server.reload();
  expect([await ask('Bearer secret'), await ask('Bearer new')]).toEqual([401, 200]);
  await server.close();
});

test('of two models, one must be named', async () => {
  const server = await serve({ models: [`a=${serving.folder}`, `b=${serving.folder}`], port: 0 });
  const ask = async (path: string): Promise<number> => (await fetch(server.url + path)).status;
  expect(
    await Promise.all(['/tokenizer_info', '/tokenizer_info?model=b', '/models/a/tokenizer_info'].map(ask)),
  ).toEqual([400, 200, 200]);
  await server.close();
});

test('model files that are damaged under the server give errors, or the right numbers', async () => {
  const folder = `${temporaryFolder('damaged')}/tiny`;
  await trainTiny(folder);
  await using model = await LanguageModel.open(folder);
  const { log10Probs } = await model.score('the cat sat');
  for (const tables of ['load', 'page'] as const) {
    const warnings: string[] = [];
    const server = await serve({ models: [folder], port: 0, tables, onWarning: warning => warnings.push(warning) });
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(file => file.isFile());
    const contents = files
      .map(file => join(file.parentPath, file.name))
      .map(path => [path, readFileSync(path)] as const);
    for (const [path, content] of contents) writeFileSync(path, Buffer.alloc(content.length, 0xa5), { flag: 'r+' });
    const response = await fetch(`${server.url}/score`, { method: 'POST', body: '{"sentence":"the cat sat"}' });
    const answer = (await response.json()) as { log10Probs?: number[]; error?: Fault };
    if (tables === 'load') {
      expect(answer.log10Probs?.slice(0, 3)).toEqual([...log10Probs.slice(0, 3)]);
      await expect(server.reload()).rejects.toThrow();
    } else {
      expect({ status: response.status, code: answer.error?.code }).toEqual({ status: 500, code: 'KNESER_DAMAGED' });
      expect(warnings.length).toBe(1);
      // Clients are not told where the model lies; the log is.
      expect(answer.error?.message).not.toContain(folder);
      expect(warnings[0]).toContain(folder);
      // An answer in lines reports its errors, too.
      const lines = {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: '{"sentence":"the cat sat"}',
      };
      expect(await (await fetch(`${server.url}/score`, lines)).text()).toContain('KNESER_DAMAGED');
      expect(warnings.length).toBe(2);
    }
    await server.close();
    for (const [path, content] of contents) {
      if (statSync(path).size === content.length) writeFileSync(path, content, { flag: 'r+' });
    }
  }
});
