import type { WordClasses } from '../../tables/classes.js';
import { Gate } from '../gate.js';
import { CacheExperts, cacheExperts, cacheFeatures, type CacheMemories } from './experts.js';
import type { NextWord, RunningText } from './running-text.js';

/** The weights of a cache: learned from running text. */
export interface ExpertWeights {
  readonly memories: CacheMemories;
  /** The parameters of the gate among the experts. */
  readonly gate: Float64Array;
}

/** A running text as experts beside the model: P(w|h) = Σ_j π_j(h) · P_j(w|h), where expert 0 is the model. */
export class ExpertText implements RunningText {
  private readonly experts: CacheExperts;
  private readonly gate: Gate;

  constructor({ memories, gate }: ExpertWeights, classes: WordClasses | undefined) {
    this.experts = new CacheExperts(memories, classes);
    this.gate = new Gate(cacheExperts(memories), cacheFeatures(classes?.count ?? 0), gate);
  }

  /** @inheritDoc */
  mix(next: NextWord): number {
    const { experts, gate } = this;
    let mixed = next.probability;
    if (experts.look(next)) {
      gate.weigh(experts.features, experts.present);
      mixed = gate.mix(experts.probabilities);
    }
    experts.add(next);
    return mixed;
  }

  clear(): void {
    this.experts.clear();
  }
}
