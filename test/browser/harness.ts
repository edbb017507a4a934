/** The code that tests run in the browser, besides the demo page. It is bundled for a page of its own. */
import { LanguageModel } from '#kneser/native-free/index.js';
import { deleteModel, listModels, openModel, saveModel } from '#kneser/native-free/indexeddb.js';
import { checkReadings, type Opener } from '../support/reading-suite.js';

const NAME = 'harness';

/** The source of a packed model. */
export type Place = 'buffer' | 'blob' | 'url' | 'indexeddb';

async function openerOf(url: string, place: Place): Promise<Opener> {
  const address = new URL(url, location.href);
  if (place === 'url') return options => LanguageModel.fromFile(address, options);
  if (place === 'indexeddb') {
    const model = await LanguageModel.fromFile(address);
    await saveModel(model, NAME, { force: true });
    await model.close();
    // Saving a kept model in its own place leaves it as it is.
    const kept = await openModel(NAME);
    await saveModel(kept, NAME, { force: true });
    await kept.close();
    return options => openModel(NAME, options);
  }
  const response = await fetch(address);
  const file = place === 'blob' ? await response.blob() : await response.arrayBuffer();
  return options => LanguageModel.fromFile(file, options);
}

/** The names of the readings that differ from the expected ones, with the figures found. */
export async function differences(url: string, place: Place, expected: Record<string, unknown>): Promise<string[]> {
  const different: string[] = [];
  // JSON keeps numbers exactly, and leaves `undefined` out on both sides.
  const text = (value: unknown): string => JSON.stringify(value);
  await checkReadings(await openerOf(url, place), expected, (what, actual, wanted) => {
    if (text(actual) !== text(wanted)) different.push(`${what}: ${text(actual)} is not ${text(wanted)}`);
  });
  return different;
}

/** The probabilities of each sentence. */
export async function log10Probs(url: string, place: Place, sentences: readonly string[]): Promise<number[][]> {
  const model = await (await openerOf(url, place))();
  const found: number[][] = [];
  for (const sentence of sentences) found.push([...(await model.score(sentence)).log10Probs]);
  await model.close();
  return found;
}

export { deleteModel, listModels };
