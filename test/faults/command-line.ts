import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestFile } from '../../src/base/node/file-digest.js';

/** Longer than this, and a command counts as a hang. */
const TIME_LIMIT = 120_000;

export const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** How a command is run. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Where temporary files go. */
  readonly temporary?: string;
  /** Who runs it. */
  readonly uid?: number;
  /** How many files it may have open. */
  readonly descriptors?: number;
  readonly input?: string;
  /** An open file that standard output goes to. */
  readonly output?: number;
}

/** How it ended. */
export interface CommandResult {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kneser` in a process of its own. */
export async function kneser(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { cwd, temporary, uid, descriptors, input = '', output } = options;
  const command = [process.execPath, CLI, ...args];
  const limited = descriptors ? ['bash', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'bash', ...command] : command;
  const child = spawn(limited[0], limited.slice(1), {
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
    env: { ...process.env, ...(temporary === undefined ? {} : { TMPDIR: temporary }) },
    stdio: ['pipe', output ?? 'pipe', 'pipe'],
    timeout: TIME_LIMIT,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A command that ends early does not read its input.
  child.stdin?.on('error', () => undefined).end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code: code ?? signal ?? 'lost', stdout, stderr };
}

/**
 * What is wrong with how a command failed: it must end with the exit code, and say why in one line for people.
 *
 * @returns nothing where it is all right.
 */
export function judgeFailure({ code, stderr }: CommandResult, expected: number, message: RegExp): string | undefined {
  const shown = stderr.trim().split('\n').slice(-3).join(' | ');
  if (code !== expected) return `ended with ${code} instead of ${expected}: ${shown}`;
  if (/^\s+at /m.test(stderr)) return `a stack trace: ${shown}`;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  return last.startsWith('kneser: ') && message.test(stderr) ? undefined : `says ${shown}`;
}

/** All that is in a folder: names, digests of files. */
export async function listing(folder: string): Promise<string> {
  const lines: string[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    lines.push(lstatSync(path).isFile() ? `${name} ${await digestFile(path)}` : name);
  }
  return lines.join('\n');
}

/** A small file system in memory. */
export interface SmallDisk {
  readonly path: string;
  setReadOnly(readOnly: boolean): void;
  unmount(): void;
}

/** Mounts one at an empty folder. @returns why it cannot, where that is not possible. */
export function mountDisk(path: string, bytes: number): SmallDisk | string {
  const mount = (options: string): string | undefined => {
    const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], {
      encoding: 'utf8',
    });
    return status === 0 ? undefined : (error?.message ?? stderr.trim());
  };
  const problem = mount(`size=${bytes},mode=755`);
  if (problem !== undefined) return `no file system can be mounted here: ${problem}`;
  return {
    path,
    setReadOnly: readOnly => void mount(`remount,${readOnly ? 'ro' : 'rw'}`),
    unmount: () => void spawnSync('umount', [path]),
  };
}
