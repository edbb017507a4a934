import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { unusedDeclarations } from './unused-declarations.js';

/**
 * A step of the build: bundles the output of `tsc` in `dist/`. Writes
 *
 * - `dist/src/base/encode-msgpack.js`, again, now with msgpackr in it. msgpackr is no dependency of the package, because it would bring
 *   the native add-on msgpackr-extract, which kneser never loads.
 * - `dist/browser/`: the entries of `dist/native-free/` as self-contained ES modules, which a page imports by their address, without a
 *   bundler or an import map. Code that several entries share is in chunks beside them.
 * - `dist/modules/`: the same entries module by module, for bundlers, which then take only the modules that a page uses.
 * - `dist/node/`: the command line, the library and the files of threads, for Node. `kneser score` then loads 16 files in place of 170,
 *   and takes two thirds of the processor time. All files are in one folder, because modules name the files of threads beside their own.
 * - `dist/LICENSES.txt`: the licences of the packages whose code is in the bundles.
 * - `dist/.npmignore`: the declarations that the package leaves out.
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
// Bundled once: minified again, it would have other names, and so would each file that contains it.
const encoding = readFileSync(encoder, 'utf8').includes("from 'msgpackr")
  ? await build({ ...common, entryPoints: [encoder], outfile: encoder, allowOverwrite: true })
  : undefined;

rmSync(join(dist, 'browser'), { recursive: true, force: true });
const pages = await build({
  ...common,
  entryPoints: ENTRIES.map(name => join(dist, 'native-free', `${name}.js`)),
  outdir: join(dist, 'browser'),
  splitting: true,
  legalComments: 'linked',
  chunkNames: 'chunk-[hash]',
});

/** The files of threads. Modules name them by addresses beside their own, so that no two may have one name. */
const threads = readdirSync(join(dist, '../src'), { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('worker.ts'))
  .map(path => path.replace(/ts$/, 'js'));
const nodeEntries = Object.fromEntries(
  ['cli/main.js', 'index.js', ...threads].map(path => [basename(path, '.js'), join(dist, 'src', path)]),
);
if (Object.keys(nodeEntries).length < threads.length + 2)
  throw new Error(`two of these have one name: ${threads.join()}`);
const pageEntries = Object.fromEntries(
  ENTRIES.map(name => [`native-free/${name}`, join(dist, 'native-free', `${name}.js`)]),
);

/** rolldown; `undefined` on Node before 20.19, which cannot load it. */
const rolldown = await import('rolldown').catch(() => undefined);
if (rolldown) {
  // Packages stay imports.
  const external = (id: string): boolean => !id.startsWith('.') && !isAbsolute(id);
  const packaged = { external, checks: { ineffectiveDynamicImport: false }, write: false };
  const modules = await rolldown.build({
    ...packaged,
    input: pageEntries,
    platform: 'neutral',
    output: {
      preserveModules: true,
      preserveModulesRoot: dist,
      comments: { legal: true, annotation: true, jsdoc: false },
    },
  });
  putFiles(join(dist, 'modules'), modules.output);
  const node = await rolldown.build({
    ...packaged,
    input: nodeEntries,
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    output: {
      chunkFileNames: '[name]-[hash].js',
      comments: { legal: true, annotation: false, jsdoc: false },
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [
          // The library loads nothing of the command line.
          { name: 'command', test: /[\\/]dist[\\/]src[\\/]cli[\\/]/, minShareCount: CORE_SHARES, priority: 1 },
          { name: 'core', test: /[\\/]dist[\\/]src[\\/](?!cli[\\/])/, minShareCount: CORE_SHARES },
        ],
      },
    },
  });
  putFiles(join(dist, 'node'), node.output);
} else {
  // The same code in more files, which load more slowly.
  rmSync(join(dist, 'modules'), { recursive: true, force: true });
  for (const part of ['src', 'native-free']) {
    cpSync(join(dist, part), join(dist, 'modules', part), { recursive: true });
  }
  const { outputFiles } = await build({
    entryPoints: nodeEntries,
    outdir: join(dist, 'node'),
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    packages: 'external',
    write: false,
  });
  putFiles(
    join(dist, 'node'),
    outputFiles.map(({ path, text }) => ({ fileName: relative(join(dist, 'node'), path), code: text })),
  );
}

/** Makes the files of a folder these, and leaves files that are so already, because processes may be running from them. */
function putFiles(folder: string, files: readonly { readonly fileName: string; readonly code?: string }[]): void {
  const names = new Set(files.map(({ fileName }) => join(fileName)));
  for (const { fileName, code = '' } of files) {
    const path = join(folder, fileName);
    if (existsSync(path) && readFileSync(path, 'utf8') === code) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, code);
    renameSync(`${path}.new`, path);
  }
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (!names.has(name) && statSync(path).isFile()) rmSync(path);
  }
}

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
const folders = [encoding, pages].flatMap(made => (made ? packagesOf(made.metafile) : [])).map(path => resolve(path));
const licences = [...new Set([msgpackr, ...folders])].sort().map(licenceOf);
writeFileSync(join(dist, 'LICENSES.txt'), licences.join('\n----\n\n'));

const { exports: packageEntries } = JSON.parse(readFileSync(join(dist, '../package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
};
const declarations = Object.values(packageEntries).flatMap(entry => (typeof entry === 'string' ? [] : [entry.types]));
writeFileSync(
  join(dist, '.npmignore'),
  unusedDeclarations(
    dist,
    declarations.map(path => join(dist, '..', path)),
  ).join('\n') + '\n',
);
