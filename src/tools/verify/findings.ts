import { KneserError } from '../../base/errors.js';

/** A damaged part of a model, and the damage. */
export interface Finding {
  /** The part of the model: a file of the folder, a table and block, or another part. */
  readonly part: string;
  /** The damage, in words. */
  readonly problem: string;
}

/** A kind of check: how many parts were checked, and how many are damaged. */
export interface Check {
  /** The name of the check, such as `blocks`. */
  readonly check: string;
  /** Number of parts checked. */
  readonly checked: number;
  /** Number of checked parts that are damaged. */
  readonly damaged: number;
}

/** At most this many findings are listed; the rest are only counted. */
const LISTED = 100;

/** Collects the findings and the numbers of checked parts. */
export class Findings {
  readonly listed: Finding[] = [];
  count = 0;
  private readonly checks = new Map<string, { checked: number; damaged: number }>();

  add(check: string, part: string, problem: string): void {
    this.count++;
    this.of(check).damaged++;
    if (this.listed.length < LISTED) this.listed.push({ part, problem });
  }

  /** Adds to the number of checked parts. */
  checked(check: string, number = 1): void {
    this.of(check).checked += number;
  }

  /** Calls `act`, and adds a finding if it throws KNESER_DAMAGED. @returns its result; `undefined` if it threw that. */
  async try<T>(check: string, part: string, act: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof KneserError && error.code === 'KNESER_DAMAGED')) throw error;
      this.add(check, part, error.message);
      return undefined;
    }
  }

  table(): Check[] {
    return [...this.checks].map(([check, counts]) => ({ check, ...counts }));
  }

  private of(check: string): { checked: number; damaged: number } {
    let counts = this.checks.get(check);
    if (!counts) this.checks.set(check, (counts = { checked: 0, damaged: 0 }));
    return counts;
  }
}
