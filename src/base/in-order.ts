/** Takes the results of work that runs at the same time, in the order in which the work was begun. */
export class InOrder<Result> {
  private readonly waiting: Promise<Result>[] = [];

  /**
   * @param most how many pieces of work may run at the same time.
   * @param take called with each result.
   */
  constructor(
    private readonly most: number,
    private readonly take: (result: Result) => void,
  ) {}

  /** Adds work that has begun. Resolves when there is room for more work. @throws the error of failed work. */
  async push(work: Promise<Result>): Promise<void> {
    // The promise is awaited later; without this, an earlier failure would count as unhandled.
    work.catch(() => undefined);
    this.waiting.push(work);
    if (this.waiting.length > this.most) await this.takeNext();
  }

  /** Waits for all work and takes its results. @throws the error of failed work. */
  async end(): Promise<void> {
    while (this.waiting.length > 0) await this.takeNext();
  }

  private async takeNext(): Promise<void> {
    const next = this.waiting.shift();
    if (next) this.take(await next);
  }
}
