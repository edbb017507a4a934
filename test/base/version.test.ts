import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { VERSION } from '#kneser/src/base/version.js';
import { temporaryFolder } from '../support/models.js';

const ROOT = join(import.meta.dirname, '../..');
const folder = temporaryFolder('bundled');

test('the version in the source is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  expect(VERSION).toBe(version);
});

test('a bundle without the files of the workers trains a small text, and says which file it misses for a large one', async () => {
  const program = `import { train } from ${JSON.stringify(join(ROOT, 'dist/node/index.js'))};
const sentences = Array.from({ length: Number(process.argv[2]) }, (_, i) => 'a' + (i % 977) + ' b' + (i % 91) + ' c');
try {
  const { tokens } = await train({ sentences, out: process.argv[3], order: 2, threads: 2 });
  console.log(tokens);
} catch ({ code, message }) {
  console.log(code, message);
}`;
  writeFileSync(join(folder, 'program.mjs'), program);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await build({
    entryPoints: [join(folder, 'program.mjs')],
    outfile: join(folder, 'out.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['classic-level'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  const run = async (sentences: number, out: string): Promise<string> => {
    const args = [join(folder, 'out.mjs'), String(sentences), join(folder, out)];
    return (await promisify(execFile)(process.execPath, args)).stdout;
  };
  expect(await run(100, 'small')).toBe('400\n');
  expect(await run(60_000, 'large')).toMatch(/^KNESER_IO file:.*worker\.js: this worker could not be loaded; /);
});
