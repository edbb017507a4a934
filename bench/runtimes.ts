import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

// Runs native-free/smoke.ts in Node, in Node without native add-ons, and in Deno and Bun (which `npx` installs), and compares their output.

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
  for (const [thread, figures] of Object.entries(JSON.parse(stdout) as Record<string, unknown>)) {
    // The figures "on this thread" and "in a worker" must be the same, too. Other entries of the output are not compared.
    if (!thread.startsWith('on ') && !thread.startsWith('in ')) continue;
    const text = JSON.stringify(figures);
    expected ??= text;
    if (text !== expected) throw new Error(`${name}, ${thread}: ${text}\nNode gives other figures: ${expected}`);
    console.log(`${name}, ${thread}: the same`);
  }
}
