import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

// Runs native-free/smoke.ts under Node, Node without add-ons, Deno and Bun (which npm supplies), and compares their output.

const smoke = fileURLToPath(new URL('../native-free/smoke.js', import.meta.url));

const RUNTIMES: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['node', process.execPath],
  ['node --no-addons', process.execPath, '--no-addons'],
  ['deno', 'npx', '--yes', 'deno@2', 'run', '--allow-read'],
  ['bun', 'npx', '--yes', 'bun@1'],
];

let expected: string | undefined;
for (const [name, command, ...args] of RUNTIMES) {
  const { stdout } = await promisify(execFile)(command, [...args, smoke]);
  for (const [place, found] of Object.entries(JSON.parse(stdout) as Record<string, unknown>)) {
    // The figures with and without a worker must be equal too.
    if (!place.startsWith('on ') && !place.startsWith('in ')) continue;
    const text = JSON.stringify(found);
    expected ??= text;
    if (text !== expected) throw new Error(`${name}, ${place}: ${text}\nis not what node gives: ${expected}`);
    console.log(`${name}, ${place}: the same`);
  }
}
