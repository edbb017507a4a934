import { fork, type ChildProcess, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Options of a module that runs in a process of its own. */
export interface ChildOptions {
  /** The folder for its temporary files. */
  readonly temporary?: string;
  readonly args?: readonly string[];
  /** Options of Node. */
  readonly execArgv?: readonly string[];
}

/** The error of a process that ended, or took too long, before it replied. */
export class NoReply extends Error {}

/** A module in a process of its own, whose crash or hang does no harm here. It gets messages and sends replies. */
export class Child {
  readonly process: ChildProcess;
  /** Aborted when the process ends. */
  readonly ended: AbortSignal;
  /** The last characters of its standard error. */
  noise = '';

  /** @param module the file, relative to `base`, which is the `import.meta.url` of the caller. */
  constructor(module: string, base: string, { temporary, args = [], execArgv = [] }: ChildOptions = {}) {
    this.process = fork(fileURLToPath(new URL(module, base)), args, {
      execArgv: [...execArgv],
      env: { ...process.env, ...(temporary === undefined ? {} : { TMPDIR: temporary }) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.process.stderr?.on('data', (chunk: Buffer) => (this.noise = (this.noise + chunk.toString()).slice(-4000)));
    const ended = new AbortController();
    this.ended = ended.signal;
    this.process.once('exit', () => ended.abort());
  }

  /** Sends a message, unless the process has ended. */
  send(message: Serializable): void {
    if (this.process.connected) this.process.send(message);
  }

  /**
   * Waits for the next message.
   *
   * @param limit the longest wait [ms].
   * @throws NoReply `a crash: …` with the signal or exit code, or `a hang`.
   */
  async reply<T>(limit = 2 ** 31 - 1): Promise<T> {
    const timer = AbortSignal.timeout(limit);
    const signal = AbortSignal.any([timer, this.ended]);
    try {
      return ((await once(this.process, 'message', { signal })) as [T])[0];
    } catch (error) {
      if (!signal.aborted) throw error;
      if (this.ended.aborted) throw new NoReply(`a crash: ${this.process.signalCode ?? this.process.exitCode}`);
      throw new NoReply('a hang');
    }
  }

  /** Waits for the end of the process; `kill` kills it first. */
  async end(signal?: NodeJS.Signals): Promise<void> {
    if (this.ended.aborted) return;
    const exit = once(this.process, 'exit');
    if (signal) this.process.kill(signal);
    await exit;
  }
}
