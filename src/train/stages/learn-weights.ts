import { NOT_IN_VOCABULARY } from '../../model/lookup/words.js';
import type { IdStream } from '../../count/id-stream.js';
import type { Vocabulary } from '../../count/vocabulary.js';
import type { ModelStore } from '../../store/store.js';
import { stepPatterns, STEPS, withContexts } from '../../tables/pattern.js';
import { UNK } from '../../text/tokens.js';
import { clusteringSizes } from '../plan/mixture-options.js';
import { EVIDENCE_SHARE, overBudget, READ_SHARE } from '../plan/budget.js';
import type { TextFigures } from '../resume/checkpoints.js';
import type { BuildContext } from './context.js';
import type { CountSource } from './count-source.js';
import type { HeldOutIds } from './learning.js';

/**
 * Learns the weights of the mixture on the held-out sentences, and stores them beside the model. Does nothing if no token was
 * held out.
 *
 * - Input: the held-out word indices, and the finished model in the store `tables`.
 * - Output: the set of weights `default`.
 * - When: the last stage.
 *
 * @throws KNESER_ABORTED
 */
export async function run(context: BuildContext, text: CountSource): Promise<void> {
  const { streams } = text;
  if (text.heldOutTokens === 0 || !streams) return;
  const { workspace } = context;
  const { learnWeights } = await import('./learning.js');
  const { DEFAULT_WEIGHTS, encodeWeights } = await import('../../model/scoring/weights.js');
  const report = (done: number, total: number): void => context.report({ stage: 'tune', done, total, unit: 'passes' });
  const store = watchReads(context, await workspace.openStore('tables'));
  const set = await learnWeights(
    store,
    idsOf(text.vocabulary, streams.heldOut),
    workspace.memory,
    report,
    context.pause,
  );
  streams.heldOut.close();
  await workspace.putWeights(DEFAULT_WEIGHTS, encodeWeights(set));
}

/** Refuses, before counting begins, a held-out text whose evidence would not fit into memory. @throws KNESER_LIMIT */
export async function checkMemory(
  { workspace, plan }: BuildContext,
  { heldOut, heldOutTokens }: Pick<TextFigures, 'heldOut' | 'heldOutTokens'>,
): Promise<void> {
  if (heldOutTokens === 0) return;
  const { evidenceBytes } = await import('./learning.js');
  const ofSteps = plan.modelM > 0 ? STEPS.flatMap(step => stepPatterns(step, plan.order)).length : 0;
  const tables = withContexts(plan.patterns).length + clusteringSizes(plan.classes).length * plan.order + ofSteps;
  const bytes = evidenceBytes(heldOutTokens + heldOut, tables);
  if (bytes <= workspace.memory * EVIDENCE_SHARE) return;
  throw overBudget({
    option: 'holdOut',
    subject: `weights learned from ${heldOutTokens} tokens`,
    bytes,
    share: EVIDENCE_SHARE,
    memory: workspace.memory,
    instead: 'hold out a smaller share, or none and run kneser tune later',
  });
}

/** The held-out text as ids; words that the model does not know are `NOT_IN_VOCABULARY`, literal `<unk>` tokens `UNK`. */
function idsOf({ ids, frequencies }: Vocabulary, heldOut: IdStream): HeldOutIds {
  const isUnknown = (id: number, word: number): boolean => id === UNK && !(word === UNK && frequencies[UNK] > 0);
  const toId = ids.map((id, word) => (isUnknown(id, word) ? NOT_IN_VOCABULARY : id));
  return {
    length: heldOut.length,
    *pieces() {
      for (const piece of heldOut.pieces()) yield piece.map(word => toId[word]);
    },
  };
}

/** Wraps a store: each read of blocks throws KNESER_ABORTED if the caller aborted the training, and garbage is collected from time to time. */
function watchReads(context: BuildContext, store: ModelStore): ModelStore {
  const collect = context.collectEvery(READ_SHARE);
  const getMany: ModelStore['getMany'] = async keys => {
    context.checkAborted();
    const values = await store.getMany(keys);
    collect(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
    return values;
  };
  return { ...store, getMany, visitMany: undefined };
}
