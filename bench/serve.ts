/** `npm run bench:serve -- MODEL`: how many requests a second `kneser serve` answers, and how long they take, at 1, 16 and 256 connections. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';

const SECONDS = 3;
const SENTENCE = 'the cat sat on the mat and the dog saw the cat on the log today .';

const MAIN = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const [model = 'model'] = process.argv.slice(2);
const server = spawn(process.execPath, [MAIN, 'serve', model, '--port', '0', '--quiet'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [address] = (await once(server.stdout, 'data')) as [Buffer];
const { port } = new URL(address.toString().trim());

/** Sends a request. @returns how long the answer took [ms]. */
function ask(agent: Agent, path: string, body: string): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, method: 'POST', agent }, answer => {
      if (answer.statusCode !== 200) reject(new Error(`${path}: status ${answer.statusCode}`));
      answer.resume().on('end', () => resolve(performance.now() - started));
    });
    asked.setHeader('content-length', Buffer.byteLength(body));
    asked.on('error', reject).end(body);
  });
}

/** Sends requests over connections, each of which waits for its answer. */
async function measure(connections: number, path: string, body: object): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const text = JSON.stringify(body);
  const times: number[] = [];
  const started = performance.now();
  const end = started + 1000 * SECONDS;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) times.push(await ask(agent, path, text));
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number): string => times[Math.floor(share * times.length)].toFixed(2);
  const rate = Math.round(times.length / seconds);
  process.stdout.write(
    `${path} ${connections} connections: ${rate} requests/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`,
  );
}

await measure(16, '/score', { sentence: SENTENCE });
for (const connections of [1, 16, 256]) await measure(connections, '/score', { sentence: SENTENCE });
for (const connections of [1, 16, 256]) await measure(connections, '/predict', { history: SENTENCE });
server.kill('SIGTERM');
