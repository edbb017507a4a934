import { parentPort, Worker, workerData } from 'node:worker_threads';
import { WORKER_OPTIONS } from '../src/base/node/worker-options.js';
import { LanguageModel } from 'kneser';
import { median } from './median.js';

/** Number of measurements of scoring in the long run; their median counts. */
export const STEADY_ROUNDS = 3;

/** The task of the measuring thread. */
interface SteadyTask {
  /** The folder of a model. */
  readonly model: string;
  /** The path of a text that is scored first, so that the code is compiled. */
  readonly warmUp: string;
  /** The path of the text whose scoring is timed. */
  readonly text: string;
  /** Each of these numbers of scoring threads is measured. */
  readonly threads: readonly number[];
}

/**
 * Measures the speed at which a loaded model scores a text file. A thread of its own, whose code is also this module, loads the model
 * and starts the scoring threads; when it ends, the memory of the model is free.
 *
 * @returns for each entry of `task.threads`: the speed [tokens/s], `</s>` included.
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
    rates.push(median(rounds));
  }
  parentPort.postMessage(rates);
}
