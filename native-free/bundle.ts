import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { build as bundle, type BuildOptions } from 'rolldown';

/**
 * A step of the build: bundles the output of `tsc` in `dist/`. Writes
 *
 * - `dist/src/base/encode-msgpack.js`, again, now with msgpackr in it. msgpackr is no dependency of the package, because it would bring
 *   the native add-on msgpackr-extract, which kneser never loads.
 * - `dist/browser/`: the entries of `dist/native-free/` as self-contained ES modules, which a page imports by their address, without a
 *   bundler or an import map. Code that several entries share is in chunks beside them.
 * - `dist/modules/`: the same entries module by module, for bundlers, which then take only the modules that a page uses.
 * - `dist/node/`: the command line, the library and the files of threads, for Node. `kneser score` then loads a dozen files in place of 170,
 *   which takes a third of its processor time. All files are in one folder, because modules name the files of threads beside their own.
 * - `dist/LICENSES.txt`: the licences of the packages whose code is in the bundles.
 */
const dist = fileURLToPath(new URL('../', import.meta.url));
/** The modules that pages load, and the workers that these modules start by the name of a file beside their own. */
const ENTRIES = ['index', 'indexeddb', 'memory', 'decoding', 'train', 'worker', 'counting-worker'];
/** In `dist/node/`, the modules that at least so many entries and dynamic imports share are in one file, `core`, and those of the command line in `command`. */
const CORE_SHARES = 8;

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

const packaged: BuildOptions = {
  // Packages stay imports.
  external: id => !id.startsWith('.') && !isAbsolute(id),
  checks: { ineffectiveDynamicImport: false },
};
const threads = readdirSync(join(dist, 'src'), { recursive: true, encoding: 'utf8' }).filter(path =>
  path.endsWith('worker.js'),
);
await bundle([
  {
    ...packaged,
    input: Object.fromEntries(ENTRIES.map(name => [`native-free/${name}`, join(dist, 'native-free', `${name}.js`)])),
    platform: 'neutral',
    output: {
      dir: join(dist, 'modules'),
      cleanDir: true,
      preserveModules: true,
      preserveModulesRoot: dist,
      comments: { legal: true, annotation: true, jsdoc: false },
    },
  },
  {
    ...packaged,
    input: Object.fromEntries(
      ['cli/main.js', 'index.js', ...threads].map(path => [basename(path, '.js'), join(dist, 'src', path)]),
    ),
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    output: {
      dir: join(dist, 'node'),
      cleanDir: true,
      chunkFileNames: '[name]-[hash].js',
      comments: { legal: true, annotation: false, jsdoc: false },
      // Names stay, for stack traces.
      minify: { mangle: false, compress: false, codegen: { removeWhitespace: true } },
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [
          // The library loads nothing of the command line.
          { name: 'command', test: /[\\/]dist[\\/]src[\\/]cli[\\/]/, minShareCount: CORE_SHARES, priority: 1 },
          { name: 'core', test: /[\\/]dist[\\/]src[\\/](?!cli[\\/])/, minShareCount: CORE_SHARES },
        ],
      },
    },
  },
]);

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
