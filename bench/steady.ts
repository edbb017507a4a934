import { parentPort, Worker, workerData } from 'node:worker_threads';
import { WORKER_OPTIONS } from '../src/base/node/worker-options.js';
import { LanguageModel } from '../src/model/language-model.js';

/** How often scoring in the long run is measured; the middle one counts. */
export const STEADY_ROUNDS = 3;

/** The middle of an odd number of values. */
export function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >>> 1];
}

/** What the thread is to measure. */
interface SteadyTask {
  /** The folder of a model. */
  readonly model: string;
  /** A text to begin with, so that the code is compiled. */
  readonly warmUp: string;
  /** The text whose time counts. */
  readonly text: string;
  /** How many threads are to score; each number is measured. */
  readonly threads: readonly number[];
}

/**
 * Tokens a second, `</s>` counted, at which so many threads score a text file with a loaded model: this module is also the
 * thread's that leads them, which ends afterwards and takes the model's memory with it.
 */
export async function measureSteady(task: SteadyTask, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number[]> {
  signal.throwIfAborted();
  const worker = new Worker(new URL(import.meta.url), { ...WORKER_OPTIONS, workerData: task, env });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop);
  try {
    return await new Promise<number[]>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the scoring thread ended unexpectedly')));
    });
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

if (parentPort) {
  const { model: path, warmUp, text, threads: counts } = workerData as SteadyTask;
  const model = await LanguageModel.open(path);
  const loaded = await model.load();
  await model.close();
  const rates: number[] = [];
  for (const threads of counts) {
    await loaded.perplexityOfFile(warmUp, { threads });
    const rounds: number[] = [];
    for (let round = 0; round < STEADY_ROUNDS; round++) {
      const started = performance.now();
      const { tokens } = await loaded.perplexityOfFile(text, { threads });
      rounds.push((tokens * 1000) / (performance.now() - started));
    }
    rates.push(middle(rounds));
  }
  parentPort.postMessage(rates);
}
