import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchFiles } from '#kneser/src/count/scratch-files.js';
import { createLevelWriter, openLevelStore } from '#kneser/src/store/folder/leveldb.js';
import { ModelBuilder } from '#kneser/src/tables/builder.js';
import { planBuild } from '#kneser/src/train/plan/plan.js';
import { readRecord, writeRecord, type TrainingRecord } from '#kneser/src/train/resume/record.js';
import { UnfinishedBuild } from '#kneser/src/train/resume/unfinished-build.js';
import * as chooseVocabulary from '#kneser/src/train/stages/choose-vocabulary.js';
import * as clusterWords from '#kneser/src/train/stages/cluster-words.js';
import { BuildContext } from '#kneser/src/train/stages/context.js';
import * as countTables from '#kneser/src/train/stages/count-tables.js';
import { wordStream } from '#kneser/src/train/stages/counted-streams.js';
import { RowTables } from '#kneser/src/train/stages/table-output.js';
import * as tokenize from '#kneser/src/train/stages/tokenize.js';
import * as writeModel from '#kneser/src/train/stages/write-model.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('stages');
const random = randomNumbers(5);
/** Just large enough to be stored. */
const sentences = Array.from({ length: 50_000 }, () =>
  Array.from({ length: 2 }, () => `w${Math.floor(500 ** random())}`).join(' '),
);
const options = { order: 3, patterns: { skip: true }, classes: 5, holdOut: 0.1 };
const memory = 64 << 20;
let folders = 0;

/** A build in a folder, with the checkpoints that it writes there. */
async function contextIn(path: string, checkpoints: UnfinishedBuild): Promise<BuildContext> {
  return new BuildContext({}, await planBuild(options), {
    name: path,
    memory,
    threads: 0,
    scratch: scratchFiles,
    temporary: name => join(path, name),
    checkpoints,
    createStore: kind =>
      checkpoints.openStore(join(path, kind), [], (store, resumed) => createLevelWriter(store, memory, false, resumed)),
    openStore: kind => openLevelStore(join(path, kind), path),
    putWeights: () => Promise.resolve(),
  });
}

/** Reads the text, counts words and clusters them, and stops there as an interrupted build does. */
async function interrupted(): Promise<{ path: string; context: BuildContext; text: chooseVocabulary.NumberedText }> {
  const path = join(folder, `build-${folders++}`);
  mkdirSync(path);
  const unfinished = await UnfinishedBuild.begin(path, 'generation-1', { settings: {}, inputs: null });
  const context = await contextIn(path, unfinished);
  const text = chooseVocabulary.run(context, await tokenize.run(context, { sentences }));
  await unfinished.settled();
  return { path, context, text };
}

/** The same build in another process, which has the record alone. */
async function resumed(path: string, change: Partial<TrainingRecord> = {}): Promise<BuildContext> {
  const record = { ...((await readRecord(path)) as TrainingRecord), ...change };
  await writeRecord(path, record, false);
  return contextIn(path, UnfinishedBuild.resume(path, record));
}

const numbersOf = ({ streams }: chooseVocabulary.NumberedText): number[][] =>
  [streams.ids, streams.heldOut].map(stream => [...stream.pieces()].flatMap(piece => [...piece]));

describe('a stage restores what an interrupted build has stored', () => {
  test('the text: vocabulary, figures and word numbers', async () => {
    const { path, text } = await interrupted();
    const restored = await chooseVocabulary.restore(await resumed(path));
    const { vocabulary, streams, ngrams, ...figures } = restored ?? expect.fail('nothing was restored');
    expect(figures).toEqual({ ...text, vocabulary: undefined, streams: undefined, ngrams: undefined });
    expect(ngrams.length).toBe(text.ngrams.length);
    expect(figures).toMatchObject({ sentences: 45_000, tokens: 90_000, heldOut: 5000, heldOutTokens: 10_000 });
    expect(vocabulary.frequencies).toEqual(text.vocabulary.frequencies);
    // Stored word numbers differ from the numbers of the first run, but stand for the same words.
    const wordOf = (of: typeof vocabulary, id: number): string => Buffer.from(of.list.bytes(of.indices[id])).toString();
    for (const id of [4, 5, 100]) expect(wordOf(vocabulary, id)).toBe(wordOf(text.vocabulary, id));
    expect(vocabulary.ids).toEqual(text.vocabulary.ids);
    expect(numbersOf({ ...text, ...restored, streams })).toEqual(numbersOf(text));
  });

  test('the tables of finished sorts; counting the others gives the same tables as one run', async () => {
    const { path, context, text } = await interrupted();
    const words = wordStream(context, text, false);
    const builder = new ModelBuilder(await context.workspace.createStore('counted'));
    const tables = await countTables.run(
      context,
      words,
      new RowTables(builder, 'words'),
      await countTables.restore(context, words),
    );
    await builder.abort();

    const { tables: finished } = (await readRecord(path)) as TrainingRecord;
    expect(finished.map(({ table }) => table).sort()).toEqual(['11', '111', '1_1']);
    const kept = finished.filter(({ table }) => table !== '1_1');
    const next = await resumed(path, { tables: kept });
    const again = new ModelBuilder(await next.workspace.createStore('counted'));
    const left = await countTables.restore(next, words);
    expect(left?.sorts).toEqual([[[2]]]);
    expect(left?.tables).toEqual(kept);
    // The contiguous sort counts unigrams by the way, so a restored one has them.
    expect(left?.unigrams.some(count => count > 0)).toBe(true);
    expect(await countTables.run(next, words, new RowTables(again, 'words'), left)).toEqual(tables);
    await again.abort();
  });

  test('no table is lost if the caller aborts while finished ones are checked', async () => {
    const { path, context, text } = await interrupted();
    const words = wordStream(context, text, false);
    const builder = new ModelBuilder(await context.workspace.createStore('counted'));
    await countTables.run(context, words, new RowTables(builder, 'words'));
    await builder.abort();

    const { plan, workspace } = await resumed(path);
    const store = await workspace.createStore('counted');
    const signal = AbortSignal.abort(new Error('a reason'));
    const aborted = countTables.restore(new BuildContext({ signal }, plan, workspace), words);
    await expect(aborted).rejects.toMatchObject({ code: 'KNESER_ABORTED', cause: signal.reason as Error });
    expect((await countTables.restore(new BuildContext({}, plan, workspace), words))?.sorts).toEqual([]);
    await store.abort();
  });

  test('the word classes, if they belong to this vocabulary', async () => {
    const { path, context, text } = await interrupted();
    const builder = new ModelBuilder(await context.workspace.createStore('counted'));
    const [classes] = clusterWords.planClasses(context, text).sizes;
    const of = await clusterWords.run(context, text, await clusterWords.countBigrams(context, text), classes);
    await writeModel.putClasses(builder, text, 'classes', classes, of);
    await builder.finish({
      order: 3,
      sentences: 0,
      tokens: 0,
      vocabulary: 0,
      unknown: 0,
      tables: [],
      clusterings: [],
      options: { lowercase: false, skipBlank: false, vocabulary: 'all', tokenization: context.plan.tokenization.info },
    });

    const next = await resumed(path);
    const store = await next.workspace.createStore('counted');
    expect(await clusterWords.restore(next, text, 'classes')).toEqual(of);
    expect(await clusterWords.restore(next, text, 'classes-2')).toBeUndefined();
    const other = { ...text, vocabulary: { ...text.vocabulary, indices: text.vocabulary.indices.subarray(1) } };
    expect(await clusterWords.restore(next, other, 'classes')).toBeUndefined();
    await store.abort();
  });

  test('nothing, if nothing was stored', async () => {
    const { path, context } = await interrupted();
    expect(await chooseVocabulary.restore(context)).toBeUndefined();
    const { checkpoints, ...workspace } = (await resumed(path)).workspace;
    expect(checkpoints).toBeDefined();
    const bare = new BuildContext({}, context.plan, workspace);
    expect(await chooseVocabulary.restore(bare)).toBeUndefined();
  });
});
