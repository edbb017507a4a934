import type { Batch } from '../../smoothing/batch.js';
import { Evidence, type CountTable } from '../../smoothing/evidence.js';
import type { ModelM, StepEvidence } from '../../smoothing/model-m.js';
import type { LoadedTable } from '../lookup/loaded-table.js';
import { look } from '../lookup/look.js';
import { together } from './steps.js';

/** The tables of Model M, as a scorer uses them. The tables of words must have looked the batch up before. */
export interface ModelMTables {
  readonly model: ModelM;
  /** The tables of the word step, shorter contexts first. */
  readonly wordTables: readonly CountTable[];
  /**
   * By word of a batch, p by Model M. The array is reused for the next batch.
   *
   * @param ofClasses the batch with class ids in place of word ids.
   * @param classProbabilities by word, p of its class by the class model.
   * @returns a generator that yields promises: the caller awaits each before it continues the generator.
   */
  probabilities(
    batch: Batch,
    ofClasses: Batch,
    classProbabilities: Float64Array,
  ): Generator<Promise<void>, Float64Array, void>;
  /** Looks a batch up. @returns its evidence, in new arrays. */
  evidenceOf(batch: Batch, ofClasses: Batch): Generator<Promise<void>, StepEvidence, void>;
}

/** The tables of a step of Model M. */
export interface StepTables<Table extends CountTable> {
  /** Shorter contexts first. */
  readonly tables: readonly Table[];
  /** By table, whether it is looked up with the classes of the batch's words in place of the words. */
  readonly withClasses: readonly boolean[];
}

/** Model M from tables in the store: by evidence. */
export class PagedModelM implements ModelMTables {
  private found = new Float64Array(0);

  constructor(
    readonly model: ModelM,
    private readonly classStep: StepTables<CountTable>,
    private readonly wordStep: StepTables<CountTable>,
  ) {}

  get wordTables(): readonly CountTable[] {
    return this.wordStep.tables;
  }

  *probabilities(
    batch: Batch,
    ofClasses: Batch,
    classProbabilities: Float64Array,
  ): Generator<Promise<void>, Float64Array, void> {
    return this.evaluate(yield* this.evidenceOf(batch, ofClasses), batch, classProbabilities);
  }

  /** A function of its own, because V8 runs the loops of a short-lived generator without optimizing them (measured). */
  private evaluate(evidence: StepEvidence, batch: Batch, classProbabilities: Float64Array): Float64Array {
    if (this.found.length < batch.length) this.found = new Float64Array(batch.length);
    const { found, model } = this;
    for (let t = 0; t < batch.length; t++) found[t] = model.probability(evidence, batch, t, classProbabilities[t]);
    return found;
  }

  *evidenceOf(batch: Batch, ofClasses: Batch): Generator<Promise<void>, StepEvidence, void> {
    const classes = new Evidence(this.classStep.tables.length, batch.length);
    const words = new Evidence(this.wordStep.tables.length, batch.length);
    const lookUp = ({ tables, withClasses }: StepTables<CountTable>, into: Evidence): Generator<Promise<void>, void> =>
      look(tables, k => (withClasses[k] ? ofClasses : batch), into);
    yield* together(batch.length, [lookUp(this.classStep, classes), lookUp(this.wordStep, words)]);
    return { classes, words };
  }
}

/** Model M from tables in memory: each step interpolates table by table, without evidence; the results have the same bits. */
export class LoadedModelM implements ModelMTables {
  private found = new Float64Array(0);
  /** By position in the batch's ids, the probability by the last table. */
  private values = new Float64Array(0);
  /** By position, the length of the longest n-gram that was found, which is not needed. */
  private lengths = new Uint8Array(0);
  private readonly byEvidence: PagedModelM;

  /** @param order of scoring: longer contexts are left out. */
  constructor(
    readonly model: ModelM,
    private readonly classTables: readonly LoadedTable[],
    readonly wordTables: readonly LoadedTable[],
    private readonly order: number,
  ) {
    const stepOf = (tables: readonly LoadedTable[], isClass: boolean): StepTables<LoadedTable> => ({
      tables,
      withClasses: tables.map(() => isClass),
    });
    this.byEvidence = new PagedModelM(model, stepOf(classTables, true), stepOf(wordTables, false));
  }

  evidenceOf(batch: Batch, ofClasses: Batch): Generator<Promise<void>, StepEvidence, void> {
    return this.byEvidence.evidenceOf(batch, ofClasses);
  }

  // A generator as the interface requires; this one yields nothing. The loops are in functions, as in LoadedChain.
  *probabilities(
    batch: Batch,
    ofClasses: Batch,
    classProbabilities: Float64Array,
  ): Generator<Promise<void>, Float64Array, void> {
    return this.atOnce(batch, ofClasses.ids, classProbabilities);
  }

  private atOnce(
    { ids, targets, length }: Batch,
    classIds: Uint32Array,
    classProbabilities: Float64Array,
  ): Float64Array {
    if (length > this.found.length) this.found = new Float64Array(targets.length);
    const { found, model, order } = this;
    if (length === 0) return found;
    const positions = targets[length - 1] + 1;
    if (positions > this.values.length) {
      this.values = new Float64Array(ids.length);
      this.lengths = new Uint8Array(ids.length);
    }
    const { values } = this;
    for (let t = 0; t < length; t++) values[targets[t]] = classProbabilities[t];
    this.interpolate(this.classTables, classIds, positions, model.classDiscounts, order - 1);
    for (let t = 0; t < length; t++) found[t] = values[targets[t]];
    const { share } = model.classes;
    for (let t = 0; t < length; t++) values[targets[t]] = share[ids[targets[t]]];
    this.interpolate(this.wordTables, ids, positions, model.wordDiscounts, order);
    for (let t = 0; t < length; t++) found[t] *= values[targets[t]];
    return found;
  }

  /** Interpolates `values` with the counts of contexts of up to `longest` ids. */
  private interpolate(
    tables: readonly LoadedTable[],
    ids: Uint32Array,
    positions: number,
    discounts: readonly Float64Array[],
    longest: number,
  ): void {
    tables[0].enter(ids, positions);
    for (let k = 1; k < tables.length && k <= longest; k++) {
      tables[k].interpolate(ids, positions, this.values, this.lengths, discounts[k - 1]);
    }
  }
}
