import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { collect } from '../base/node/collect.js';
import { scratchFiles } from '../count/scratch-files.js';
import { startThread } from '../count/threads.js';
import type { Draft } from '../store/folder/folder.js';
import type { LevelWriter } from '../store/level.js';
import { indexingThreads } from '../tables/node/write-indexed.js';
import { TokenizingThreads } from '../text/tokenizing-threads.js';
import type { UnfinishedBuild } from './resume/unfinished-build.js';
import type { Workspace, StoreKind } from './stages/workspace.js';

/**
 * The workspace of a build that writes its model into a folder. Imports LevelDB only when it is called.
 *
 * @param unfinished stores finished work for `--resume`; without it, an interrupted build cannot be resumed.
 * @param name the model's name in messages.
 * @param memory bytes that the stages divide among themselves.
 */
export async function folderWorkspace(
  draft: Draft,
  unfinished: UnfinishedBuild | undefined,
  name: string,
  memory: number,
  threads: number,
): Promise<Workspace> {
  const { createLevelWriter, openLevelStore } = await import('../store/folder/leveldb.js');
  const temporary = (file: string): string => join(draft.temporary, file);
  const pathOf = (kind: StoreKind): string => (kind === 'tables' ? draft.database : temporary(kind));
  return {
    name,
    memory,
    threads,
    startThread,
    startTokenizing: (...given) => new TokenizingThreads(...given),
    startIndexing: indexingThreads,
    scratch: scratchFiles,
    temporary,
    ...(unfinished ? { checkpoints: unfinished } : {}),
    createStore: async kind => {
      const create = (path: string, resumed = false): Promise<LevelWriter> =>
        createLevelWriter(path, memory, kind === 'tables', resumed);
      if (kind === 'counted' && unfinished) {
        return unfinished.openStore(pathOf(kind), [draft.database, temporary('unpruned')], create);
      }
      // Only the store `counted` of a build that can be resumed is kept. All other stores of an interrupted build are made anew.
      await rm(pathOf(kind), { recursive: true, force: true });
      return create(pathOf(kind));
    },
    openStore: kind => openLevelStore(pathOf(kind), name),
    collect,
    putWeights: (set, value) => draft.putWeights(set, value),
  };
}
