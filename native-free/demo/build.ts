import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { brownSentences } from '../../corpora/brown.js';
import { runningText } from './running-text.js';

/** Folder of the sources, relative to `dist/native-free/demo/`. */
export const SOURCES = fileURLToPath(new URL('../../../native-free/demo/', import.meta.url));

/** Files that are copied unchanged. */
const STATIC = ['index.html', 'style.css', 'icon.svg'];

/** The sample text has every sixth sentence of the Brown corpus. */
const SAMPLE_EVERY = 6;

const OPTIONS = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  legalComments: 'none',
  absWorkingDir: SOURCES,
  write: false,
} satisfies BuildOptions;

/**
 * Builds the demo page, which trains, opens and queries models in the browser. Writes the page, its two workers and the sample text
 * into a folder, ready to be served. `page/` has the code of the page, `workers/` the code of its workers, and `protocol.ts` the
 * messages between the page and its worker.
 *
 * @returns the names of the files.
 */
export async function buildDemo(folder: string): Promise<string[]> {
  const files = new Map<string, Uint8Array | string>();
  for (const name of STATIC) files.set(name, readFileSync(join(SOURCES, name)));
  files.set('sample.txt', sampleText());
  files.set('page.js', await bundle('page/page.ts'));
  files.set('model.js', await bundle('workers/model.ts'));
  const hash = createHash('sha256');
  for (const content of files.values()) hash.update(content);
  const define = {
    FILES: JSON.stringify(['./', ...files.keys()]),
    BUILD: JSON.stringify(hash.digest('hex').slice(0, 16)),
  };
  files.set('offline.js', await bundle('workers/offline.ts', define));
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  return [...files.keys()];
}

/** Bundles a file of the page, and all that it imports. */
export async function bundle(entry: string, define: Record<string, string> = {}): Promise<Uint8Array> {
  const { outputFiles } = await build({ ...OPTIONS, entryPoints: [entry], define });
  return outputFiles[0].contents;
}

function sampleText(): string {
  const lines: string[] = [];
  let index = 0;
  for (const tokens of brownSentences()) if (index++ % SAMPLE_EVERY === 0) lines.push(runningText(tokens));
  return lines.join('\n') + '\n';
}
