import { readFileSync } from 'node:fs';

/** A file of the page at `GET /`, on which a person tries a model. It holds no data, so that it needs no key. */
export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly content: () => Uint8Array;
}

/** The folder of the page, which the build makes. */
const FOLDER = new URL('../../browser/served/', import.meta.url);

function file(path: string, name: string, type: string): PageFile {
  let content: Uint8Array | undefined;
  return { path, type, content: () => (content ??= readFileSync(new URL(name, FOLDER))) };
}

export const PAGE: readonly PageFile[] = [
  file('/', 'index.html', 'text/html; charset=utf-8'),
  file('/style.css', 'style.css', 'text/css; charset=utf-8'),
  file('/icon.svg', 'icon.svg', 'image/svg+xml'),
  file('/page.js', 'page.js', 'text/javascript; charset=utf-8'),
  file('/model.js', 'model.js', 'text/javascript; charset=utf-8'),
];
