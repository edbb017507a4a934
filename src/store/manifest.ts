import { pack } from './pack.js';
import { unpack } from './unpack.js';
import { DEFAULT_TOKENIZATION, type TokenizationInfo } from '../text/tokenization.js';
import { BlockDamage, seal, unseal } from './block.js';
import type { Pruning } from '../prune/pruning.js';

/** The version of the format that this code reads and writes. */
export const FORMAT_VERSION = 1;

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
  readonly lowercase: boolean;
  readonly skipBlank: boolean;
  /** How the vocabulary was chosen: `all`, `words`, `limit=N` or `frequency>=N`. */
  readonly vocabulary: string;
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
  return seal(pack(manifest));
}

/** The reverse. @throws BlockDamage */
export function decodeManifest(value: Uint8Array): Manifest {
  const manifest: unknown = unpack(unseal(value));
  if (typeof manifest !== 'object' || manifest === null || !('format' in manifest))
    throw new BlockDamage('no manifest');
  const { options, ...others } = manifest as Manifest;
  return { ...others, options: { ...options, tokenization: { ...DEFAULT_TOKENIZATION, ...options.tokenization } } };
}
