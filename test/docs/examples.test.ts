import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { PROGRAM } from '#kneser/bench/program.js';
import { brownSentences } from '#kneser/corpora/brown.js';
import { baseline, exportArpa, pack, train } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';
import { NODE_FLAGS } from '../support/node-flags.js';
import { countJob, writeJob } from '../support/spark-job.js';

/**
 * Runs every program that the docs show, in a folder with a small text and models of it: the `@example` blocks of the doc
 * comments, `docs/examples` and the README's. `kneser` leads to the built package there, as in the folder of a user.
 */
const ROOT = join(import.meta.dirname, '../..');
/** IndexedDB is in browsers only; these examples are compiled to modules, but not run. */
const FOR_BROWSERS = /native-free\/indexeddb'/;

const folder = temporaryFolder('examples');

beforeAll(async () => {
  const sentences: string[] = [];
  for (const tokens of brownSentences()) if (sentences.push(tokens.join(' ')) === 800) break;
  const at = (name: string): string => join(folder, name);
  const write = (name: string, lines: readonly string[]): void =>
    writeFileSync(at(name), lines.map(line => line + '\n').join(''));
  write('text.txt', sentences.slice(0, 650));
  write('valid.txt', sentences.slice(650, 725));
  write('test.txt', sentences.slice(725));
  writeJob(at('job'), countJob({ sentences: sentences.slice(0, 50).map(sentence => sentence.split(' ')), order: 3 }));
  mkdirSync(at('models'));
  write('models/brown.train.txt', sentences.slice(0, 650));
  write('models/brown.heldout.txt', sentences.slice(725));
  mkdirSync(at('node_modules'));
  symlinkSync(ROOT, at('node_modules/kneser'));
  const files = [at('text.txt')];
  await train({ files, out: at('model'), order: 3 });
  await train({ files, out: at('mixture'), order: 3, patterns: { skip: true }, holdOut: 0.05 });
  await pack({ model: at('model'), out: at('model.kneser') });
  await exportArpa({ model: at('model'), file: at('model.arpa.gz') });
  const test = [at('test.txt')];
  await baseline({ train: files, valid: [at('valid.txt')], test, orders: [2], classes: 0, out: at('baseline') });
  // All in one process, which compiles the engine once.
  const all = [...OF_COMMENTS, ...OF_EXAMPLES, ...OF_README];
  const outputs = await runAll(all);
  all.forEach((program, i) => printed.set(program, outputs[i]));
});

/** What each program printed. */
const printed = new Map<Program, string>();

interface Program {
  readonly name: string;
  readonly code: string;
}

/** The fenced `ts` blocks of the doc comments of a folder's files. */
function examplesOf(path: string): Program[] {
  return readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.startsWith('demo'))
    .flatMap(name => {
      const source = readFileSync(join(ROOT, path, name), 'utf8');
      const blocks = source.matchAll(/^ *\* ```ts\n(.*?)^ *\* ```$/gms);
      return [...blocks].map(([, block], i) => ({
        name: `${path}/${name} ${i + 1}`,
        code: block.replaceAll(/^ *\* ?/gm, ''),
      }));
    });
}

/** Runs programs one after another in one process. @returns the output of each. */
async function runAll(programs: readonly Program[]): Promise<string[]> {
  const names = programs.map(({ code }, i) => {
    writeFileSync(join(folder, `program-${i}.mjs`), code);
    return `./program-${i}.mjs`;
  });
  const runner = `
    process.argv.length = 2;
    const printed = [];
    const { log } = console;
    for (const name of ${JSON.stringify(names)}) {
      let text = '';
      console.log = (...values) => { text += values.map(String).join(' ') + '\\n'; };
      try { await import(name); } catch (error) { text = 'FAILED: ' + error.stack; }
      printed.push(text);
    }
    log(JSON.stringify(printed));`;
  writeFileSync(join(folder, 'run-all.mjs'), runner);
  const args = [...NODE_FLAGS, 'run-all.mjs'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as string[];
}

const OF_COMMENTS = [...examplesOf('src'), ...examplesOf('native-free')].filter(({ code }) => !FOR_BROWSERS.test(code));

it('every example of a doc comment runs', () => {
  expect(OF_COMMENTS.length).toBeGreaterThan(20);
  const outputs = OF_COMMENTS.map(program => ({ name: program.name, output: printed.get(program) ?? '' }));
  expect(outputs.filter(({ output }) => output.startsWith('FAILED'))).toEqual([]);
  // Each shows a result.
  expect(outputs.filter(({ output }) => output === '')).toEqual([]);
});

it('every @example of a doc comment is a fenced block, so that it is run', () => {
  for (const path of ['src', 'native-free']) {
    for (const name of readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const source = readFileSync(join(ROOT, path, name), 'utf8');
      expect(source.replaceAll(/@example\n *\* ```ts\n/g, ''), name).not.toContain('@example');
    }
  }
});

const EXPECTED: Record<string, RegExp> = {
  'choose-documents.mjs':
    /^buckets .*\ndrawn 20\nbenchmark (true|null) [\d.]+\nbenchmark false 0.00\nodd documents: AUC (1.00|0.9\d)\n$/,
  'compare-smoothings.mjs': /^mkn: perplexity [\d.]+\nglm: perplexity [\d.]+\n$/,
  'find-odd-tokens.mjs': /\[\S+\].*\n.*\[\S+\].*\n$/,
  'next-words.mjs': /^(\S+ +0\.\d{4} 1+ 0\.\d{4}(, 1+ 0\.\d{4})*\n){3}$/,
  'one-file.mjs': /^example\.kneser: \d+ bytes\nof the … \S+\n$/,
  'rerank.mjs': /^-\d+\.\d\d it was in the city of\n(.*\n){2}$/,
  'similar-documents.mjs': /^[\d.]+ text\.txt\n[\d.]+ test\.txt\n$/,
  'stream.mjs': /<\/s> +(-[\d.]+)\nat once \1\n$/,
  'train-and-score.mjs': /^650 sentences, \d+ tokens\n(.+ -\d+\.\d{4} \d\n){8}perplexity [\d.]+\n$/,
};

const OF_EXAMPLES: readonly Program[] = readdirSync(join(ROOT, 'docs/examples'))
  .filter(name => name.endsWith('.mjs'))
  .sort()
  .map(name => ({ name, code: readFileSync(join(ROOT, 'docs/examples', name), 'utf8') }));

it('every program of docs/examples runs and prints its result', () => {
  expect(OF_EXAMPLES.map(({ name }) => name)).toEqual(Object.keys(EXPECTED));
  const readme = readFileSync(join(ROOT, 'docs/examples/README.md'), 'utf8');
  for (const program of OF_EXAMPLES) {
    expect(printed.get(program), program.name).toMatch(EXPECTED[program.name]);
    expect(readme).toContain(`(${program.name})`);
  }
});

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const OF_README: readonly Program[] = [...README.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => ({
  name: 'README',
  code: code + 'console.log(perplexity, next)',
}));

it("the README's program and commands run", async () => {
  expect(OF_README.map(program => printed.get(program))).toEqual([expect.stringMatching(/^\d/)]);
  const shown = [...README.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command);
  const cases = [...README.matchAll(/^- .*?`(.*?npx kneser .*?)`$/gm)].map(([, command]) => command);
  expect([shown.length, cases.length]).toEqual([3, 4]);
  cpSync(join(ROOT, 'README.md'), join(folder, 'README.md'));
  mkdirSync(join(folder, 'docs'));
  cpSync(join(ROOT, 'docs/mixture.md'), join(folder, 'docs/mixture.md'));
  const kneser = `"${process.execPath}" "${PROGRAM}"`;
  for (const command of [...shown, ...cases]) {
    // The quickstart's text is a part of Brown here; with the whole corpus the baseline would take half a minute.
    const text = command
      .replace('npx kneser', kneser)
      .replace('--corpus brown', '--train text.txt --valid valid.txt --test test.txt')
      .replace('--orders 5', '--orders 2');
    await promisify(execFile)('sh', ['-c', text], { cwd: folder });
  }
});

it("the README's other commands are scripts of the package", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const [, name] of README.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty([name]);
});

/** Every page, by its path. */
const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'bench/README.md', 'docs/examples/README.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
];

/** The anchor of a heading, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

it('links between pages lead to a file, and to a heading of it', () => {
  const headings = (path: string): string[] =>
    [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));
  const broken: string[] = [];
  for (const page of PAGES) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path, anchor] = target.split('#') as [string, string | undefined];
      const file = path === '' ? join(ROOT, page) : join(ROOT, page, '..', path);
      try {
        if (anchor === undefined ? !existsSync(file) : !headings(file).includes(anchor))
          broken.push(`${page}: ${target}`);
      } catch {
        broken.push(`${page}: ${target}`);
      }
    }
  }
  expect(broken).toEqual([]);
});

it('files that the pages name exist', () => {
  const missing: string[] = [];
  for (const page of PAGES.filter(page => page !== 'CHANGELOG.md')) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [, path] of text.matchAll(/`((?:src|test|native-free|corpora|bench)\/[\w./-]+)`/g)) {
      if (!/NAME|FOLDER/.test(path) && !existsSync(join(ROOT, path))) missing.push(`${page}: ${path}`);
    }
  }
  expect(missing).toEqual([]);
});
