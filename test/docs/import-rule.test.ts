import { join } from 'node:path';
import { Linter, type Rule } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';

/** The import rule of `eslint.layers.js`, on files of the project with planted imports. */
const ROOT = join(import.meta.dirname, '../..');
const { layers } = (await import(join(ROOT, 'eslint.layers.js'))) as { layers: Rule.RuleModule };

/** The faults that lint finds in a file of this text. @param file its path from the top of the repository. */
function faultsOf(file: string, text: string): string[] {
  const config: Linter.Config = {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser },
    plugins: { kneser: { rules: { layers } } },
    rules: { 'kneser/layers': 'error' },
  };
  return new Linter({ cwd: ROOT }).verify(text, config, join(ROOT, file)).map(({ message }) => message);
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

test('a file may import what imports other files', () => {
  expect(faultsOf('src/base/check.ts', "import { KneserError } from './errors.js';")).toEqual([]);
});

test('a folder that the layers lack is named, by which way ever', () => {
  const fault = expect.stringContaining('src/new is no folder of the layers: add it to ROOMS') as string;
  expect(faultsOf('src/new/one.ts', "import '../base/errors.js';")).toEqual([fault]);
  expect(faultsOf('src/new/one.ts', "import 'node:fs';")).toEqual([fault]);
  expect(faultsOf('src/cli/main.ts', "import '../new/one.js';")).toEqual([fault]);
});
