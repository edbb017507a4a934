import Benchmark from 'benchmark';
import type { BenchText } from './text.js';

/** A case to measure. */
export interface Case {
  readonly name: string;
  /** Runs one operation. If it returns a promise, the operation ends when the promise resolves. */
  readonly run: () => unknown;
  /** The work of one operation, in units of `unit`. */
  readonly work: number;
  /** The unit of `work`, such as `MB` or `rows`. */
  readonly unit: string;
}

/** The cases of a suite, ready to run. */
export interface PreparedSuite {
  readonly cases: readonly Case[];
  /** Closes the models and files of the cases. */
  readonly close?: () => Promise<void>;
}

/** A group of cases. Each suite has a file of its own. */
export interface Suite {
  readonly name: string;
  readonly prepare: (text: BenchText) => Promise<PreparedSuite>;
}

/** A measured case. */
export interface Result {
  readonly suite: string;
  readonly name: string;
  /** Operations a second. */
  readonly hz: number;
  /** Half of the 95 % confidence interval of `hz`, in percent of `hz`. */
  readonly rme: number;
  readonly samples: number;
  /** Work a second, in units of `unit`. */
  readonly throughput: number;
  readonly unit: string;
}

/** How long to measure a case. */
export interface Effort {
  /** How long a case runs before the measurement, so that its code is compiled [s]. */
  readonly warmUp: number;
  /** How long the measurement takes [s]. A slow case takes longer, because it needs at least five samples. */
  readonly seconds: number;
}

/** Measures a case of a suite with Benchmark.js. @throws the error of the case, or the reason of the signal. */
export async function measure(suite: string, measured: Case, effort: Effort, signal: AbortSignal): Promise<Result> {
  const { name, run, work, unit } = measured;
  let isAsync = false;
  const warmUpEnd = performance.now() + 1000 * effort.warmUp;
  do {
    signal.throwIfAborted();
    const returned = run();
    isAsync = returned instanceof Promise;
    await returned;
  } while (performance.now() < warmUpEnd);
  return new Promise<Result>((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop);
    const runAwaited = (deferred: Benchmark.Deferred): void => {
      (run() as Promise<unknown>).then(() => deferred.resolve(), reject);
    };
    const runAtOnce = (): void => {
      try {
        run();
      } catch (error) {
        // Benchmark.js would let an error of the case end the process.
        reject(error instanceof Error ? error : new Error(String(error)));
        benchmark.abort();
      }
    };
    const benchmark = new Benchmark(name, {
      defer: isAsync,
      fn: isAsync ? runAwaited : runAtOnce,
      maxTime: effort.seconds,
      onComplete: () => {
        signal.removeEventListener('abort', stop);
        const { hz, stats } = benchmark;
        const error = benchmark.error as Error | undefined;
        if (error) reject(error);
        else resolve({ suite, name, hz, rme: stats.rme, samples: stats.sample.length, throughput: hz * work, unit });
      },
    });
    benchmark.run({ async: true });
  });
}
