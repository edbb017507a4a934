import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LONGEST } from '../support/longest-first.js';

const ROOT = join(import.meta.dirname, '../..');

/** Tests of whole behaviour, by name or folder, and why no single source file is theirs. */
const WHOLE: Readonly<Record<string, string>> = {
  'browser/': 'pages in Chromium',
  'cli/bad-input': 'what any command does with bad texts, models, disks and permissions',
  'cli/cli': 'usage, pipes and signals of the program',
  'cli/files': 'which files any command reads',
  'cli/processes': 'every command, in a process of its own and in that of the test',
  'docs/': 'the pages, the examples, the package and the tests themselves',
  'model/known-answers': 'figures of KenLM and of papers, by all of training and scoring',
  'model/laws': 'the definitions of the probabilities, by all of training and scoring',
  'serve/native': 'the functions of the library behind HTTP, together',
  'native-free/native-free': 'the entries of the package without native code, together',
  'serve/abuse': 'requests that a server must survive',
  'serve/lm-eval/': 'a server under the harness lm-eval',
  'spark/cluster/': 'jobs that Spark runs',
  'tools/arpa/toolkits': 'files of other toolkits, scored by hand',
  'train/determinism': 'one text gives one model, however it is trained',
  'train/failures': 'what a training leaves behind that fails or is interrupted',
};

const names = Object.keys(WHOLE);
const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.test.ts'))
  .map(path => path.replaceAll('\\', '/').replace(/\.test\.ts$/, ''));

/** Whether an entry of {@link WHOLE} stands for a test. */
const isFor = (name: string, test: string): boolean => (name.endsWith('/') ? test.startsWith(name) : test === name);

/** Whether a source file, or a folder of source files, has the path of a test. */
const isMirror = (test: string): boolean =>
  ['src', '.', 'test'].some(root => existsSync(join(ROOT, root, `${test}.ts`))) ||
  ['src', '.'].some(root => existsSync(join(ROOT, root, test)));

it('a test has the path of what it tests in the tree of sources, or is one of whole behaviour', () => {
  expect(tests.filter(test => !isMirror(test) && !names.some(name => isFor(name, test)))).toEqual([]);
});

it('the tests of whole behaviour exist, and no source has the name of one', () => {
  const mirrors = names.filter(name => !name.endsWith('/') && isMirror(name));
  const gone = names.filter(name => !tests.some(test => isFor(name, test)));
  expect({ mirrors, gone }).toEqual({ mirrors: [], gone: [] });
});

it('the tests that start first exist', () => {
  expect(LONGEST.filter(name => !tests.includes(name))).toEqual([]);
});
