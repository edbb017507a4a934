/** The options of `npm run faults`, with which a fault is tried. */
export interface FaultOptions {
  /** Number of tries, in the unit of the fault (kills, seconds, calls, …). Default: a number of each fault's own. */
  readonly times?: number | undefined;
  /** Seed of the random choices: the same seed makes the same faults. */
  readonly seed: number;
  /** Tries only cases whose name contains one of these texts. Default: all cases. */
  readonly only?: readonly string[] | undefined;
  /** Minutes of CPU for each case, instead of a number of times. */
  readonly minutes?: number | undefined;
  /** A folder that keeps the inputs that broke a promise. */
  readonly keep?: string | undefined;
  /** Called with a line about every case when it ends. */
  readonly log: (line: string) => void;
}

/** The result of trying a fault. */
export interface FaultReport {
  /** A table: its head, and a row for each kind of case. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Further notes for the reader, a line each. */
  readonly notes?: readonly string[];
  /** Each promise that did not hold, a line each. Empty: all of them held. */
  readonly broken: readonly string[];
}

/** Makes things go wrong, and checks whether the promises of docs/reliability.md hold. */
export type Fault = (options: FaultOptions) => Promise<FaultReport>;

/** One row of the table of faults. */
export interface FaultRow {
  readonly name: string;
  /** The fault in words, and the unit of `--times`. */
  readonly summary: string;
  /** Loads the code of this fault. */
  readonly load: () => Promise<Fault>;
}

/** Whether the options choose a case. */
export function isChosen(name: string, { only = [] }: FaultOptions): boolean {
  return only.length === 0 || only.some(text => name.includes(text));
}
