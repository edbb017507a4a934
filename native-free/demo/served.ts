/** The last step of the build: writes the page at `GET /` of `kneser serve` to `dist/browser/served/`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, SOURCES } from './build.js';

const FOLDER = fileURLToPath(new URL('../../browser/served/', import.meta.url));

/** The introduction of the page, which says that models are trained in it. */
const INTRODUCTION = /<p>\s*Train a language model[^]*?<\/p>/;
const SERVED_INTRODUCTION = '<p>Write, and see what the model finds odd.</p>';

/** The files of the page at `GET /` of `kneser serve`, by name: the same page, with a worker that asks the server. */
async function servedPage(): Promise<Map<string, Uint8Array | string>> {
  const html = readFileSync(join(SOURCES, 'index.html'), 'utf8')
    .replace('<html ', '<html data-served ')
    .replace(INTRODUCTION, SERVED_INTRODUCTION);
  return new Map<string, Uint8Array | string>([
    ['index.html', html],
    ['style.css', readFileSync(join(SOURCES, 'style.css'), 'utf8')],
    ['icon.svg', readFileSync(join(SOURCES, 'icon.svg'), 'utf8')],
    ['page.js', await bundle('page/page.ts')],
    ['model.js', await bundle('workers/served.ts')],
  ]);
}

mkdirSync(FOLDER, { recursive: true });
for (const [name, content] of await servedPage()) writeFileSync(join(FOLDER, name), content);
