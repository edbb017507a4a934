import { PagedModel } from '../src/model/paged-model.js';

/** Tokens a second of a packed model with its tables in memory, the best of some runs. This function runs in browsers too. */
export async function scoringSpeed(packed: ArrayBuffer, sentences: readonly string[], runs: number): Promise<number> {
  const model = await PagedModel.fromFile(packed);
  const loaded = await model.load();
  let most = 0;
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const { tokens } = loaded.perplexity(sentences);
    most = Math.max(most, (1000 * tokens) / (performance.now() - started));
  }
  await model.close();
  return most;
}
