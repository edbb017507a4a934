import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The entries of the package that pages load, and the workers that those start by a name beside their own. */
const ENTRIES = ['index', 'indexeddb', 'memory', 'train', 'worker', 'counting-worker'];

/**
 * Makes `dist/browser/` of what `tsc` wrote to `dist/native-free/`: the same entries as self-contained ES modules, which a page
 * imports by their address, without a bundler or an import map. What several entries share is in chunks beside them.
 */
const native = fileURLToPath(new URL('.', import.meta.url));
const outdir = fileURLToPath(new URL('../browser/', import.meta.url));
rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: ENTRIES.map(name => `${native}${name}.js`),
  outdir,
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  legalComments: 'linked',
  chunkNames: 'chunk-[hash]',
});
