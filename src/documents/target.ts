import { callBack } from '../base/call-back.js';
import { KneserError } from '../base/errors.js';
import { fileIdentity } from '../base/node/file-identity.js';
import { hashRandom } from '../base/hash-random.js';
import type { LanguageModel } from '../model/language-model.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { documentsOf, expandForTwoPasses, type Input } from '../text/formats/input.js';
import { splitTokens } from '../text/tokens.js';
import { Column } from './columns.js';
import { linesOf, type Proxies } from './proxy.js';
import { readAllDocuments, type StreamEvents } from './stream.js';

/** A model of a target, and two models of the documents. */
export interface TargetModels {
  /** The model of the target. */
  readonly model: LanguageModel;
  /** Entry i is a model of a sample of half i of the documents. */
  readonly against: readonly LanguageModel[];
  /** Returns, for the index of a document, the index of the model in `against` that was trained on the other half. */
  readonly choose: (index: number) => number;
}

/** Words that occur less often are unknown to all three models. */
const LEAST_COUNT = 2;

/**
 * Trains the three models by which importance is measured: one of the target, and one of a sample of each half of the documents; a sample
 * has as many tokens as the target. A document is compared with the model of the other half, because a model that was trained on the
 * document would recite it. The vocabulary of all three is the words that occur at least twice in the target and the samples together.
 *
 * @throws KNESER_INPUT_EMPTY, and the errors of training.
 */
export async function trainForTarget(
  proxies: Proxies,
  target: readonly string[],
  inputs: readonly Input[],
  documents: DocumentOptions,
  seed: number,
  events: StreamEvents,
): Promise<TargetModels> {
  const targets = await expandForTwoPasses(target, {}, 'annotate', events.onWarning);
  const own = await Promise.all(inputs.map(input => fileIdentity(input.path)));
  for (const { path } of targets) {
    if (!own.includes(await fileIdentity(path))) continue;
    throw new KneserError(
      'KNESER_OPTION',
      `target: ${path} is also one of the documents' files; leave it out of one of them`,
    );
  }
  const targetOptions = await documentsOf(targets, documents);
  const wanted = (): AsyncGenerator<string> => texts(targets, targetOptions, events);
  let tokens = 0;
  for await (const text of wanted()) tokens += tokensOf(text);
  if (tokens === 0) throw new KneserError('KNESER_INPUT_EMPTY', 'target: there is no text');
  const halfOf = (index: number): number => (hashRandom(seed, index) < 0.5 ? 0 : 1);
  const samples = await samplesOf(inputs, documents, tokens, halfOf, seed, events);
  for (const [half, sample] of samples.entries()) {
    if (sample.size === 0)
      throw new KneserError(
        'KNESER_INPUT_EMPTY',
        `target: half ${half + 1} of the documents is empty; there are too few`,
      );
  }
  const sampled = (half: number): AsyncGenerator<string> => texts(inputs, documents, events, samples[half]);
  const words = await proxies.words(
    (async function* () {
      yield* linesOf(wanted());
      for (const half of samples.keys()) yield* linesOf(sampled(half));
    })(),
    { atLeast: LEAST_COUNT },
  );
  const model = await proxies.model(linesOf(wanted()), words);
  const against: LanguageModel[] = [];
  for (const half of samples.keys()) against.push(await proxies.model(linesOf(sampled(half)), words));
  return { model, against, choose: index => 1 - halfOf(index) };
}

/** The texts of all documents, or of the documents whose indices are in `sample`. */
async function* texts(
  inputs: readonly Input[],
  documents: DocumentOptions,
  events: StreamEvents,
  sample?: ReadonlySet<number>,
): AsyncGenerator<string> {
  for await (const some of readAllDocuments(inputs, documents, { signal: events.signal })) {
    for (const { text, index } of some) if (text !== undefined && (sample?.has(index) ?? true)) yield text;
  }
}

/** About how many tokens a text has: the parts that white space separates, and one `</s>` for each line. */
function tokensOf(text: string): number {
  return text.split('\n').reduce((sum, line) => sum + splitTokens(line).length + 1, 0);
}

/** Draws a sample of each half of the documents, in random sequence, until the sample has `tokens` tokens. @returns by half, the indices of the documents. */
async function samplesOf(
  inputs: readonly Input[],
  documents: DocumentOptions,
  tokens: number,
  halfOf: (index: number) => number,
  seed: number,
  { signal, onWarning }: StreamEvents,
): Promise<readonly ReadonlySet<number>[]> {
  const lengths = new Column();
  for await (const some of readAllDocuments(inputs, documents, { signal })) {
    for (const { text } of some) lengths.push(text === undefined ? 0 : tokensOf(text));
  }
  const sizes = lengths.view();
  // Another seed than that of `halfOf`, so that the two choices are independent.
  const keys = sizes.map((_, index) => hashRandom(seed + 1, index));
  const order = Uint32Array.from(sizes.keys()).sort((a, b) => keys[a] - keys[b] || a - b);
  const samples = [new Set<number>(), new Set<number>()];
  const taken = [0, 0];
  for (const index of order) {
    const half = halfOf(index);
    if (taken[half] >= tokens || sizes[index] === 0) continue;
    taken[half] += sizes[index];
    samples[half].add(index);
  }
  if (Math.min(...taken) < tokens) {
    callBack(
      onWarning,
      'a half of the documents has fewer tokens than the target: its model is trained on less text, so that the ratios favour the target',
    );
  }
  return samples;
}
