import { Session } from 'node:inspector/promises';

/** Only what this package and the parsers it uses run is looked at. */
const OURS = /\/dist\/src\/|hyparquet|fzstd|zstddec|msgpack/;

/** Tells inputs that made code run which had not run before, by the coverage that V8 counts by blocks. */
export class Coverage {
  private readonly session = new Session();
  private readonly seen = new Set<string>();

  async start(): Promise<void> {
    this.session.connect();
    await this.session.post('Profiler.enable');
    await this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many places ran for the first time since the last call. */
  async news(): Promise<number> {
    const { result } = await this.session.post('Profiler.takePreciseCoverage');
    const before = this.seen.size;
    for (const { scriptId, url, functions } of result) {
      if (!OURS.test(url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          // How often, roughly: a loop that runs more often is news too.
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
