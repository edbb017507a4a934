import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The entries of the package that pages load, and the workers, which the entries start from a file beside their own. */
const ENTRIES = ['index', 'indexeddb', 'memory', 'train', 'worker', 'counting-worker'];

/**
 * Makes `dist/browser/` from the output of `tsc` in `dist/native-free/`: the same entries as self-contained ES modules, which a page
 * imports by their address, without a bundler or an import map. Code that several entries share is in chunks beside them.
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
