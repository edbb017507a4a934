import { InvalidArgumentError, type Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import type { ServeOptions } from '../serve/options.js';
import { given } from './given.js';
import { print, warn } from './output.js';
import { interruption } from './interruption.js';
import { withProgress } from './progress.js';
import { addModelFlags, openOptions, type ModelFlags } from './smoothing.js';
import { parseSize, parseThreads, parseWhole } from './values.js';

const HELP = `
A model is called by the name of its folder or file, unless NAME=PATH is given. The address is printed when all models are loaded.
SIGHUP opens the models again, and answers from the new ones when all are loaded; SIGTERM and Ctrl-C end the server after the answers under way.

Examples:
  kneser serve model
  kneser serve news=models/news-5 code=models/code-5 --port 9000
  curl -d '{"sentence": "the cat sat"}' http://127.0.0.1:8080/score`;

/** Flags of `kneser serve`. */
interface ServeFlags
  extends ModelFlags, Pick<ServeOptions, 'port' | 'host' | 'apiKeyFile' | 'threads' | 'maxBody' | 'timeout'> {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, '': 1, m: 60, min: 60, h: 3600 };

/** Reads a time, such as `60s` or `5m`. @returns the time in seconds. */
function parseTime(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|)$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('It takes a time such as 60s or 5m.');
  return Number(match[1]) * SECONDS[match[2]];
}

/** `kneser serve`. */
export function define(command: Command): void {
  command
    .argument('<model...>', 'folders, packed files or addresses of models; NAME=PATH gives one another name')
    .option('--port <n>', 'the port, 0 for any that is free (default: 8080)', parseWhole)
    .option(
      '--host <address>',
      'the address to listen at; one that other machines reach needs keys (default: 127.0.0.1)',
    )
    .option('--api-key-file <file>', 'requests need one of the keys in this file, one a line')
    .option('-t, --threads <n>', 'threads that score long requests (default: one a core)', parseThreads)
    .option('--max-body <size>', 'the longest body of a request (default: 8M)', parseSize)
    .option('--timeout <time>', 'how long a request, and its answer, may take (default: 60s)', parseTime)
    .option('--json', 'print one JSON object when ready: url and models');
  addModelFlags(command).option('-q, --quiet', 'no progress').addHelpText('after', HELP).action(run);
}

async function run(models: readonly string[], flags: ServeFlags): Promise<void> {
  const { port, host, apiKeyFile, threads, maxBody, timeout, json, quiet = false } = flags;
  const { serve } = await import('../serve/serve.js');
  const signal = interruption();
  const server = await withProgress(quiet, progress =>
    serve({
      models,
      ...given({ port, host, apiKeyFile, threads, maxBody, timeout }),
      ...openOptions(flags),
      ...progress,
      signal,
      onWarning: warn,
    }),
  );
  const reload = (): void => void reloadModels(server, quiet);
  process.on('SIGHUP', reload);
  try {
    const names = server.models.join(', ');
    await print(json ? `${JSON.stringify({ url: server.url, models: server.models })}\n` : `${server.url}\n`);
    if (!quiet && !json) standard.stderr.write(`Serves ${names} until it is stopped with Ctrl-C.\n`);
    await new Promise<void>(resolve => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    process.off('SIGHUP', reload);
    await server.close();
  }
}

/** Opens the models again. An error leaves the models that are in use. */
async function reloadModels(server: { reload(): Promise<void> }, quiet: boolean): Promise<void> {
  try {
    await server.reload();
    if (!quiet) standard.stderr.write('opened the models again\n');
  } catch (error) {
    warn(`the models stay as they were: ${error instanceof Error ? error.message : String(error)}`);
  }
}
