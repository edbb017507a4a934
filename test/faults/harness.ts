/** How a harness is run. */
export interface FaultOptions {
  /** How many faults are tried; each harness has a number of its own. */
  readonly times?: number;
  /** Where random choices begin: the same seed makes the same faults. */
  readonly seed: number;
}

/** Tries faults, prints what came of them as lines and a table, and says whether every promise held. */
export type Harness = (options: FaultOptions) => Promise<boolean>;
