import { exp10 } from '../../base/elementary.js';
import { NOT_IN_VOCABULARY } from '../../model/lookup/words.js';
import type { LoadedModel } from '../../model/loaded-model.js';
import { LOADED_BATCH } from '../../model/lookup/loaded-table.js';
import { batchPositions, type Batch } from '../../smoothing/batch.js';
import { BOS, EOS, NONE, UNK } from '../../text/tokens.js';

/**
 * One model of a mixture, which gives probabilities over the joined vocabulary.
 *
 * A word that the model lacks has p = 0, and `<unk>` keeps the p that the model gives to `<unk>`, so the model's probabilities add up
 * to 1 over the joined vocabulary, too. In a history the model takes a word that it lacks for `<unk>`.
 */
export class Component {
  private readonly batch: Batch;
  /** Positions of history before each target of the batch: the order less 1, but at least 1. */
  private readonly reach: number;

  /** @param ids by joined id: the id in this model; `NOT_IN_VOCABULARY` for a word that the model lacks. */
  constructor(
    private readonly model: LoadedModel,
    private readonly ids: Uint32Array,
  ) {
    this.reach = Math.max(1, model.parts.order - 1);
    const step = this.reach + 1;
    this.batch = {
      ids: new Uint32Array(batchPositions(model.parts.order, LOADED_BATCH)),
      targets: Uint32Array.from({ length: LOADED_BATCH }, (_, t) => this.reach + t * step + this.reach),
      available: new Uint8Array(LOADED_BATCH),
      oov: new Uint8Array(LOADED_BATCH),
      length: 0,
    };
  }

  /**
   * Computes p of each word after its history, for the rows `from` … `to` − 1.
   *
   * @param columns joined ids: the last column has the words, the others their histories, oldest word first. A history that is
   *   shorter begins with `NONE`.
   * @param into gets p: entry i belongs to row `from` + i.
   */
  probabilities(columns: readonly Uint32Array[], from: number, to: number, into: Float64Array): void {
    for (let first = from; first < to; first += LOADED_BATCH) {
      const end = Math.min(to, first + LOADED_BATCH);
      for (let row = first; row < end; row++) this.put(columns, row);
      const { log10Probs } = this.model.scoreBatch(this.batch);
      const words = columns[columns.length - 1];
      for (let row = first; row < end; row++) {
        const isLacking = words[row] > EOS && this.ids[words[row]] === NOT_IN_VOCABULARY;
        into[row - from] = isLacking ? 0 : exp10(log10Probs[row - first]);
      }
      this.batch.length = 0;
    }
  }

  /** Adds one row to the batch: `NONE` where the history is shorter than `reach`, the history, and the word. */
  private put(columns: readonly Uint32Array[], row: number): void {
    const { batch, reach, ids } = this;
    const t = batch.length++;
    const target = batch.targets[t];
    const longest = this.model.parts.order - 1;
    const historyLength = columns.length - 1;
    let available = 0;
    for (let distance = 1; distance <= reach; distance++) {
      const word = distance <= historyLength && distance <= longest ? columns[historyLength - distance][row] : NONE;
      if (word === NONE) {
        batch.ids[target - distance] = NONE;
        continue;
      }
      batch.ids[target - distance] = word === BOS ? BOS : tableId(ids[word]);
      available = distance;
    }
    const word = columns[historyLength][row];
    const id = word === EOS ? EOS : ids[word];
    batch.available[t] = available;
    batch.oov[t] = id === NOT_IN_VOCABULARY ? 1 : 0;
    batch.ids[target] = tableId(id);
  }
}

/** The id of a word in the tables: `UNK` for a word that the model lacks. */
function tableId(id: number): number {
  return id === NOT_IN_VOCABULARY ? UNK : id;
}
