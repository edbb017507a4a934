import { IDS_SHARE } from '../plan/budget.js';
import type { IdStream } from '../../count/id-stream.js';
import { checkTokens } from '../../count/layout.js';
import type { Chunk, NgramSource } from '../../count/ngram-source.js';
import { buildVocabulary, requireTokens } from '../../count/vocabulary.js';
import { layoutWindows, pushWindow, Windows, windowStep } from '../../count/windows.js';
import { KneserError } from '../../base/errors.js';
import { grown } from '../../base/grown.js';
import { joinWords } from '../../tables/dictionary-reader.js';
import type { Manifest } from '../../tables/manifest.js';
import { contiguous, formatPattern } from '../../tables/pattern.js';
import { openTable, readBlocks } from '../../tables/table-reader.js';
import { BOS, EOS, FIRST_WORD, UNK } from '../../text/tokens.js';
import { WordList } from '../../text/word-list.js';
import type { BuildContext } from './context.js';
import { NO_TEXT_CHANGES, type CountedModel, type CountSource, type NumberedModel } from './count-source.js';
import { planMerging, type MergedModels } from './merge-tables.js';
import { checkWordMemory } from './word-memory.js';

/** The largest count in a difference of models, whose counts are signed 32-bit numbers. */
const MOST_DIFFERENCE = 2 ** 31 - 1;

/**
 * Joins the n-grams of models to one source of counts, as if their texts were one.
 *
 * All counts of a model follow from its raw counts. N-grams of the highest order have raw counts, in a table of their own, and so
 * have shorter n-grams that begin with `<s>`: these are among the rows of the lower tables, which are read once, before anything
 * is counted.
 *
 * - Input: models of counts of one order, not pruned, whose vocabularies are all words of their texts, or one list of words.
 * - Output: the joined vocabulary (the word with the largest sum of frequencies has the smallest id) and figures, and the n-grams with counts; or
 *   the models for `merge-tables.ts`, if their tables can be merged in the order in which the models have them.
 * - When: the first stage.
 *
 * @throws KNESER_OPTION if a count would become negative, or the models have different lists of words; KNESER_INPUT_EMPTY if no token is left; KNESER_LIMIT,
 * KNESER_DAMAGED, KNESER_ABORTED
 */
export async function run(context: BuildContext, models: readonly CountedModel[]): Promise<CountSource | MergedModels> {
  const { order, vocabulary: choice } = context.plan;
  const words = new WordList();
  const { numbered, frequency } = await joinModels(context, models, words);
  if (choice.kind === 'words') checkSameWords(numbered, words.size);
  const sum = (figure: (manifest: Manifest) => number): number =>
    models.reduce((total, { manifest, times }) => total + times * figure(manifest), 0);
  const sentences = sum(manifest => manifest.sentences);
  // The tokens of a manifest include a `</s>` for each sentence.
  const tokens = sum(manifest => manifest.tokens - manifest.sentences);
  const isDifference = models.some(({ times }) => times < 0);
  if (sentences < 0 || tokens < 0 || frequency.some(count => count < 0)) throw notContained(models);
  checkTokens(tokens, sentences, order);
  if (isDifference) checkDifference(models);
  requireTokens(
    { tokens, sentences },
    isDifference ? 'the difference of the models' : models.map(({ name }) => name).join(', '),
  );

  const aliases = new Uint32Array(words.size + 1);
  const vocabulary = buildVocabulary({ words, frequency, aliases, sentences }, choice);
  if (isDifference) numberLost(vocabulary.ids, frequency, vocabulary.indices.length);
  const { frequencies } = vocabulary;
  const figures = { vocabulary, sentences, tokens, ...NO_TEXT_CHANGES };
  const merging = planMerging(context, models, frequencies);
  if (merging) {
    const rows = models.reduce(
      (all, { manifest }) => all + manifest.tables.reduce((own, table) => own + table.rows, 0),
      0,
    );
    return { ...figures, ...merging, models: numbered, rows };
  }
  const starts = context.idStream('starts', IDS_SHARE);
  for (const model of numbered) await readStarts(context, model, starts);
  return { ...figures, ngrams: new ModelNgrams(context, numbered, starts, isDifference) };
}

/** Adds the words of all models to one list, and sums up the frequencies of each word. */
async function joinModels(
  context: BuildContext,
  models: readonly CountedModel[],
  words: WordList,
): Promise<{ numbered: NumberedModel[]; frequency: Float64Array }> {
  const numbered: NumberedModel[] = [];
  let frequency = new Float64Array(1 << 12);
  for (const model of models) {
    const { store, manifest, times } = model;
    const numbers = await joinWords(store, manifest, words, ({ ids, frequencies }, numbers) => {
      context.checkAborted();
      if (words.size >= frequency.length) frequency = grown(frequency, 2 * words.size);
      for (let i = 0; i < ids.length; i++) {
        const number = numbers[ids[i]];
        // The frequency of `</s>` is the number of sentences, which is summed apart; `<s>` has no frequency.
        if (number !== BOS && number !== EOS) frequency[number] += times * frequencies[i];
      }
      checkWordMemory(context.workspace, words, 'the models', 'use models of fewer words');
    });
    numbered.push({ ...model, numbers });
  }
  return { numbered, frequency: frequency.slice(0, words.size + 1) };
}

/** Refuses models that were trained with different lists of words, because each counted words outside its own list as `<unk>`. @throws KNESER_OPTION */
function checkSameWords(models: readonly NumberedModel[], size: number): void {
  // The joined list has all words of each model: it has more than a model's own only if another model has other words.
  const other = models.find(({ numbers }) => numbers.length - 1 !== size);
  if (!other) return;
  throw new KneserError(
    'KNESER_OPTION',
    `${other.name}: its list of words (--vocab) lacks words of the other models' lists, which it counted as <unk>; train all models with the same list`,
  );
}

/**
 * Gives each word whose frequency became 0 an id of its own, from `types` on. The counts of its n-grams must then add up to 0; with
 * the shared id of `<unk>`, a count other than 0 would not be noticed.
 */
function numberLost(ids: Uint32Array, frequency: Float64Array, types: number): void {
  let next = types;
  for (let number = FIRST_WORD; number < ids.length; number++)
    if (ids[number] === UNK && frequency[number] === 0) ids[number] = next++;
}

/** Stores the n-grams that begin with `<s>` and are shorter than the order. */
async function readStarts(
  context: BuildContext,
  { store, numbers, times }: NumberedModel,
  to: IdStream,
): Promise<void> {
  const { order } = context.plan;
  for (let width = 1; width < order - 1; width++) {
    const ngram = new Uint32Array(width + 1);
    const table = await openTable(store, formatPattern(contiguous(width + 1)), width);
    for await (const { block } of readBlocks(store, table)) {
      context.checkAborted();
      const { contexts, contextCount, starts, words, counts } = block;
      const farthest = contexts[width - 1];
      for (let c = 0; c < contextCount; c++) {
        if (farthest[c] !== BOS) continue;
        for (let j = 0; j < width; j++) ngram[width - 1 - j] = numbers[contexts[j][c]];
        for (let row = starts[c]; row < starts[c + 1]; row++) {
          ngram[width] = numbers[words[row]];
          pushWindow(to, order, ngram, 0, ngram.length, counts[row] * times);
        }
      }
    }
  }
}

/** The n-grams of all models with their raw counts, chunk by chunk. */
class ModelNgrams implements NgramSource {
  readonly step: number;
  readonly length: number;
  readonly weights: 'counts' | 'differences';

  constructor(
    private readonly context: BuildContext,
    private readonly models: readonly NumberedModel[],
    private readonly starts: IdStream,
    isDifference: boolean,
  ) {
    this.step = windowStep(context.plan.order);
    this.length = starts.length + this.step * models.reduce((sum, { manifest }) => sum + longestRows(manifest), 0);
    this.weights = isDifference ? 'differences' : 'counts';
  }

  async *chunks(toId: Uint32Array, limit: number, consume: boolean): AsyncGenerator<Chunk> {
    const { order } = this.context.plan;
    const windows = new Windows(order, Math.floor(Math.min(this.length, limit) / this.step));
    yield* layoutWindows(this.starts, toId, windows, consume);
    for (const { store, numbers, times } of this.models) {
      const map = numbers.map(number => toId[number]);
      const table = await openTable(store, formatPattern(contiguous(order)), order - 1);
      for await (const { block } of readBlocks(store, table)) {
        this.context.checkAborted();
        const rows = block.starts[block.contextCount];
        for (let row = 0; ;) {
          row = windows.addRows(block, map, times, row);
          if (row === rows) break;
          yield windows.take();
        }
      }
    }
    if (!windows.isEmpty) yield windows.take();
  }

  /** Called for a count below 0. */
  onNegative(): void {
    throw notContained(this.models);
  }

  close(): void {
    this.starts.close();
  }
}

/** The number of n-grams of the highest order in a model. */
function longestRows({ tables, order }: Manifest): number {
  const name = formatPattern(contiguous(order));
  return tables.find(({ pattern }) => pattern === name)?.rows ?? 0;
}

/** @throws KNESER_LIMIT */
function checkDifference(models: readonly CountedModel[]): void {
  const large = models.find(({ manifest, times }) => manifest.tokens * Math.abs(times) > MOST_DIFFERENCE);
  if (!large) return;
  throw new KneserError(
    'KNESER_LIMIT',
    `${large.name}: the model has more than ${MOST_DIFFERENCE.toLocaleString('en')} tokens, the most that can be subtracted; train on the text that is to stay`,
  );
}

/** The error for a model whose text is not part of the text from which it is subtracted. */
function notContained(models: readonly CountedModel[]): KneserError {
  const namesOf = (isTaken: boolean): string =>
    models
      .filter(({ times }) => times < 0 === isTaken)
      .map(({ name }) => name)
      .join(', ');
  return new KneserError(
    'KNESER_OPTION',
    `${namesOf(true)}: has n-grams that occur less often in ${namesOf(false)}, so its text is no part of that model's; ` +
      'subtract a model of text that the other was trained on, with the same options',
  );
}
