import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/models.js';

/** The import rule of `oxlint.rules.js`, on files of the project with planted imports. */
const ROOT = join(import.meta.dirname, '../..');
/** A copy of the sources, in which imports are planted. */
const copy = temporaryFolder('import-rule');

beforeAll(() => {
  mkdirSync(copy, { recursive: true });
  for (const part of ['src', 'package.json', 'oxlint.rules.js', '.oxlintrc.json'])
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

/** The faults that lint finds in a file of this text. @param file its path from the top of the repository. */
function faultsOf(file: string, text: string): string[] {
  const path = join(copy, file);
  const before = existsSync(path) ? readFileSync(path) : undefined;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  try {
    const oxlint = [join(ROOT, 'node_modules/oxlint/bin/oxlint'), '--format', 'json', file];
    return messagesOf(execFileSync(process.execPath, oxlint, { cwd: copy, encoding: 'utf8' }));
  } catch (error) {
    // It ends with 1 if it finds faults.
    return messagesOf((error as { readonly stdout: string }).stdout);
  } finally {
    if (before) writeFileSync(path, before);
    else rmSync(path);
  }
}

/** The messages of the project's own rules in what oxlint prints. */
function messagesOf(output: string): string[] {
  const { diagnostics } = JSON.parse(output) as { diagnostics: { readonly code: string; readonly message: string }[] };
  return diagnostics.filter(({ code }) => /layers|transfer|entry/.test(code)).map(({ message }) => message);
}

describe('a file that imports itself by way of others', () => {
  test.each([
    ['by value', "import { checkShare } from './check.js';"],
    ['for a type', "import type { Check } from './check.js';"],
    ['for one type of several', "import { type Check } from './check.js';"],
    ['for its effect', "import './check.js';"],
    ['when it runs', "export const later = () => import('./check.js');"],
    ['in the place of a type', "export type Later = import('./check.js').Check;"],
    ['to export it again', "export { checkShare } from './check.js';"],
    ['to export all of it again', "export * from './check.js';"],
  ])('%s', (_, text) => {
    expect(faultsOf('src/base/errors.ts', text)).toEqual([
      expect.stringMatching(
        /^src\/base\/errors\.ts → src\/base\/check\.ts → src\/base\/errors\.ts: a cycle of imports/,
      ),
    ]);
  });

  // The other way round: the imports of the other file are of each kind.
  test.each([
    ['for a type', 'src/baseline/report.ts', './measure.js', 'src/baseline/measure.ts'],
    ['when it runs', 'src/serve/server.ts', './serve.js', 'src/serve/serve.ts'],
    ['over three files', 'src/smoothing/chain.ts', './index.js', 'src/smoothing/index.ts'],
  ])('%s', (_, file, path, other) => {
    const [fault, ...more] = faultsOf(file, `import { something } from '${path}';`);
    expect(more).toEqual([]);
    expect(fault).toContain(`${file} → ${other} → `);
  });
});

test.each([
  "import { parentPort } from 'node:worker_threads';\nparentPort?.postMessage(bytes, [bytes.buffer]);",
  'export const moved = structuredClone(bytes, { transfer: [bytes.buffer] });',
  'export const moved = bytes.buffer.transfer();',
])('memory that moves to another thread is refused: %s', text => {
  const [fault, ...more] = faultsOf('src/base/node/one.ts', `const bytes = new Uint8Array(1);\n${text}`);
  expect(more).toEqual([]);
  expect(fault).toContain('moved memory makes all typed arrays of the thread slow');
});

test('a program has no constant behind its await, which would not exist yet', () => {
  const program = 'await main();\n\nconst LATE = 1;\n\nfunction main() {\n  return LATE;\n}\n';
  expect(faultsOf('src/base/node/one.ts', program)).toEqual([
    expect.stringContaining('it does not exist while the await above runs'),
  ]);
  expect(faultsOf('src/base/node/one.ts', program.replace('const LATE = 1;', ''))).toEqual([]);
});

test('a file may import what imports other files', () => {
  expect(faultsOf('src/base/check.ts', "import { KneserError } from './errors.js';")).toEqual([]);
});

test('a folder that the layers lack is named, by which way ever', () => {
  const fault = expect.stringContaining('src/new is no folder of the layers: add it to ROOMS') as string;
  expect(faultsOf('src/new/one.ts', "import '../base/errors.js';")).toEqual([fault]);
  expect(faultsOf('src/new/one.ts', "import 'node:fs';")).toEqual([fault]);
  expect(faultsOf('src/cli/main.ts', "import '../new/one.js';")).toEqual([fault]);
});
