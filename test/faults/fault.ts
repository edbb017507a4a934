/** How a fault is tried: the options of `npm run faults`. */
export interface FaultOptions {
  /** How many times, in the unit of the fault (kills, seconds, calls, …); each fault has a number of its own. */
  readonly times?: number | undefined;
  /** Where random choices begin: the same seed makes the same faults. */
  readonly seed: number;
  /** Tries only the cases whose name contains one of these texts; all cases where there is none. */
  readonly only?: readonly string[] | undefined;
  /** Minutes of CPU for each case, instead of a number of times. */
  readonly minutes?: number | undefined;
  /** A folder that keeps the inputs that broke a promise. */
  readonly keep?: string | undefined;
  /** Is told of every case as it ends. */
  readonly log: (line: string) => void;
}

/** What came of it. */
export interface FaultReport {
  /** A table: its head, and a row for each kind of case. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What else a reader should know, a line each. */
  readonly notes?: readonly string[];
  /** Each promise that did not hold, a line each. Empty: all of them held. */
  readonly broken: readonly string[];
}

/** Makes things go wrong, and looks whether the promises of docs/reliability.md hold. */
export type Fault = (options: FaultOptions) => Promise<FaultReport>;

/** One row of the table of faults. */
export interface FaultRow {
  readonly name: string;
  /** What goes wrong, and in what unit `--times` counts. */
  readonly summary: string;
  /** Loads the code, which only a run of this fault needs. */
  readonly load: () => Promise<Fault>;
}

/** Tells whether a case is to be tried. */
export function isChosen(name: string, { only = [] }: FaultOptions): boolean {
  return only.length === 0 || only.some(text => name.includes(text));
}
