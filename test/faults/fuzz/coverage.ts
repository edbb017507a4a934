import { Session } from 'node:inspector/promises';

/** Matches the addresses of the code that is watched: this package, and the parsers that it uses. */
const OURS = /\/dist\/src\/|hyparquet|fzstd|zstddec|msgpack/;

/** Finds inputs that make code run which had not run before, by V8's block coverage. */
export class Coverage {
  private readonly session = new Session();
  private readonly seen = new Set<string>();

  async start(): Promise<void> {
    this.session.connect();
    await this.session.post('Profiler.enable');
    await this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Number of blocks of code that ran for the first time since the last call. */
  async news(): Promise<number> {
    const { result } = await this.session.post('Profiler.takePreciseCoverage');
    const before = this.seen.size;
    for (const { scriptId, url, functions } of result) {
      if (!OURS.test(url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          // Counts are rounded to powers of two: a loop that runs much more often is new too.
          if (count > 0) this.seen.add(`${scriptId}:${startOffset}:${endOffset}:${31 - Math.clz32(count)}`);
        }
      }
    }
    return this.seen.size - before;
  }

  get size(): number {
    return this.seen.size;
  }

  stop(): void {
    this.session.disconnect();
  }
}
