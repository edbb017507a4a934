import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** What a run of the command line came to. */
export interface CommandRun {
  /** `null` where it was killed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
  /** Milliseconds from the signal to the end, where it came to that. */
  readonly killedFor?: number;
}

/** When a run is killed: after so many milliseconds, of its life or since it first wrote a line to standard error. */
export interface KillMoment {
  readonly after: number;
  readonly line?: string;
  /** The signal. Default SIGKILL. */
  readonly signal?: NodeJS.Signals;
}

/** Runs `kneser` in a folder, with a folder for temporary files of its own, to its end or until it is killed. */
export async function runCommand(
  args: readonly string[],
  { cwd, temporary, input = '' }: { readonly cwd: string; readonly temporary: string; readonly input?: string },
  kill?: KillMoment,
): Promise<CommandRun> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...process.env, TMPDIR: temporary } });
  const started = performance.now();
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let killed: number | undefined;
  if (kill) killAt(child, kill, () => (killed = performance.now()));
  const [status] = (await once(child, 'close')) as [number | null];
  const ended = performance.now();
  const killedFor = killed === undefined ? {} : { killedFor: ended - killed };
  return { status, stdout, stderr, milliseconds: ended - started, ...killedFor };
}

function killAt(child: ChildProcess, { after, line, signal = 'SIGKILL' }: KillMoment, onKill: () => void): void {
  const begin = (): void => {
    const timer = setTimeout(() => {
      onKill();
      child.kill(signal);
    }, after);
    child.once('close', () => clearTimeout(timer));
  };
  if (line === undefined) {
    begin();
    return;
  }
  let text = '';
  const look = (chunk: string): void => {
    text += chunk;
    if (!text.includes(line)) return;
    child.stderr?.off('data', look);
    begin();
  };
  child.stderr?.on('data', look);
}
