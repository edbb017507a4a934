import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

/**
 * The last step of the build: bundles the output of `tsc` in `dist/`. Writes
 *
 * - `dist/src/base/encode-msgpack.js`, again, now with msgpackr in it. msgpackr is no dependency of the package, because it would bring
 *   the native add-on msgpackr-extract, which kneser never loads.
 * - `dist/browser/`: the entries of `dist/native-free/` as self-contained ES modules, which a page imports by their address, without a
 *   bundler or an import map. Code that several entries share is in chunks beside them.
 * - `dist/LICENSES.txt`: the licences of the packages whose code is in the bundles.
 */
const dist = fileURLToPath(new URL('../', import.meta.url));
/** The modules that pages load, and the workers that these modules start by the name of a file beside their own. */
const ENTRIES = ['index', 'indexeddb', 'memory', 'decoding', 'train', 'worker', 'counting-worker'];

const encoder = join(dist, 'src/base/encode-msgpack.js');
const common = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  minify: true,
  metafile: true,
} as const;
const encoding = await build({ ...common, entryPoints: [encoder], outfile: encoder, allowOverwrite: true });

rmSync(join(dist, 'browser'), { recursive: true, force: true });
const pages = await build({
  ...common,
  entryPoints: ENTRIES.map(name => join(dist, 'native-free', `${name}.js`)),
  outdir: join(dist, 'browser'),
  splitting: true,
  legalComments: 'linked',
  chunkNames: 'chunk-[hash]',
});

/** The folders of the packages whose code is in a bundle. */
function packagesOf({ inputs }: Metafile): string[] {
  return Object.keys(inputs).flatMap(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
}

/** The name, the version and the licence of the package in a folder, as text. */
function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const file = readdirSync(folder).find(entry => /^licen[cs]e(\.\w+)?$/i.test(entry));
  const text = file === undefined ? `${license} licence` : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version}\n\n${text}\n`;
}

// If the encoder was bundled before, msgpackr is no input of this bundle, so its folder is named here.
const msgpackr = dirname(fileURLToPath(import.meta.resolve('msgpackr/pack')));
const folders = [encoding, pages].flatMap(({ metafile }) => packagesOf(metafile)).map(path => resolve(path));
const licences = [...new Set([msgpackr, ...folders])].sort().map(licenceOf);
writeFileSync(join(dist, 'LICENSES.txt'), licences.join('\n----\n\n'));
