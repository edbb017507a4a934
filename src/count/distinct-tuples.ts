import { NONE } from '../text/tokens.js';
import type { TupleSink } from './sort.js';

/**
 * Takes sorted tuples, of which equal ones may follow each other, and gives each distinct tuple once, with the sum of its weights. The
 * columns of a tuple are the ids of the longest context, nearest first, then the predicted id.
 */
export abstract class DistinctTuples {
  /** The columns of the last tuple. */
  protected readonly current: Uint32Array;
  /** How often the last tuple was seen so far: the sum of its weights. */
  private weight = 0;

  /** @param width ids of the longest context. */
  constructor(protected readonly width: number) {
    this.current = new Uint32Array(width + 1);
  }

  readonly add: TupleSink = (columns, order, length, weight) => {
    const { current } = this;
    const columnCount = current.length;
    for (let i = 0; i < length; i++) {
      const at = order[i];
      let different = 0;
      while (different < columnCount && columns[different][at] === current[different]) different++;
      if (different === columnCount) {
        this.weight += weight;
        continue;
      }
      if (this.weight > 0) this.advance(different);
      for (let j = different; j < columnCount; j++) current[j] = columns[j][at];
      this.weight = weight;
    }
  };

  /** Ends the last tuple and all contexts. */
  protected endTuples(): void {
    if (this.weight > 0) this.advance(0);
    this.weight = 0;
    this.current.fill(0);
  }

  /** Adds the last tuple to its longest context, and closes the contexts that the next tuple does not share. @param different the first column in which the next tuple differs. */
  private advance(different: number): void {
    const { current, width } = this;
    let level = width;
    while (current[level - 1] === NONE) level--;
    this.follow(level, current[width], this.weight);
    for (let k = width; k > different; k--) this.close(k);
  }

  /** Adds a follower to the current context of `level` ids. */
  protected abstract follow(level: number, id: number, weight: number): void;

  /** Ends the current context of `level` ids. */
  protected abstract close(level: number): void;
}
