import { build, fromText } from '../src/train/build.js';
import type { Workspace, BuildText, StoreKind } from '../src/train/stages/workspace.js';
import type { BuildReport } from '../src/train/stages/report.js';
import { CallerError } from '../src/train/stages/tokenize.js';
import { tooLarge } from '../src/count/id-stream.js';
import type { StartThread } from '../src/count/pool.js';
import type { BuildOptions } from '../src/train/plan/options.js';
import { planBuild } from '../src/train/plan/plan.js';
import { LevelWriter, readDatabase, type Database } from '../src/store/level.js';
import type { StoredModel } from './files.js';
import { createMemory } from './memory.js';

/** The name, the memory and the threads of a training in memory. */
export interface MemoryTraining {
  /** The name of the model in messages. */
  readonly name: string;
  /** Memory to aim for [bytes]. */
  readonly memory: number;
  /** Number of counting threads. */
  readonly threads: number;
  /** Starts a counting thread; not needed for one thread. */
  readonly startThread?: StartThread;
}

/** Trains a model in memory, on this thread and the counting threads that it starts. */
export async function trainInMemory(
  options: BuildOptions,
  text: BuildText,
  { name, memory, threads, startThread }: MemoryTraining,
): Promise<{ model: StoredModel; report: BuildReport }> {
  const plan = await planBuild(options);
  const databases = new Map<StoreKind, Database>();
  const weights = new Map<string, Uint8Array>();
  const openStore = async (kind: StoreKind) => {
    const database = databases.get(kind) ?? (await createMemory());
    await database.open();
    return readDatabase(database, name);
  };
  const workspace: Workspace = {
    name,
    memory,
    threads,
    startThread,
    scratch: undefined,
    temporary: file => file,
    createStore: async kind => {
      const database = await createMemory();
      databases.set(kind, database);
      return new LevelWriter(database);
    },
    openStore,
    putWeights: (set, value) => {
      weights.set(set, value);
      return Promise.resolve();
    },
  };
  try {
    const report = await build(options, plan, workspace, fromText(text));
    const store = await openStore('tables');
    let bytes = 0;
    for await (const [, value] of store.entries()) bytes += value.length;
    const files = { bytes, created: new Date().toISOString(), weights };
    return { model: { store, files }, report };
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(error);
    throw error instanceof CallerError ? error.cause : error;
  }
}
