import { PagedModel } from '../src/model/paged-model.js';

/** The speed of scoring of a packed model with its tables in memory, in the best of `runs` runs [tokens/s]. Runs in browsers, too. */
export async function scoringSpeed(packed: ArrayBuffer, sentences: readonly string[], runs: number): Promise<number> {
  const model = await PagedModel.fromFile(packed);
  const loaded = await model.load();
  let fastest = 0;
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const { tokens } = loaded.perplexity(sentences);
    fastest = Math.max(fastest, (1000 * tokens) / (performance.now() - started));
  }
  await model.close();
  return fastest;
}
