import { FIELDS, type CountTable } from '../../smoothing/evidence.js';
import type { Chain } from '../../smoothing/chain.js';
import type { ModelM } from '../../smoothing/model-m.js';
import { createEstimator } from '../../smoothing/index.js';
import type { ModelStore, SharedStore } from '../../store/store.js';
import { TrieReader } from '../../tables/trie-reader.js';
import { trieTables } from '../lookup/trie-tables.js';
import type { SmoothingPlan } from './parts.js';
import type { ModelMPart, TablePart } from '../lookup/table-part.js';
import { Scorer, type BatchScorer, type ClassTables } from './scorer.js';
import { PagedModelM, type ModelMTables, type StepTables } from './model-m-tables.js';
import { DividingScorer } from './divide-batch.js';
import { ChainScorer } from './chain-scorer.js';
import { TrieChain } from './trie-chain.js';

/** The most words of a batch. A block is read once for each batch that needs it, so that large batches save reads. */
const BLOCK_BATCH = 1 << 21;
/** About how many words of a batch are looked up together in tables of contiguous n-grams. */
const PART_WORDS = 1 << 15;
/** The most 32-bit numbers of evidence for a batch: with many patterns, batches have fewer words. */
const BATCH_EVIDENCE = 1 << 26;

/** The data that a thread needs to score from blocks: plain data, except that the threads share the files of the store. */
export interface BlockScoringPlan extends SmoothingPlan {
  readonly store: SharedStore;
  /** The most memory for blocks that are kept [bytes]. */
  readonly blockMemory: number;
}

/** The scorers of one thread, which read the blocks that they need from a store. */
export interface BlockScoring {
  /** The scorer that fills in evidence. */
  readonly byEvidence: Scorer;
  /** The scorer that computes log10 p fastest. */
  readonly scorer: BatchScorer;
  /** The most words of a batch. */
  readonly batchWords: number;
  /** About how many words the parts should have into which a batch is divided; if 0, parts should be as large as possible. */
  readonly partWords: number;
  /** The most memory for blocks that are kept [bytes]. */
  readonly blockMemory: number;
}

/** Makes the scorers of one thread. @param blockMemory the most memory for blocks that are kept [bytes]. */
export function createBlockScoring(store: ModelStore, plan: SmoothingPlan, blockMemory: number): BlockScoring {
  const { words, clusterings, modelM, smoothing, order } = plan;
  const parts = [
    ...words,
    ...clusterings.flatMap(({ tables }) => tables),
    ...(modelM ? [...modelM.classTables, ...modelM.wordTables] : []),
  ];
  const reader = new TrieReader(
    store,
    blockMemory,
    parts.map(({ manifest }) => ({ name: manifest.pattern })),
  );
  const estimator = createEstimator(plan);
  const { chain, classChains } = estimator;
  const wordTables = trieTables(reader, words, 0);
  const chainOf = (tables: number, from: number, of: Chain): TrieChain =>
    // Tables above the order of scoring are in the model, but add nothing.
    new TrieChain(reader, Math.min(tables, order), from, of);
  let first = words.length;
  const classStreams = clusterings.map(({ classes, tables: parts }, m): ClassTables => {
    const from = first;
    const tables = trieTables(reader, parts, from);
    first += parts.length;
    return { tables, classOf: classes.of, chain: chainOf(parts.length, from, classChains[m]) };
  });
  const byEvidence = new Scorer(
    { tables: wordTables },
    classStreams,
    estimator,
    count => (smoothing === 'backoff' ? new Float64Array(2 * words.length * count) : undefined),
    modelM && estimator.modelM && stepTables(reader, modelM, estimator.modelM, first),
  );
  const ofSteps = parts.length - first;
  // Parts would read the same blocks of skip patterns.
  const partWords = chain ? PART_WORDS : 0;
  return {
    byEvidence,
    scorer: new DividingScorer(chain ? new ChainScorer(chainOf(words.length, 0, chain)) : byEvidence, order, partWords),
    partWords,
    batchWords: Math.min(BLOCK_BATCH, Math.floor(BATCH_EVIDENCE / ((words.length + ofSteps) * FIELDS))),
    blockMemory,
  };
}

/** The tables of Model M, which look words up in the store. @param first the index of their first table in the reader. */
function stepTables(
  reader: TrieReader,
  { classTables, wordTables }: ModelMPart,
  modelM: ModelM,
  first: number,
): ModelMTables {
  // One id of a path is that of a class: in the class step that of the row, which the table of the empty context looks up; in the word
  // step the first one of the context.
  const streamOf = (parts: readonly TablePart[], from: number, classAt: number): StepTables<CountTable> => ({
    tables: trieTables(reader, parts, from),
    withClasses: parts.map((_, length) => length === classAt),
  });
  return new PagedModelM(modelM, streamOf(classTables, first, 0), streamOf(wordTables, first + classTables.length, 1));
}
