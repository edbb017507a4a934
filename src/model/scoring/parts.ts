import { defaultSmoothing, SMOOTHINGS, type ModelSmoothing, type SmoothingOptions } from '../../smoothing/index.js';
import { stepParts, tableParts, type ModelMPart, type TablePart } from '../lookup/table-part.js';
import type { ModelFiles } from '../../store/store.js';
import { decodeClasses } from '../../tables/classes.js';
import { KneserError } from '../../base/errors.js';
import { formatPattern, isContiguous, parsePattern } from '../../tables/pattern.js';
import { checkByteOrder } from '../../base/byte-order.js';
import { cacheFits } from '../../smoothing/cache/weights.js';
import { log } from '../../base/elementary.js';
import { featuresOfGate, gateFeatures, GATE_START } from '../../smoothing/blend.js';
import { Gate } from '../../smoothing/gate.js';
import { NO_DISCOUNTS } from '../../smoothing/discounts.js';
import { latticeOf } from '../../smoothing/lattice.js';
import { stepParameters } from '../../smoothing/model-m.js';
import { parameterCount } from '../../smoothing/parameters.js';
import { decodeWeights, DEFAULT_WEIGHTS, UNIFORM_WEIGHTS, type WeightSet } from './weights.js';
import { decodeValue } from '../../base/decode.js';
import { classesKey, MANIFEST_KEY, TOKENIZER_KEY } from '../../store/keys.js';
import {
  allTables,
  classIds,
  decodeManifest,
  wordIds,
  type Manifest,
  type ModelMManifest,
  type TableManifest,
} from '../../tables/manifest.js';
import type { ModelStore } from '../../store/store.js';
import { decodeTokenizer } from '../../tables/tokenizer.js';
import { isTokenizerFile, Tokenization } from '../../text/tokenization.js';
import { WordOrder } from '../../text/word-order.js';
import { NO_CACHE } from '../../smoothing/cache/cells.js';
import type { EstimatorInput, SmoothedClustering } from '../../smoothing/estimator.js';

/** The classes of one clustering, and the tables that count them. */
export interface ClusteringPart extends SmoothedClustering {
  readonly tables: readonly TablePart[];
}

/** How a model turns counts into probabilities: plain data, which can be sent to other threads. */
export interface SmoothingPlan extends EstimatorInput {
  /** The order of scoring, at most the order of the model: histories have order − 1 tokens. */
  readonly order: number;
  readonly smoothing: ModelSmoothing;
  /** The tables of words, shorter contexts first. */
  readonly words: readonly TablePart[];
  readonly clusterings: readonly ClusteringPart[];
  readonly modelM: ModelMPart | undefined;
  /** The set of tuned weights in use; `undefined` for equal weights. */
  readonly weights: WeightSet | undefined;
}

/** The parts of a model that scoring needs, except the counts. */
export interface ModelParts extends SmoothingPlan {
  readonly store: ModelStore;
  /** Bytes on disk. */
  readonly bytes: number;
  /** When the model was made, as ISO 8601. */
  readonly created: string;
  /** All sets of tuned weights, by name. */
  readonly weightSets: ReadonlyMap<string, WeightSet>;
  readonly tokenization: Tokenization;
}

/** The tables in use: those of words, then those of each clustering, then those of Model M. */
export function tablesOf({
  words,
  clusterings,
  modelM,
}: Pick<SmoothingPlan, 'words' | 'clusterings' | 'modelM'>): TablePart[] {
  const ofSteps = modelM ? [...modelM.classTables, ...modelM.wordTables] : [];
  return [...words, ...clusterings.flatMap(({ tables }) => tables), ...ofSteps];
}

/** The options of smoothing, and the order of scoring. */
export interface PartsOptions extends SmoothingOptions {
  readonly order?: number;
}

/** Reads a model's description, and chooses its tables and weights by the options. @throws KNESER_DAMAGED, KNESER_OPTION */
export async function readParts(store: ModelStore, files: ModelFiles, options: PartsOptions): Promise<ModelParts> {
  checkByteOrder();
  const manifest = decodeValue(`${store.name}: manifest`, await store.get(MANIFEST_KEY), decodeManifest);
  checkSizes(store.name, manifest, files.bytes);
  const { order = manifest.order } = options;
  checkOrder(store.name, manifest, order);
  if (manifest.kind === 'backoff') return backoffParts(store, files, manifest, order, options);
  const weightSets = new Map<string, WeightSet>();
  for (const [name, bytes] of files.weights)
    weightSets.set(name, decodeValue(`${store.name}: weights ${name}`, bytes, decodeWeights));
  const weights = options.startingWeights ? startingWeights(manifest) : chooseWeights(store.name, weightSets, options);
  const smoothing = options.smoothing ?? defaultSmoothing(Boolean(weights ?? options.weights));
  const { tables } = SMOOTHINGS[smoothing];
  const chosen = tables === 'all' ? manifest.tables : contiguousTables(manifest.tables);
  // Tuned weights belong to all tables. The tables above `order` are therefore read too, but add nothing to any probability.
  const words = tableParts(store.name, weights ? chosen : withinOrder(chosen, order));
  const clusterings = weights && weights.gate.length > 0 ? await readClusterings(store, manifest) : [];
  const ofClasses = clusterings.map(({ classes, tables }) => ({ ids: classes.count, tables }));
  const modelM = weights && weights.modelM.length > 0 ? manifest.modelM : undefined;
  if (weights && !weightsFit(weights, words, ofClasses, modelM)) {
    throw new KneserError('KNESER_DAMAGED', `${store.name}: the weights were tuned for another model; tune them again`);
  }
  const tokenization = await readTokenization(store, manifest);
  const { bytes, created } = files;
  const parts = { words, clusterings, modelM: modelM && stepParts(modelM) };
  const chosenParts = { ...parts, smoothing, weightSets, weights, tokenization };
  return { store, manifest, bytes, created, order, ...chosenParts };
}

/** Reads the classes of all clusterings. @throws KNESER_DAMAGED */
async function readClusterings(store: ModelStore, manifest: Manifest): Promise<ClusteringPart[]> {
  const parts: ClusteringPart[] = [];
  for (const { stream, tables } of manifest.clusterings) {
    const classes = decodeValue(`${store.name}: ${stream}`, await store.get(classesKey(stream)), decodeClasses);
    if (classes.of.length !== wordIds(manifest)) {
      throw new KneserError(
        'KNESER_DAMAGED',
        `${store.name}: the ${stream} belong to other words; the model is damaged`,
      );
    }
    parts.push({ classes, tables: tableParts(store.name, tables) });
  }
  return parts;
}

/** Refuses an order above that of the model. @throws KNESER_OPTION */
export function checkOrder(model: string, { order: highest }: Manifest, order: number): void {
  if (order <= highest) return;
  throw new KneserError(
    'KNESER_OPTION',
    `order: ${model} has order ${highest}; order is a number from 1 to ${highest}`,
  );
}

/** Refuses a manifest that counts more words or rows than the model's files have bits, before memory is allocated for them. @throws KNESER_DAMAGED */
function checkSizes(store: string, manifest: Manifest, bytes: number): void {
  const { vocabulary } = manifest;
  const rows = allTables(manifest).reduce((sum, table) => sum + table.rows + table.contexts + (table.bare ?? 0), 0);
  if (Math.max(vocabulary, rows) <= 8 * bytes) return;
  throw new KneserError(
    'KNESER_DAMAGED',
    `${store}: manifest: it counts more rows than the model's files can hold; the model is damaged`,
  );
}

/**
 * Whether a set of weights has the patterns and as many parameters as a model needs.
 *
 * @param clusterings by clustering whose class model the set uses, the number of class ids and the tables.
 * @param tablesOfM the tables of Model M, if the set uses it and the model has it.
 */
export function weightsFit(
  { patterns, words, classes, gate, cache, modelM }: WeightSet,
  wordTables: readonly TablePart[],
  clusterings: readonly { readonly ids: number; readonly tables: readonly TablePart[] }[],
  tablesOfM: ModelMManifest | undefined,
): boolean {
  const models = clusterings.length + (modelM.length > 0 ? 1 : 0);
  const ids = clusterings.at(0)?.ids ?? 0;
  const mixed = wordTables.filter(part => part.manifest.mixed);
  const ofClasses = clusterings.reduce((sum, { tables }) => sum + weightCount(tables), 0);
  return (
    patterns.join() === mixed.map(part => formatPattern(part.pattern)).join() &&
    words.length === weightCount(wordTables) &&
    (gate.length === 0
      ? modelM.length === 0
      : featuresOfGate(gate.length, models, ids) !== undefined && classes.length === ofClasses) &&
    modelM.length === (tablesOfM ? stepParameters(tablesOfM) : 0) &&
    cacheFits(cache, ids)
  );
}

/** How many weights the lattice of these tables has. */
function weightCount(parts: readonly TablePart[]): number {
  return parameterCount(latticeOf(parts, 1, () => NO_DISCOUNTS));
}

/** The parts of a back-off model, for which smoothing options are refused. @throws KNESER_NO_COUNTS */
async function backoffParts(
  store: ModelStore,
  { bytes, created }: ModelFiles,
  manifest: Manifest,
  order: number,
  options: SmoothingOptions,
): Promise<ModelParts> {
  if (options.smoothing ?? options.weights ?? options.startingWeights) requireCounts(store.name, manifest, 'smooth');
  const words = tableParts(store.name, withinOrder(manifest.tables, order));
  const none = { clusterings: [], modelM: undefined, weights: undefined, weightSets: new Map() };
  const tokenization = await readTokenization(store, manifest);
  return { store, manifest, bytes, created, order, words, smoothing: 'backoff', tokenization, ...none };
}

/**
 * Refuses a model that has no counts.
 *
 * @param verb the work that needs counts, for the message.
 * @throws KNESER_NO_COUNTS
 */
export function requireCounts(model: string, { kind }: Manifest, verb: string): void {
  if (kind !== 'backoff') return;
  throw new KneserError(
    'KNESER_NO_COUNTS',
    `${model}: a back-off model has probabilities but no counts to ${verb}; use a model made by kneser train`,
  );
}

/** Reads how the model cuts texts into tokens. */
async function readTokenization(store: ModelStore, { options }: Manifest): Promise<Tokenization> {
  const { tokenization, wordOrder, lowercase } = options;
  const order = WordOrder.of(wordOrder, lowercase);
  const where = `${store.name}: tokenizer`;
  const { tokenizer } = tokenization;
  if (isTokenizerFile(tokenizer)) {
    const file = decodeValue(where, await store.get(TOKENIZER_KEY), value => decodeTokenizer(value, tokenizer));
    return Tokenization.open(tokenization, { ...file, name: where }, order);
  }
  try {
    return await Tokenization.open(tokenization, undefined, order);
  } catch (error) {
    // The locale is unknown to this JavaScript engine, or invalid.
    if (error instanceof KneserError) throw new KneserError(error.code, `${where}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The weights from which learning starts: equal weights and, with classes, a gate that gives most weight to the words. */
export function startingWeights(manifest: Manifest): WeightSet {
  const { tables, clusterings, modelM } = manifest;
  const countOf = (some: readonly TableManifest[]): number => weightCount(tableParts('', some));
  const experts = 1 + clusterings.length + (modelM ? 1 : 0);
  // Several class models begin with the share of one.
  const start = GATE_START - log(experts - 1);
  return {
    patterns: tables.filter(table => table.mixed).map(table => table.pattern),
    words: new Float64Array(countOf(tables)),
    classes: new Float64Array(clusterings.reduce((sum, clustering) => sum + countOf(clustering.tables), 0)),
    gate: experts > 1 ? Gate.starting(experts, gateFeatures(classIds(clusterings[0])), start) : new Float64Array(0),
    modelM: new Float64Array(modelM ? stepParameters(modelM) : 0),
    cache: NO_CACHE,
    report: { sentences: 0, tokens: 0, mkn: 0, tuned: 0, cached: 0, shares: [] },
  };
}

/** The tables whose n-grams span at most `order` tokens. */
function withinOrder(tables: readonly TableManifest[], order: number): TableManifest[] {
  return tables.filter(({ pattern }) => pattern.length <= order);
}

/** The tables of contiguous patterns. */
function contiguousTables(tables: readonly TableManifest[]): TableManifest[] {
  return tables.filter(({ pattern }) => {
    const parsed = parsePattern(pattern);
    return parsed && isContiguous(parsed);
  });
}

/** The set of weights that the options name, by default the default set; `undefined` for equal weights. @throws KNESER_OPTION */
function chooseWeights(
  store: string,
  sets: ReadonlyMap<string, WeightSet>,
  { smoothing, weights }: SmoothingOptions,
): WeightSet | undefined {
  if (smoothing !== undefined && !SMOOTHINGS[smoothing].weights) {
    if (weights === undefined) return undefined;
    const { title } = SMOOTHINGS[smoothing];
    throw new KneserError('KNESER_OPTION', `weights: ${title} has none; leave them out, or smooth with glm`);
  }
  if (weights === UNIFORM_WEIGHTS) return undefined;
  const found = sets.get(weights ?? DEFAULT_WEIGHTS);
  if (!found && weights !== undefined) {
    const known = [UNIFORM_WEIGHTS, ...sets.keys()].join(', ');
    throw new KneserError('KNESER_OPTION', `weights: ${store} has none named ${weights}; it has ${known}`);
  }
  return found;
}
