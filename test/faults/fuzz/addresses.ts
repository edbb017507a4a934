import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { LanguageModel } from '../../../src/model/language-model.js';
import { pack } from '../../../src/tools/pack.js';
import { train } from '../../../src/train/train.js';
import { randomNumbers } from '../../../src/base/random.js';
import { NUMBERS } from './mutate.js';
import { firstByte, Wrong, type CreateTarget, type Target } from './target.js';

const SENTENCE = 'w0 w1 nowhere w3';
/** Number of bytes of an input that determine one answer of the server. */
const ANSWER_BYTES = 4;
const RIGHT = 0;
const STATUSES = [200, 204, 206, 206, 301, 304, 404, 416, 500];
const RANGES = ['', 'bytes */*', 'bytes 0-0/1', 'bytes 5-1/-1', 'bytes 0-99/1e9', 'bytes', 'x/99999999999999999999'];

/**
 * An address whose server answers wrongly: too many bytes, too few, other bytes, wrong headers. Four bytes of an input determine an
 * answer: the kind of fault, and its numbers. When the input is used up, it is read from its beginning again.
 */
export const addresses: CreateTarget = async (folder): Promise<Target> => {
  const file = await packLarge(folder);
  let plan: Uint8Array = new Uint8Array(0);
  let at = 0;
  const server = createServer((request, response) => {
    // Answers follow the order of the requests, so that one input gets nearly the same answers each time.
    const from = plan.length > 0 ? (ANSWER_BYTES * at++) % plan.length : 0;
    respond(request, response, file, plan.subarray(from, from + ANSWER_BYTES));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The server ends with this process.
  server.unref();
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/fuzzed`);
  const right = await (async () => {
    await using model = await LanguageModel.fromFile(url);
    return JSON.stringify(await model.score(SENTENCE));
  })();
  const faults = Array.from({ length: 12 }, (_, fault) => [fault, fault, 7 * fault, 0]);
  return {
    // One seed with a fault in the first answer, one with a fault after opening.
    seeds: faults.flatMap(fault => [Uint8Array.from(fault), Uint8Array.of(RIGHT, 0, 0, 0, ...fault)]),
    names: /fuzzed/,
    async run(bytes) {
      plan = bytes;
      at = 0;
      const model = await LanguageModel.fromFile(url);
      try {
        if (JSON.stringify(await model.score(SENTENCE)) !== right) throw new Wrong('a wrong score');
      } finally {
        await model.close();
      }
    },
  };
};

/** A packed model that is larger than the first request for it. */
async function packLarge(folder: string): Promise<Uint8Array> {
  const random = randomNumbers(2);
  const word = (): string => `w${Math.floor(2000 * random() ** 4)}`;
  const sentences = Array.from({ length: 6000 }, () => Array.from({ length: 9 }, word).join(' '));
  const [model, out] = [join(folder, 'large'), join(folder, 'large.kneser')];
  await train({ sentences, out: model, order: 4, threads: 1 });
  await pack({ model, out });
  return readFileSync(out);
}

function respond(request: IncomingMessage, response: ServerResponse, file: Uint8Array, answer: Uint8Array): void {
  const [fault, number, shift] = [firstByte(answer), answer.at(1) ?? 0, answer.at(2) ?? 0];
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  let [from, to] = [Number(first), Math.min(file.length, Number(last) + 1)];
  const headers: Record<string, string | number> = {
    etag: '"1"',
    'content-range': `bytes ${from}-${to - 1}/${file.length}`,
  };
  let status = 206;
  const some = number - 128;
  switch (fault % 12) {
    case 1:
      to = Math.max(from, to + some);
      break;
    case 2:
      [from, to] = [Math.max(0, from + some), Math.max(0, to + some)];
      break;
    case 3:
      headers['content-range'] = RANGES[number % RANGES.length];
      break;
    case 4:
      headers['content-range'] = `bytes ${from}-${to - 1}/${NUMBERS[number % NUMBERS.length]}`;
      break;
    case 5:
      headers['content-range'] = `bytes ${from}-${to - 1}/${file.length + some}`;
      break;
    case 6:
      status = STATUSES[number % STATUSES.length];
      break;
    case 7:
      headers.etag = `"${number}"`;
      break;
    case 8:
      status = 200;
      [from, to] = [0, shift % 2 === 0 ? file.length : number];
      break;
    case 9:
      // More or fewer bytes than announced: the connection breaks off.
      headers['content-length'] = to - from + 1 + shift;
      break;
    case 10:
      delete headers['content-range'];
      break;
    case 11:
      headers['content-encoding'] = number % 2 === 0 ? 'gzip' : 'none';
      break;
    default:
  }
  response.writeHead(status, headers);
  response.write(file.subarray(from, to));
  if (fault % 12 === 9) response.destroy();
  else response.end();
}
