import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A file of the page at `GET /`, on which a person tries a model. It holds no data, so that it needs no key. */
export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly content: () => Uint8Array;
}

/** The folder of the page, which the build makes. */
const folder = (): string => dirname(createRequire(import.meta.url).resolve('#kneser/browser/served/index.html'));

function file(path: string, name: string, type: string): PageFile {
  let content: Uint8Array | undefined;
  return { path, type, content: () => (content ??= readFileSync(join(folder(), name))) };
}

export const PAGE: readonly PageFile[] = [
  file('/', 'index.html', 'text/html; charset=utf-8'),
  file('/style.css', 'style.css', 'text/css; charset=utf-8'),
  file('/icon.svg', 'icon.svg', 'image/svg+xml'),
  file('/page.js', 'page.js', 'text/javascript; charset=utf-8'),
  file('/model.js', 'model.js', 'text/javascript; charset=utf-8'),
];
