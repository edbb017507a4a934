import { encodeMsgpack } from '../base/encode-msgpack.js';
import { decodeMsgpack } from '../base/decode-msgpack.js';
import { contiguous, MAX_ORDER, parsePattern, tableName, type Stream } from './pattern.js';
import type { Pruning } from './pruning.js';
import { DEFAULT_TOKENIZATION, TOKENIZER_NAMES, type TokenizationInfo } from '../text/tokenization.js';
import { BlockDamage, seal, unseal } from '../base/sealed.js';
import { flag, list, oneOf, record, requireFinite, requireInteger, text } from '../base/shape.js';

/** What a model remembers of a table. */
export interface TableManifest {
  /** As `formatPattern` writes it. */
  readonly pattern: string;
  /** Whether the model is a mixture of this table too; if not, it only leads to the contexts of others. */
  readonly mixed: boolean;
  readonly rows: number;
  /** How many rows were pruned; absent where the table was not. */
  readonly dropped?: number;
  readonly contexts: number;
  /** How many contexts of a back-off model nothing follows; absent in a model of counts. */
  readonly bare?: number;
  /** Σ of the counts, those that were pruned included. */
  readonly tokens: number;
  /** Rows with the counts 1, 2, 3, 4, before any was pruned. */
  readonly countsOfCounts: readonly [number, number, number, number];
}

/** How a model was trained, as far as it matters for using it. */
export interface ModelOptions {
  /** Whether all text is lower-cased. */
  readonly lowercase: boolean;
  /** Whether lines without a token are left out. */
  readonly skipBlank: boolean;
  /** How the vocabulary was chosen: `all`, `words`, `limit=N` or `frequency>=N`. */
  readonly vocabulary: string;
  /** How text becomes sentences and tokens. */
  readonly tokenization: TokenizationInfo;
}

/** A model's own description; the last key that training writes. */
export interface Manifest {
  readonly format: number;
  readonly order: number;
  readonly sentences: number;
  /** Tokens of the training text, `</s>` counted. */
  readonly tokens: number;
  /** Types, with `</s>` and `<unk>`, without `<s>`. */
  readonly vocabulary: number;
  /** Occurrences of `<unk>` in the training text, those of words outside the vocabulary included. */
  readonly unknown: number;
  readonly dictionaryBlocks: number;
  /** Shorter contexts first. */
  readonly tables: readonly TableManifest[];
  /** How many classes the words have; 0 without a class model. */
  readonly classes: number;
  /** The tables of the class model; empty where there is none. */
  readonly classTables: readonly TableManifest[];
  readonly options: ModelOptions;
  /** How the tables of words were pruned; absent where they were not. */
  readonly pruning?: Pruning;
  /**
   * `backoff` for a model that has probabilities and back-offs instead of counts; absent for one of counts. A back-off model
   * knows nothing of a training text: what there is to say of one is 0.
   */
  readonly kind?: 'backoff';
}

/** The ids of a model's words are below this: types, `NONE` and `<s>`. */
export function wordIds({ vocabulary }: Manifest): number {
  return vocabulary + 2;
}

/** Bytes of a manifest: a checksum, and msgpack. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return seal(encodeMsgpack(manifest));
}

/** The reverse. @throws BlockDamage */
export function decodeManifest(value: Uint8Array): Manifest {
  const said = record(decodeMsgpack(unseal(value)), 'manifest');
  const order = requireInteger(said.order, 'order', 1, MAX_ORDER);
  const kind = said.kind === undefined ? undefined : oneOf(said.kind, 'kind', ['backoff']);
  const tables = list(said.tables, 'tables', table => checkedTable(table, order, 'words'));
  const classTables = list(said.classTables, 'tables of classes', table => checkedTable(table, order, 'classes'));
  checkPatterns(tables, order, 'words');
  if (classTables.length > 0) checkPatterns(classTables, order, 'classes');
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
    classes: requireInteger(said.classes, 'classes', 0, MOST_TYPES),
    classTables,
    options: checkedOptions(said.options),
    ...(said.pruning === undefined ? {} : { pruning: checkedPruning(said.pruning) }),
    ...(kind ? { kind } : {}),
  };
}

/** Ids have 32 bits, of which one marks words outside the vocabulary. */
const MOST_TYPES = 2 ** 31 - 3;

function checkedTable(value: unknown, order: number, stream: Stream): TableManifest {
  const said = record(value, 'table');
  const pattern = text(said.pattern, 'pattern');
  // Long ones are not even parsed.
  const parsed = pattern.length <= order ? parsePattern(pattern.replaceAll('c', '1')) : undefined;
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

/** Each pattern comes once, and the contiguous ones are all there to be mixed. */
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
  return {
    lowercase: flag(said.lowercase, 'lowercase'),
    skipBlank: flag(said.skipBlank, 'skipBlank'),
    vocabulary: text(said.vocabulary, 'vocabulary'),
    tokenization: {
      tokenizer: oneOf(tokenizer, 'tokenizer', [...TOKENIZER_NAMES, 'tokenizer.json']),
      ...(locale === undefined ? {} : { locale: text(locale, 'locale') }),
      sentences: oneOf(sentences, 'sentences', ['lines', 'segment']),
      normalize: oneOf(normalize, 'normalize', ['none', 'NFC', 'NFKC']),
    },
  };
}

function checkedPruning(value: unknown): Pruning {
  const said = record(value, 'pruning');
  if (said.counts === undefined) return { entropy: requireFinite(said.entropy, 'entropy', 0) };
  return { counts: list(said.counts, 'thresholds', count => requireInteger(count, 'threshold')) };
}
