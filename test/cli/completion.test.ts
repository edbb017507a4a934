import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { CommandLine } from '../support/command-line.js';

const cli = new CommandLine('completion');
const run = promisify(execFile);

/** Whether a shell can be started on this machine. */
const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

/** Each shell's flag to read a script without running it. */
const CHECKS = [
  { shell: 'bash', flag: '-n' },
  { shell: 'zsh', flag: '-n' },
  { shell: 'fish', flag: '--no-execute' },
];

/** The scripts, by shell. */
const scripts: Record<string, string> = {};

beforeAll(async () => {
  for (const { shell } of CHECKS) scripts[shell] = await cli.print(['completion', shell]);
});

test.each(CHECKS)(
  'the script for $shell names every command and flag, and is right where $shell can say so',
  async ({ shell, flag }) => {
    const script = scripts[shell];
    const commands = [...(await cli.print(['--help'])).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    expect(commands).toContain('completion');
    for (const name of commands) expect(script).toMatch(new RegExp(`\\b${name}\\b`));
    const flags = (await cli.print(['score', '--help'])).matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm);
    for (const [, name] of flags) expect(script).toMatch(new RegExp(`(?:--|-l )${name}\\b`));
    if (isThere(shell)) await run(shell, [flag, cli.file(script, `.${shell}`)]);
  },
);

describe.runIf(isThere('bash'))('bash', () => {
  /** What bash offers when Tab is pressed at the end of a line of words. */
  async function offered(...words: readonly string[]): Promise<string[]> {
    const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kneser; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const script = cli.file(scripts.bash, '.bash');
    const { stdout } = await run('bash', ['-uc', program, 'bash', script, 'kneser', ...words]);
    return stdout.split('\n').filter(line => line !== '');
  }

  test('completes commands', async () => {
    expect(await offered('tr')).toEqual(['train']);
    expect(await offered('')).toEqual(expect.arrayContaining(['score', 'counts', 'help', '--version']));
    expect(await offered('help', 'voc')).toEqual(['vocabulary']);
  });

  test('completes the flags of the command', async () => {
    expect(await offered('train', 'text.txt', '--max-')).toEqual(['--max-gap', '--max-patterns']);
    expect(await offered('score', '--no-')).toEqual(['--no-header', '--no-start', '--no-end']);
    expect(await offered('inspect', '--max-')).toEqual([]);
    expect(await offered('unheard-of', '--')).toEqual([]);
  });

  test('completes the commands of a group, and their flags', async () => {
    expect(await offered('spa')).toEqual(['spark']);
    expect(await offered('spark', '')).toEqual(['plan', 'import', 'score-plan']);
    expect(await offered('spark', 'import', 'job', '--o')).toEqual(['--out']);
    expect(await offered('spark', 'score-plan', '--run', '')).toEqual(['score', 'annotate']);
    expect(await offered('help', 'spa')).toEqual(['spark']);
  });

  test('completes values, after = too, and leaves paths to the shell', async () => {
    expect(await offered('score', 'model', '--smoothing', '')).toEqual(['mkn', 'kn', 'glm']);
    expect(await offered('score', 'model', '--smoothing', 'm')).toEqual(['mkn']);
    expect(await offered('score', 'model', '--smoothing', '=', 'g')).toEqual(['glm']);
    expect(await offered('score', 'model', '--smoothing', '=')).toEqual(['mkn', 'kn', 'glm']);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await offered('score', 'mod')).toEqual([]);
    expect(await offered('train', '-o', '')).toEqual([]);
    expect(scripts.bash).toContain('complete -o bashdefault -o default -F _kneser kneser');
  });
});

test('another shell is refused; the message lists the supported shells', async () => {
  expect(await cli.refuse(2, ['completion', 'tcsh'])).toMatch(/bash, zsh, fish/);
});
