import { KneserError } from '../../base/errors.js';

/** Something that is not as it should be. */
export interface Finding {
  /** Where: a file of the folder, a table and block, or another part of the model. */
  readonly part: string;
  /** What is wrong there. */
  readonly problem: string;
}

/** What was looked at, how many of it, and how many of those are damaged. */
export interface Check {
  /** The name of the check, such as `blocks`. */
  readonly check: string;
  /** How many things were looked at. */
  readonly checked: number;
  /** How many of them are damaged. */
  readonly damaged: number;
}

/** Findings that are listed; others are only counted. */
const LISTED = 100;

/** Collects what is found. */
export class Findings {
  readonly listed: Finding[] = [];
  count = 0;
  private readonly checks = new Map<string, { checked: number; damaged: number }>();

  add(check: string, part: string, problem: string): void {
    this.count++;
    this.of(check).damaged++;
    if (this.listed.length < LISTED) this.listed.push({ part, problem });
  }

  /** Counts what was looked at. */
  checked(check: string, number = 1): void {
    this.of(check).checked += number;
  }

  /** Does something that may meet damage, which is then a finding. @returns nothing where it did. */
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
