import Benchmark from 'benchmark';
import type { BenchText } from './text.js';

/** Something to be measured. */
export interface Case {
  readonly name: string;
  /** One operation. A promise that it returns is waited for. */
  readonly run: () => unknown;
  /** How much of `unit` one operation does. */
  readonly work: number;
  /** `MB`, `rows` …: the throughput is in these per second. */
  readonly unit: string;
}

/** The cases of a suite, with what they need at hand. */
export interface PreparedSuite {
  readonly cases: readonly Case[];
  /** Gives back what the cases hold open. */
  readonly close?: () => Promise<void>;
}

/** Each file of a suite exports one. */
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
  /** Half of the 95 % confidence interval, in percent of the mean. */
  readonly rme: number;
  readonly samples: number;
  /** `unit` a second. */
  readonly throughput: number;
  readonly unit: string;
}

/** How long to measure. */
export interface Effort {
  /** Seconds for which a case is run before it counts, so that its code is compiled. */
  readonly warmUp: number;
  /** Seconds of samples; slow cases take longer, since there are at least five. */
  readonly seconds: number;
}

/** Measures a case with Benchmark.js. @throws what the case throws, and the signal's reason. */
export async function measure(suite: string, measured: Case, effort: Effort, signal: AbortSignal): Promise<Result> {
  const { name, run, work, unit } = measured;
  let waits = false;
  const until = performance.now() + 1000 * effort.warmUp;
  do {
    signal.throwIfAborted();
    const returned = run();
    waits = returned instanceof Promise;
    await returned;
  } while (performance.now() < until);
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
        // Benchmark.js would let it end the process.
        reject(error instanceof Error ? error : new Error(String(error)));
        benchmark.abort();
      }
    };
    const benchmark = new Benchmark(name, {
      defer: waits,
      fn: waits ? runAwaited : runAtOnce,
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
