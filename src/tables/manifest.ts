import { checksum } from '../base/checksum.js';
import { encodeMsgpack } from '../base/encode-msgpack.js';
import { decodeMsgpack } from '../base/decode-msgpack.js';
import {
  classStream,
  contiguous,
  MAX_ORDER,
  MOST_CLUSTERINGS,
  parseTableName,
  stepPatterns,
  tableName,
  type ClassStream,
  type StepStream,
  type Stream,
} from './pattern.js';
import { FIRST_WORD } from '../text/tokens.js';
import type { Pruning } from './pruning.js';
import { isWordOrder, type WordOrderName } from '../text/word-order.js';
import { DEFAULT_TOKENIZATION, TOKENIZER_FILES, TOKENIZER_NAMES, type TokenizationInfo } from '../text/tokenization.js';
import { BlockDamage, seal, unseal } from '../base/sealed.js';
import { flag, list, oneOf, record, requireFinite, requireInteger, text } from '../base/shape.js';

/** The description of a table in the manifest. */
export interface TableManifest {
  /** The name of the table: `1_11`, or `c_cc` for classes. */
  readonly pattern: string;
  /** True: the mixture interpolates this table. False: the table is stored only so that other tables can find their contexts in it. */
  readonly mixed: boolean;
  /** Number of n-grams of the table. */
  readonly rows: number;
  /** Number of pruned rows; absent if the table was not pruned. */
  readonly dropped?: number;
  /** Different contexts of these n-grams. */
  readonly contexts: number;
  /** Number of contexts without followers, which only a back-off model has; absent in a model of counts. */
  readonly bare?: number;
  /** The sum of the counts, pruned rows included. */
  readonly tokens: number;
  /** Number of rows with the count 1, 2, 3, 4, before pruning. */
  readonly countsOfCounts: readonly [number, number, number, number];
}

/** The options of training that scoring needs. */
export interface ModelOptions {
  /** Whether all text is lower-cased. */
  readonly lowercase: boolean;
  /** Whether lines without a token are left out. */
  readonly skipBlank: boolean;
  /** How the vocabulary was chosen: `all`, `words`, `limit=N` or `frequency>=N`. */
  readonly vocabulary: string;
  /** How text becomes sentences and tokens. */
  readonly tokenization: TokenizationInfo;
  /** In which order the model reads the tokens of a sentence; absent for `forward`. */
  readonly wordOrder?: WordOrderName;
}

/** The description of a clustering of a model's words. */
export interface ClusteringManifest {
  /** The name of its stream: `classes`, `classes-2` … */
  readonly stream: ClassStream;
  /** Number of classes. */
  readonly classes: number;
  /** The tables of its classes, shorter contexts first. */
  readonly tables: readonly TableManifest[];
}

/** The description of Model M. */
export interface ModelMManifest {
  /** The clustering of its classes, as an index into the clusterings of the model. */
  readonly clustering: number;
  /** The tables of the class step, shorter contexts first. */
  readonly classTables: readonly TableManifest[];
  /** The tables of the word step, shorter contexts first. */
  readonly wordTables: readonly TableManifest[];
}

/** The description of a model: the value that is written last. */
export interface Manifest {
  /** The version of the values, `FORMAT_VERSION`. */
  readonly format: number;
  readonly order: number;
  /** Sentences of the training text. */
  readonly sentences: number;
  /** Tokens of the training text, `</s>` counted. */
  readonly tokens: number;
  /** Number of types, with `</s>` and `<unk>`, without `<s>`. */
  readonly vocabulary: number;
  /** Occurrences of `<unk>` in the training text; words outside the vocabulary count as `<unk>`. */
  readonly unknown: number;
  readonly dictionaryBlocks: number;
  /** The tables of words, shorter contexts first. */
  readonly tables: readonly TableManifest[];
  /** The clusterings of the words, each of which has a class model; none without classes. */
  readonly clusterings: readonly ClusteringManifest[];
  /** Absent in a model without Model M. */
  readonly modelM?: ModelMManifest;
  readonly options: ModelOptions;
  /** How the tables of words were pruned; absent if they were not. */
  readonly pruning?: Pruning;
  /**
   * `backoff` for a model with log10 probabilities and log10 back-offs instead of counts (from an ARPA file); absent for a model of counts.
   * A back-off model knows no training text: `sentences`, `tokens` and `unknown` are 0.
   */
  readonly kind?: 'backoff';
}

/** Number of word ids in use: the types of the model, `NONE` and `<s>`. All ids are below it. */
export function wordIds({ vocabulary }: Manifest): number {
  return vocabulary + 2;
}

/** The tables of a model: first those of words, then those of each clustering, then those of Model M. */
export function allTables({
  tables,
  clusterings,
  modelM,
}: Pick<Manifest, 'tables' | 'clusterings' | 'modelM'>): TableManifest[] {
  return [...tables, ...clusterings.flatMap(clustering => clustering.tables), ...(modelM ? stepTables(modelM) : [])];
}

/** The tables of Model M: those of the class step, then those of the word step. */
export function stepTables({ classTables, wordTables }: ModelMManifest): TableManifest[] {
  return [...classTables, ...wordTables];
}

/** Number of rows of all tables. */
export function rowsOf(manifest: Manifest): number {
  return allTables(manifest).reduce((sum, { rows }) => sum + rows, 0);
}

/** Number of ids of the classes of a clustering: `NONE`, `<unk>`, `<s>`, `</s>`, and the classes. */
export function classIds({ classes }: Pick<ClusteringManifest, 'classes'>): number {
  return FIRST_WORD + classes;
}

/** The bytes of a manifest: a checksum, and MessagePack. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return seal(encodeMsgpack(plain(manifest)));
}

/** A manifest as it is stored: the first clustering in `classes` and `classTables`, as in models with one, others in `moreClasses`. */
function plain(manifest: Manifest): object {
  const entries = Object.entries(manifest).flatMap(([name, value]): [string, unknown][] => {
    if (name !== 'clusterings') return [[name, value]];
    const first = manifest.clusterings.at(0);
    const more = manifest.clusterings.slice(1).map(({ classes, tables }) => ({ classes, tables }));
    return [
      ['classes', first?.classes ?? 0],
      ['classTables', first?.tables ?? []],
      ...(more.length > 0 ? ([['moreClasses', more]] as [string, unknown][]) : []),
    ];
  });
  return Object.fromEntries(entries);
}

/**
 * Eight hexadecimal digits that depend on all members of a manifest: the same for models of the same text and options, and different
 * for almost all other pairs of models, because a manifest has the counts of counts of all tables.
 */
export function identityOf(manifest: Manifest): string {
  return checksum(new TextEncoder().encode(JSON.stringify(plain(manifest))))
    .toString(16)
    .padStart(8, '0');
}

/** The reverse of {@link encodeManifest}. @throws BlockDamage for a manifest that no version of kneser writes. */
export function decodeManifest(value: Uint8Array): Manifest {
  const said = record(decodeMsgpack(unseal(value)), 'manifest');
  const order = requireInteger(said.order, 'order', 1, MAX_ORDER);
  const kind = said.kind === undefined ? undefined : oneOf(said.kind, 'kind', ['backoff']);
  const tables = list(said.tables, 'tables', table => checkedTable(table, order, 'words'));
  checkPatterns(tables, order, 'words');
  const clusterings = checkedClusterings(said, order);
  if (kind === 'backoff' && (tables.length !== order || tables.some(({ bare }) => bare === undefined))) {
    throw new BlockDamage('a back-off model has a table an order');
  }
  return {
    format: requireInteger(said.format, 'format'),
    order,
    sentences: requireInteger(said.sentences, 'sentences'),
    tokens: requireInteger(said.tokens, 'tokens'),
    vocabulary: requireInteger(said.vocabulary, 'vocabulary', 1, MOST_TYPES),
    unknown: requireInteger(said.unknown, 'unknown'),
    dictionaryBlocks: requireInteger(said.dictionaryBlocks, 'blocks of the dictionary', 0, MOST_TYPES),
    tables,
    clusterings,
    ...(said.modelM === undefined ? {} : { modelM: checkedModelM(said.modelM, order, clusterings.length) }),
    options: checkedOptions(said.options),
    ...(said.pruning === undefined ? {} : { pruning: checkedPruning(said.pruning) }),
    ...(kind ? { kind } : {}),
  };
}

/** The most types. Ids have 31 bits, because the highest bit of 32 marks words outside the vocabulary. */
const MOST_TYPES = 2 ** 31 - 3;

/** The clusterings of a stored manifest. */
function checkedClusterings(said: Readonly<Record<string, unknown>>, order: number): ClusteringManifest[] {
  const first = { classes: said.classes, tables: said.classTables };
  const more = said.moreClasses === undefined ? [] : list(said.moreClasses, 'more classes', record);
  if (said.classes === 0 && more.length === 0) return [];
  if (1 + more.length > MOST_CLUSTERINGS) throw new BlockDamage(`${1 + more.length} clusterings`);
  return [first, ...more].map((clustering, i): ClusteringManifest => {
    const stream = classStream(i);
    const tables = list(clustering.tables, 'tables of classes', table => checkedTable(table, order, stream));
    checkPatterns(tables, i === 0 ? order : tables.length, stream);
    if (tables.length === 0) throw new BlockDamage('a clustering has no tables');
    return { stream, classes: requireInteger(clustering.classes, 'classes', 1, MOST_TYPES), tables };
  });
}

function checkedModelM(value: unknown, order: number, clusterings: number): ModelMManifest {
  const said = record(value, 'Model M');
  const tablesOf = (step: StepStream, tables: unknown): TableManifest[] => {
    const patterns = stepPatterns(step, order);
    // The class of the next word comes before the words: a name can have one letter more than the order.
    const read = list(tables, `tables of the ${step}`, table => checkedTable(table, order + 1, step));
    checkPatterns(read, patterns.length, step);
    if (read.length !== patterns.length) throw new BlockDamage(`${read.length} tables of the ${step}`);
    return read;
  };
  if (clusterings === 0) throw new BlockDamage('Model M without classes');
  return {
    clustering: requireInteger(said.clustering, 'clustering of Model M', 0, clusterings - 1),
    classTables: tablesOf('class-step', said.classTables),
    wordTables: tablesOf('word-step', said.wordTables),
  };
}

function checkedTable(value: unknown, order: number, stream: Stream): TableManifest {
  const said = record(value, 'table');
  const pattern = text(said.pattern, 'pattern');
  // A name longer than the order is none of its patterns; parsing it could take long.
  const parsed = pattern.length <= order ? parseTableName(pattern) : undefined;
  if (!parsed || tableName(parsed, stream) !== pattern) {
    throw new BlockDamage(`${JSON.stringify(pattern.slice(0, 2 * MAX_ORDER))} is no pattern of order ${order}`);
  }
  const counts = list(said.countsOfCounts, 'counts-of-counts', count => requireInteger(count, 'count-of-counts'));
  const [ones, twos, threes, fours] = counts;
  if (counts.length !== 4) throw new BlockDamage(`${counts.length} counts-of-counts`);
  return {
    pattern,
    mixed: flag(said.mixed, 'mixed'),
    rows: requireInteger(said.rows, 'rows'),
    contexts: requireInteger(said.contexts, 'contexts'),
    tokens: requireInteger(said.tokens, 'tokens'),
    countsOfCounts: [ones, twos, threes, fours],
    ...(said.dropped === undefined ? {} : { dropped: requireInteger(said.dropped, 'dropped') }),
    ...(said.bare === undefined ? {} : { bare: requireInteger(said.bare, 'bare') }),
  };
}

/** Checks that no pattern comes twice, and that the mixture has all contiguous patterns up to `order`. */
function checkPatterns(tables: readonly TableManifest[], order: number, stream: Stream): void {
  const mixed = new Map(tables.map(table => [table.pattern, table.mixed]));
  if (mixed.size < tables.length) throw new BlockDamage('two tables have one pattern');
  for (let length = 1; length <= order; length++) {
    const name = tableName(contiguous(length), stream);
    if (!mixed.get(name)) throw new BlockDamage(`there is no table ${name}`);
  }
}

function checkedOptions(value: unknown): ModelOptions {
  const said = record(value, 'options');
  const tokenization = record(said.tokenization ?? {}, 'tokenization');
  const { tokenizer, sentences, normalize } = { ...DEFAULT_TOKENIZATION, ...tokenization };
  const { locale } = tokenization;
  const { wordOrder } = said;
  if (wordOrder !== undefined && !isWordOrder(wordOrder)) throw new BlockDamage('unknown word order');
  return {
    lowercase: flag(said.lowercase, 'lowercase'),
    skipBlank: flag(said.skipBlank, 'skipBlank'),
    vocabulary: text(said.vocabulary, 'vocabulary'),
    tokenization: {
      tokenizer: oneOf(tokenizer, 'tokenizer', [...TOKENIZER_NAMES, ...TOKENIZER_FILES]),
      ...(locale === undefined ? {} : { locale: text(locale, 'locale') }),
      sentences: oneOf(sentences, 'sentences', ['lines', 'segment']),
      normalize: oneOf(normalize, 'normalize', ['none', 'NFC', 'NFKC']),
    },
    ...(wordOrder === undefined ? {} : { wordOrder }),
  };
}

function checkedPruning(value: unknown): Pruning {
  const said = record(value, 'pruning');
  if (said.counts === undefined) return { entropy: requireFinite(said.entropy, 'entropy', 0) };
  return { counts: list(said.counts, 'thresholds', count => requireInteger(count, 'threshold')) };
}
