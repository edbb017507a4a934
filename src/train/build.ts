import type { WorkOptions } from '../base/progress.js';
import { FORMAT_VERSION } from '../store/keys.js';
import type { ModelWriter } from '../store/store.js';
import { ModelBuilder } from '../tables/builder.js';
import type { Manifest, TableManifest } from '../tables/manifest.js';
import { SMALL_TEXT } from './plan/budget.js';
import type { BuildPlan } from './plan/plan.js';
import * as chooseVocabulary from './stages/choose-vocabulary.js';
import * as clusterWords from './stages/cluster-words.js';
import { BuildContext } from './stages/context.js';
import * as countClasses from './stages/count-classes.js';
import type { CountSource, SortedSource, SourceFigures, TrieSource } from './stages/count-source.js';
import * as countTables from './stages/count-tables.js';
import { countSortedTables, wordStream } from './stages/counted-streams.js';
import * as indexTables from './stages/index-tables.js';
import * as learnWeights from './stages/learn-weights.js';
import type { Workspace, BuildText } from './stages/workspace.js';
import * as pruneTables from './stages/prune-tables.js';
import { reportOf, type BuildReport } from './stages/report.js';
import { TrieTables } from './stages/table-output.js';
import * as tokenize from './stages/tokenize.js';
import * as writeModel from './stages/write-model.js';

/**
 * Builds a model: runs the stages one after another, and hands each stage the results of earlier stages. If an interrupted build has
 * stored the result of a stage, that result is restored and the stage is not run.
 *
 *     text ─ tokenize ─ choose vocabulary ┐
 *     models ─────────────────────────────┼ source ─ count words' tables ─ cluster words, count classes' tables
 *     files of counts ────────────────────┘                              ─ write rows ─ prune ─ index ─ learn weights ─ figures
 *     sorted tables ────────────────────────────────────────── copy tables ┘
 *     models of contiguous tables ─ merge tables ─ figures
 *     text, contiguous tables ─ count tries ─ learn weights ─ figures
 *
 * If a stage fails, this function closes the temporary files; the caller removes the stores.
 *
 * @param open opens the source of the counts: {@link fromText}, or a stage that reads models or files of counts. Models whose tables are merged
 *   come with the stage that merges them, so that browsers, which merge none, do not load it.
 * @throws KNESER_OPTION, KNESER_INPUT_*, KNESER_DISK_FULL, KNESER_IO, KNESER_LIMIT, KNESER_TOKENIZER, KNESER_ABORTED;
 * CallerError for an error that the caller's sentences threw.
 */
export async function build(
  work: WorkOptions,
  plan: BuildPlan,
  workspace: Workspace,
  open: OpenSource,
): Promise<BuildReport> {
  const context = new BuildContext(work, plan, workspace);
  try {
    await clusterWords.checkMemory(context);
    const source = await open(context);
    // The garbage of a small text is not worth the time that collecting takes.
    const collect = lengthOf(source) < SMALL_TEXT ? undefined : workspace.collect;
    collect?.(true);
    const index = async (counted: Manifest): Promise<Manifest> => {
      collect?.(true);
      return indexTables.run(context, await pruneTables.run(context, counted));
    };
    let manifest: Manifest;
    if ('writeTries' in source) {
      manifest = await writeTries(context, source, to => source.writeTries(to));
    } else if ('sorted' in source) {
      manifest = await index(await copyAndWrite(context, source));
    } else {
      manifest = countTables.canMakeTries(context, source)
        ? await countTries(context, source)
        : await index(await countAndWrite(context, source));
      await learnWeights.run(context, source);
    }
    context.checkAborted();
    return reportOf(context, source, manifest);
  } catch (error) {
    await context.close();
    throw error;
  }
}

/** Opens a source of counts. */
export type OpenSource = (context: BuildContext) => Promise<CountSource | TrieSource | SortedSource>;

/** How many numbers or rows a source has. */
function lengthOf(source: CountSource | TrieSource | SortedSource): number {
  if ('sorted' in source) return source.sorted.rows;
  return 'writeTries' in source ? source.rows : source.ngrams.length;
}

/** A function that opens a text as a source of counts: it tokenizes the files or sentences, and chooses the vocabulary. */
export function fromText(text: BuildText): (context: BuildContext) => Promise<CountSource> {
  return async context => {
    const restored = await chooseVocabulary.restore(context);
    if (restored) {
      await learnWeights.checkMemory(context, restored);
      return restored;
    }
    const tokenized = await tokenize.run(context, text);
    await learnWeights.checkMemory(context, tokenized.stream);
    return chooseVocabulary.run(context, tokenized);
  };
}

/** Copies sorted tables into the store `counted`, and adds the dictionary and the manifest. @returns the manifest. */
async function copyAndWrite(context: BuildContext, source: SortedSource): Promise<Manifest> {
  const builder = new ModelBuilder(await context.workspace.createStore('counted'));
  try {
    const { run } = await import('./stages/copy-tables.js');
    const tables = await run(context, source, builder);
    const { pruning } = source.sorted;
    return await writeModel.run(context, source, { tables, clusterings: [], ...(pruning ? { pruning } : {}) }, builder);
  } catch (error) {
    await builder.abort();
    throw error;
  }
}

/** Writes a model whose tables become tries without being rows first. @param write writes the tries, and returns their entries of the manifest. */
async function writeTries(
  context: BuildContext,
  source: SourceFigures,
  write: (to: ModelWriter) => Promise<readonly TableManifest[]>,
): Promise<Manifest> {
  const store = await context.workspace.createStore('tables');
  const builder = new ModelBuilder(store, FORMAT_VERSION);
  try {
    const tables = await write(store);
    return await writeModel.run(context, source, { tables, clusterings: [] }, builder);
  } catch (error) {
    await builder.abort();
    throw error;
  }
}

/** From n-grams and a vocabulary to a model, whose contiguous tables become tries as they are counted. */
async function countTries(context: BuildContext, source: CountSource): Promise<Manifest> {
  const { workspace, plan } = context;
  try {
    return await writeTries(context, source, async to => {
      const words = wordStream(context, source, true);
      await workspace.checkpoints?.beginCounting(countSortedTables(context, 0, false));
      const output = new TrieTables(to, plan.order, source.vocabulary.frequencies);
      const tables = await countTables.run(context, words, output);
      // The text is saved while it is counted. Its n-grams must not be closed before.
      await workspace.checkpoints?.settled();
      return tables;
    });
  } finally {
    source.ngrams.close();
  }
}

/** From n-grams and a vocabulary to a store with the rows of all tables, the dictionary and the manifest. */
async function countAndWrite(context: BuildContext, source: CountSource): Promise<Manifest> {
  const { workspace } = context;
  const builder = new ModelBuilder(await workspace.createStore('counted'));
  try {
    const plan = clusterWords.planClasses(context, source);
    const { length } = plan.sizes;
    await workspace.checkpoints?.beginCounting(countSortedTables(context, length, plan.ofModelM !== undefined));
    const tables = await countTables.countRows(context, wordStream(context, source, length === 0), builder);
    const ofClasses = await countClasses.run(context, source, plan, builder);
    // The text is saved while it is counted: close its n-grams only when all of it is saved.
    await workspace.checkpoints?.settled();
    source.ngrams.close();
    return await writeModel.run(context, source, writeModel.markPruned(source, { tables, ...ofClasses }), builder);
  } catch (error) {
    await builder.abort();
    source.ngrams.close();
    throw error;
  }
}
