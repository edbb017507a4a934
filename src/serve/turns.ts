/** Lets only some requests at a time do work that takes much memory; the others wait in the order in which they asked. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param most how many requests may do the work at the same time. */
  constructor(private readonly most: number) {}

  /** Waits for a turn, which must be given back with {@link end}. @throws the signal's reason if it is aborted first; there is no turn then. */
  async begin(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.running < this.most) {
      this.running++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(start), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(start);
    });
  }

  /** Gives a turn back: the request that has waited longest gets it. */
  end(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.running--;
  }
}
