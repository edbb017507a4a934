import { checksum } from '../base/checksum.js';
import type { ModelBase } from '../model/model-base.js';
import { TOKENIZER_KEY } from '../store/keys.js';
import type { TokenizationInfo } from '../text/tokenization.js';
import { isTokenizerFile } from '../text/tokenization.js';
import { memberOf, type JsonObject } from '../text/formats/jsonl.js';

/**
 * How figures were computed. Only figures with equal conventions can be compared. A member is `null` where it is not known, because
 * another tool made the figures.
 */
export interface Conventions {
  /** The part of a document that is one sentence: `lines`, `document`, or for items of a benchmark `item`. */
  readonly unit: string | null;
  /** How text is cut into tokens, such as `whitespace, lower case`; a tokenizer's file is named by its kind and a checksum. */
  readonly tokenizer: string | null;
  /** The model: its smoothing, its order, and its identity as `ModelInfo.identity` has it, such as `mkn, order 5, 1a2b3c4d`. */
  readonly model: string | null;
  /** The second model of a ratio. */
  readonly against?: string;
}

/** The conventions of some documents' figures. */
export interface DocumentConventions extends Conventions {
  /** Number of documents with these conventions. */
  readonly documents: number;
}

/** The name of a model: its smoothing, order, identity, and the checksum of its tuned weights. */
export function modelName({ info, parts }: ModelBase): string {
  const { weights } = parts;
  const tuned = weights ? `, weights ${hex(checksum(bytesOf(weights.words, weights.classes, weights.gate)))}` : '';
  return `${info.smoothing}, order ${parts.order}, ${info.identity}${tuned}`;
}

/** The name of a model's tokenizer. A file is named by its kind and its checksum, so that two different files have different names. */
export async function tokenizerName({ info, parts }: ModelBase): Promise<string> {
  const { lowercase, tokenization, wordOrder } = info.options;
  const isFile = isTokenizerFile(tokenization.tokenizer);
  const file = isFile ? await parts.store.get(TOKENIZER_KEY) : undefined;
  const name = describe(tokenization, lowercase, file && hex(checksum(file)));
  return wordOrder ? `${name}, word order ${wordOrder}` : name;
}

/** A tokenization in words, without its defaults: `words (de), sentences: segment, lower case`. @param file the checksum of the tokenizer's file. */
export function describe(
  { tokenizer, locale, sentences, normalize }: TokenizationInfo,
  lowercase: boolean,
  file?: string,
): string {
  return [
    `${tokenizer}${locale === undefined ? '' : ` (${locale})`}${file === undefined ? '' : ` ${file}`}`,
    ...(sentences === 'lines' ? [] : [`sentences: ${sentences}`]),
    ...(normalize === 'none' ? [] : [normalize]),
    ...(lowercase ? ['lower case'] : []),
  ].join(', ');
}

/** Conventions in one line, for reports. */
export function conventionsLine({ unit, tokenizer, model, against }: Conventions): string {
  const known = (value: string | null): string => value ?? 'unknown';
  const second = against === undefined ? '' : `; second model: ${against}`;
  return `unit: ${known(unit)}; tokenizer: ${known(tokenizer)}; model: ${known(model)}${second}`;
}

/** Finds the conventions of documents' figures in the members beside the figure, as `annotate` writes them. */
export class ConventionsFinder {
  /** The paths of the objects that may have the conventions: of those around the figure the nearest first. */
  private readonly paths: readonly string[];
  /** By conventions as one string, their number of documents. */
  private readonly found = new Map<string, { readonly conventions: Conventions; documents: number }>();
  private readonly isRatio: boolean;

  /** @param by the path of the figure. */
  constructor(by: string) {
    const parts = by.split('.').slice(0, -1);
    this.paths = parts.map((_, i) => parts.slice(0, parts.length - i).join('.'));
    this.isRatio = by.includes('.against.');
  }

  /** Counts the conventions of a document with a figure. */
  look(object: JsonObject): void {
    const { paths } = this;
    let [unit, tokenizer, model, against]: unknown[] = [];
    for (const path of paths) {
      unit ??= memberOf(object, `${path}.unit`);
      tokenizer ??= memberOf(object, `${path}.tokenizer`);
      const own = memberOf(object, `${path}.model`);
      if (this.isRatio && path === paths[0]) against = own;
      else model ??= own;
    }
    const key = `${String(unit)}\n${String(tokenizer)}\n${String(model)}\n${String(against)}`;
    const known = this.found.get(key);
    if (known) {
      known.documents++;
      return;
    }
    const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    const conventions = { unit: text(unit), tokenizer: text(tokenizer), model: text(model) };
    this.found.set(key, {
      conventions: typeof against === 'string' ? { ...conventions, against } : conventions,
      documents: 1,
    });
  }

  /** The conventions that were found, the most frequent first. */
  get all(): readonly DocumentConventions[] {
    return [...this.found.values()]
      .map(({ conventions, documents }) => ({ ...conventions, documents }))
      .sort((a, b) => b.documents - a.documents);
  }
}

function hex(hash: number): string {
  return hash.toString(16).padStart(8, '0');
}

/** The bytes of several arrays, one after another. */
function bytesOf(...arrays: readonly Float64Array[]): Uint8Array {
  const all = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let used = 0;
  for (const array of arrays) {
    all.set(array, used);
    used += array.length;
  }
  return new Uint8Array(all.buffer);
}
