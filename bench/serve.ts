/**
 * `npm run bench:serve -- MODEL [TEXT]`: how many requests a second `kneser serve` answers, and how long they take, at 1, 16 and 256
 * connections, over the sentences of TEXT (one a line). With `PYTHON=…` and `KENLM=FILE`, a FastAPI server around PyPI's `kenlm` takes turns with
 * it. `npm run bench:serve -- MODEL million` sends 10^6 requests and shows the server's memory; `npm run bench:serve -- MODEL idle` opens
 * 10,000 connections that send nothing, and asks beside them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PROGRAM } from './program.js';
import { parseArgs } from 'node:util';

/** How long each turn of a server takes [s], and how many turns each server has. */
const SECONDS = 3;
const TURNS = 3;
const CONNECTIONS = [1, 16, 256];
/** The most sentences of a text that are sent, over and over. */
const SENTENCES = 1000;
const SENTENCE = 'the cat sat on the mat and the dog saw the cat on the log today .';

const PYTHON_SERVER = fileURLToPath(new URL('../../bench/serve.py', import.meta.url));

interface Server {
  readonly name: string;
  readonly port: number;
  /** The resident memory of the server's process [MB]. */
  readonly memory: () => number;
  readonly stop: () => void;
}

/** Starts a server, which prints its address when it listens. */
async function start(name: string, command: string, args: readonly string[]): Promise<Server> {
  const server = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [address] = (await once(server.stdout, 'data')) as [Buffer];
  const status = `/proc/${server.pid}/status`;
  return {
    name,
    port: Number(new URL(address.toString().trim()).port),
    memory: () => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]) / 1024),
    stop: () => server.kill('SIGTERM'),
  };
}

/** Sends a request. @returns how long the answer took [ms]. */
function ask(agent: Agent, port: number, path: string, body: string): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, method: 'POST', agent }, answer => {
      if (answer.statusCode !== 200) reject(new Error(`${path}: status ${answer.statusCode}`));
      answer.resume().on('end', () => resolve(performance.now() - started));
    });
    asked.setHeader('content-type', 'application/json');
    asked.setHeader('content-length', Buffer.byteLength(body));
    asked.on('error', reject).end(body);
  });
}

interface Turn {
  /** The time of each request [ms]. */
  readonly times: number[];
  readonly seconds: number;
}

/** Sends requests over connections, each of which waits for its answer. */
async function turn(port: number, connections: number, path: string, bodies: readonly string[]): Promise<Turn> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  let sent = 0;
  const started = performance.now();
  const end = started + 1000 * SECONDS;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) times.push(await ask(agent, port, path, bodies[sent++ % bodies.length]));
    }),
  );
  agent.destroy();
  return { times, seconds: (performance.now() - started) / 1000 };
}

/** Lets servers answer the same requests in turns, and prints the figures of each over all its turns. */
async function measure(
  servers: readonly Server[],
  connections: number,
  path: string,
  bodies: readonly string[],
): Promise<void> {
  const turns = servers.map((): Turn[] => []);
  for (let i = 0; i < TURNS; i++) {
    for (const [s, { port }] of servers.entries()) turns[s].push(await turn(port, connections, path, bodies));
  }
  for (const [s, { name, memory }] of servers.entries()) {
    const times = turns[s].flatMap(one => one.times).sort((a, b) => a - b);
    const seconds = turns[s].reduce((sum, one) => sum + one.seconds, 0);
    const at = (share: number): string => times[Math.floor(share * times.length)].toFixed(2);
    process.stdout.write(
      `${name} ${path} ${connections} connections: ${Math.round(times.length / seconds)} requests/s, ` +
        `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${memory()} MB\n`,
    );
  }
}

async function speed(served: Server, text: string | undefined): Promise<void> {
  const lines = text === undefined ? [] : readFileSync(text, 'utf8').split('\n');
  const sentences = lines.filter(line => line.trim() !== '').slice(0, SENTENCES);
  if (sentences.length === 0) sentences.push(SENTENCE);
  const { PYTHON, KENLM } = process.env;
  const servers = [served];
  try {
    if (PYTHON && KENLM) servers.push(await start('FastAPI + kenlm', PYTHON, [PYTHON_SERVER, KENLM]));
    const scores = sentences.map(sentence => JSON.stringify({ sentence }));
    for (const { port } of servers) await turn(port, 16, '/score', scores);
    for (const connections of CONNECTIONS) await measure(servers, connections, '/score', scores);
    // KenLM has no query for the next word: a client would have to score each word of the vocabulary.
    const histories = sentences.map(history => JSON.stringify({ history }));
    for (const connections of CONNECTIONS) await measure([served], connections, '/predict', histories);
  } finally {
    for (const { stop } of servers.slice(1)) stop();
  }
}

async function million({ port, memory }: Server): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const body = JSON.stringify({ sentence: SENTENCE });
  let sent = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (sent < 1e6) {
        if (++sent % 100_000 === 0) process.stdout.write(`${sent} requests: ${memory()} MB\n`);
        await ask(agent, port, '/score', body);
      }
    }),
  );
  agent.destroy();
}

async function idle({ port, memory }: Server): Promise<void> {
  const sockets: Socket[] = [];
  let failed = 0;
  process.stdout.write(`0 connections: ${memory()} MB\n`);
  for (let i = 1; i <= 10_000; i++) {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket.on('error', () => failed++));
    if (i % 500 === 0) await once(socket, 'connect');
  }
  await wait(1000);
  const open = sockets.filter(({ readyState }) => readyState === 'open').length;
  const milliseconds = await ask(new Agent(), port, '/score', JSON.stringify({ sentence: SENTENCE }));
  process.stdout.write(
    `${open} connections, ${failed} failed: ${memory()} MB; a score beside them took ${milliseconds.toFixed(1)} ms\n`,
  );
  for (const socket of sockets) socket.destroy();
}

const { positionals } = parseArgs({ allowPositionals: true });
if (positionals.length < 1 || positionals.length > 2) {
  process.stderr.write('bench:serve: takes MODEL, and TEXT, million or idle\n');
  process.exit(2);
}
const [model, what] = positionals;
const served = await start('kneser serve', process.execPath, [PROGRAM, 'serve', model, '--port', '0', '--quiet']);
try {
  if (what === 'million') await million(served);
  else if (what === 'idle') await idle(served);
  else await speed(served, what);
} finally {
  served.stop();
}
