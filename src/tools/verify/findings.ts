import { KneserError } from '../../base/errors.js';

/** A damaged part of a model, and the damage. */
export interface Finding {
  /** The damaged part of the model, such as a file of the folder, or a table and block. */
  readonly part: string;
  /** The damage, in words. */
  readonly problem: string;
}

/** How many parts of a model one kind of check checked, and how many of them are damaged. */
export interface Check {
  /** The name of the check, such as `blocks`. */
  readonly check: string;
  /** Number of parts checked. */
  readonly checked: number;
  /** Number of findings of this check. */
  readonly damaged: number;
}

/** The most findings that are listed; the rest are only counted. */
const MOST_LISTED = 100;

/** Collects the findings, and counts the checked parts by check. */
export class Findings {
  readonly listed: Finding[] = [];
  /** Number of all findings. */
  count = 0;
  private readonly checks = new Map<string, { checked: number; damaged: number }>();

  add(check: string, part: string, problem: string): void {
    this.count++;
    this.of(check).damaged++;
    if (this.listed.length < MOST_LISTED) this.listed.push({ part, problem });
  }

  /** Adds to the number of checked parts. */
  checked(check: string, number = 1): void {
    this.of(check).checked += number;
  }

  /**
   * Calls `act`; if that throws KNESER_DAMAGED, adds a finding.
   *
   * @param prefix is left out where the message begins with it, because it says the same as `part`.
   * @returns the result of `act`, or `undefined` after KNESER_DAMAGED.
   */
  async try<T>(check: string, part: string, act: () => T | Promise<T>, prefix = ''): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof KneserError && error.code === 'KNESER_DAMAGED')) throw error;
      const { message } = error;
      this.add(check, part, message.startsWith(prefix) ? message.slice(prefix.length) : message);
      return undefined;
    }
  }

  /** The number of checked parts and of findings, by check. */
  table(): Check[] {
    return [...this.checks].map(([check, counts]) => ({ check, ...counts }));
  }

  private of(check: string): { checked: number; damaged: number } {
    let counts = this.checks.get(check);
    if (!counts) this.checks.set(check, (counts = { checked: 0, damaged: 0 }));
    return counts;
  }
}
