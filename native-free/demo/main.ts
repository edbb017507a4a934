/**
 * `npm run demo`: builds the demo page and serves it to this machine.
 *
 * `index.html` and `page/` are the page: what the user sees and does. `workers/` trains, opens and asks models in Web Workers, `protocol.ts`
 * has the messages between both. `build.ts` bundles the page, `serve.ts` serves it; `served.ts` bundles the page that `kneser serve` serves.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDemo } from './build.js';
import { serveFolder } from './serve.js';

const PORT = 5173;

const folder = mkdtempSync(join(tmpdir(), 'kneser-demo-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit());
await buildDemo(folder);
const { url } = await serveFolder(folder, { port: PORT });
process.stdout.write(`${url}\n`);
process.stderr.write('Serves the demo page until it is stopped with Ctrl-C.\n');
