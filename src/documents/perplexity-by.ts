import { callBack } from '../base/call-back.js';
import {
  checkFlag,
  checkFunction,
  checkOptions,
  checkPaths,
  checkText,
  checkThreads,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { hashRandom } from '../base/hash-random.js';
import { meanOf } from '../base/mean.js';
import type { WorkOptions } from '../base/progress.js';
import { intervalOf, Resampling, RESAMPLING_OPTIONS, resamplingOf, type Interval } from '../baseline/bootstrap.js';
import type { LanguageModel } from '../model/language-model.js';
import { bitsOf, figuresOf, orNull, perplexityOf, PieceSum, type TokenSums } from '../model/scoring/perplexity.js';
import type { TokenScoring } from '../model/token-scoring.js';
import { OOV } from '../smoothing/batch.js';
import { readFrequencies } from '../tables/dictionary-reader.js';
import { wordIds } from '../tables/manifest.js';
import {
  DOCUMENT_OPTIONS,
  givenDocumentOptions,
  replacedWarning,
  skippedWarning,
  type DocumentOptions,
} from '../text/formats/corpus.js';
import { expandForTwoPasses, expandInputs, sizeOf } from '../text/formats/input.js';
import { memberOf } from '../text/formats/jsonl.js';
import { UNK } from '../text/tokens.js';
import { Column, groupAt, Labels } from './columns.js';
import { modelName, tokenizerName, type Conventions } from './conventions.js';
import type { DocumentScoring } from './document-scoring.js';
import { checkModel, withModel } from './given-model.js';
import { scoreDocuments } from './scored.js';
import { readAllDocuments, type DocumentAt } from './stream.js';

/** The files that {@link perplexityBy} reads, and how it measures them. */
export interface PerplexityByOptions extends DocumentOptions, WorkOptions {
  /** The model: its path, or an open model, which stays open. */
  readonly model: string | LanguageModel;
  /** Files of documents: JSON lines or Parquet; with `by: 'file'` also text. */
  readonly files: readonly string[];
  /** The member by which documents are grouped: domain, language. `file` groups by file where documents have no such member. */
  readonly by: string;
  /** Whether the loss is also given by type, in bands of training counts. Default false. */
  readonly types?: boolean;
  /** How many tokens of each domain are measured, in a random sample of its documents. The files are then read twice. Default: all. */
  readonly budget?: number;
  /** Number of threads that score. Default: one for each core for a long text. */
  readonly threads?: number;
  /** Number of resamples of the bootstrap. Default 1,000. */
  readonly resamples?: number;
  /** Seed of the sample and of the resamples. Default 1. */
  readonly seed?: number;
  /** Called with one sentence for each thing that may be wrong with the input. */
  readonly onWarning?: (warning: string) => void;
}

/** The checks of {@link PerplexityByOptions}. */
const PERPLEXITY_BY_OPTIONS: OptionTable<PerplexityByOptions> = {
  model: required(checkModel),
  files: required(checkPaths),
  by: required(checkText),
  types: checkFlag,
  budget: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  threads: checkThreads,
  ...RESAMPLING_OPTIONS,
  onWarning: checkFunction,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

/** The figures of a domain, or of all domains as one text. */
export interface DomainFigures {
  /** Documents with text. */
  readonly documents: number;
  /** Tokens, `</s>` counted. */
  readonly tokens: number;
  /** Tokens outside the vocabulary. */
  readonly oov: number;
  /** `oov` / `tokens`. */
  readonly oovRate: number | null;
  /** Σ log10 p. */
  readonly log10Prob: number | null;
  /** 10^(−log10Prob / tokens). */
  readonly perplexity: number | null;
  /** 95 % interval of the perplexity, by a bootstrap over documents; `null` for one document. */
  readonly interval: Interval | null;
  /** Mean −log2 p for each token. */
  readonly bitsPerToken: number | null;
  /** Mean −log2 p for each byte of UTF-8, line ends included. p of an OOV is that of `<unk>` times that of its spelling. */
  readonly bitsPerByte: number | null;
}

/** The loss of the types whose training counts are in one band. */
export interface TypeBand {
  /** The lowest training count of the band. */
  readonly from: number;
  /** The highest training count of the band. */
  readonly to: number;
  /** Number of types of the band that occur in the text. */
  readonly types: number;
  /** Number of tokens of these types. */
  readonly tokens: number;
  /** Mean over the types of their mean −log2 p [bits]. */
  readonly bitsPerType: number | null;
  /** Mean −log2 p over the tokens [bits]. */
  readonly bitsPerToken: number | null;
}

/** Perplexity by domain. */
export interface PerplexityByReport {
  /** The member by which documents are grouped. */
  readonly by: string;
  /** How the figures were computed. */
  readonly conventions: Conventions;
  /** The domains, in the sequence in which they first occur. */
  readonly domains: readonly ({
    /** The value of the member. */
    readonly name: string;
  } & DomainFigures)[];
  /** All documents as one text. */
  readonly micro: DomainFigures;
  /** Means over the domains, each with the same weight. */
  readonly macro: {
    /** 2 to the power of `bitsPerToken`. */
    readonly perplexity: number | null;
    /** Mean of the domains' `bitsPerToken`. */
    readonly bitsPerToken: number | null;
    /** Mean of the domains' `bitsPerByte`; `null` if one of them is `null`. */
    readonly bitsPerByte: number | null;
  };
  /** With `types`: one row for all types, then one for each band of training counts; types that training did not count are a band of their own. */
  readonly types?: readonly TypeBand[];
}

/**
 * The perplexity of each domain of a collection of documents, and of all domains: micro (all documents as one text) and macro (the mean
 * of the domains), with intervals by a bootstrap over documents, as Paloma reports them (Magnusson et al. 2023).
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_ABORTED, and the errors of opening and scoring.
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { perplexityBy } from 'kneser';
 *
 * writeFileSync('news.jsonl', '{"text":"The jury praised the city .","source":"paper"}\n{"text":"It was late .","source":"blog"}\n');
 * const { domains, macro } = await perplexityBy({ model: 'model', files: ['news.jsonl'], by: 'source' });
 * for (const { name, perplexity } of domains) console.log(name, perplexity);
 * console.log(macro.perplexity);
 * ```
 */
export async function perplexityBy(options: PerplexityByOptions): Promise<PerplexityByReport> {
  checkOptions('perplexityBy', options, PERPLEXITY_BY_OPTIONS);
  return withModel(options.model, options.signal, model => measure(options, model));
}

/** The sums of a domain. */
class DomainSum {
  documents = 0;
  readonly sum = new PieceSum();
  bytes = 0;
  spellingLog10Prob = 0;

  constructor(readonly resampling: Resampling) {}

  figures(): DomainFigures {
    const { tokens, oov, log10Prob, perplexity, bitsPerToken, bitsPerByte } = figuresOf(this.sum, {
      characters: NaN,
      bytes: this.bytes,
      spellingLog10Prob: this.spellingLog10Prob,
    });
    const { resampling } = this;
    const statistics =
      resampling.units > 1 ? resampling.statistics(([p, n]) => perplexityOf(p, n)) : new Float64Array(0);
    return {
      documents: this.documents,
      tokens,
      oov,
      oovRate: orNull(oov / tokens),
      log10Prob,
      perplexity,
      interval: intervalOf(statistics),
      bitsPerToken,
      bitsPerByte,
    };
  }
}

async function measure(options: PerplexityByOptions, model: LanguageModel): Promise<PerplexityByReport> {
  const { files, by, budget, threads, onProgress, signal, types = false, onWarning } = options;
  const documents = givenDocumentOptions(options);
  const inputs =
    budget === undefined
      ? await expandInputs(files, documents, onWarning)
      : await expandForTwoPasses(files, documents, 'a budget', onWarning);
  const scoring = await model.tokenScoring(sizeOf(inputs), threads, { onProgress, signal });
  let replaced = 0;
  const names = new Labels();
  /** How many documents name their domain. */
  let naming = 0;
  const domainOf = (document: DocumentAt): number => {
    const isNamed = memberOf(document.object, by) !== undefined;
    if (isNamed || by === 'file') naming++;
    return names.numberOf(by === 'file' && !isNamed ? document.file : groupAt(document, by));
  };
  const read = async function* (): AsyncGenerator<readonly DomainDocument[]> {
    const events = { onProgress, signal, onReplaced: (more: number) => (replaced += more) };
    for await (const some of readAllDocuments(inputs, documents, events)) {
      yield some.map(document => ({
        index: document.index,
        text: document.text,
        domain: document.text === undefined ? 0 : domainOf(document),
      }));
    }
  };
  const chosen = budget === undefined ? undefined : await sampleOf(read(), scoring, budget, options.seed ?? 1);
  const resampling = resamplingOf(options);
  const sums: DomainSum[] = [];
  const losses = types ? new TypeLosses(wordIds(scoring.parts.manifest)) : undefined;
  let missing = 0;
  replaced = 0;
  const how: DocumentScoring = { model: scoring, unit: 'lines', byToken: types };
  for await (const scored of scoreDocuments(kept(read(), chosen), how)) {
    for (const { document, sum: own, bytes: length, spellingLog10Prob, byToken } of scored) {
      if (document.text === undefined) {
        missing++;
        continue;
      }
      const { domain } = document;
      const sum = (sums[domain] ??= new DomainSum(new Resampling(2, { ...resampling, stream: domain })));
      sum.documents++;
      sum.bytes += length;
      sum.spellingLog10Prob += spellingLog10Prob;
      addTo(sum.sum, own);
      sum.resampling.add([own.knownLog10Prob + own.oovLog10Prob, own.tokens]);
      if (byToken) losses?.add(byToken.ids, byToken.scores.log10Probs);
    }
  }
  if (naming === 0 && sums.length > 0) {
    throw new KneserError(
      'KNESER_OPTION',
      `by: no document has a member ${by}; name another member, or file, for a domain from each file`,
    );
  }
  if (replaced > 0) callBack(onWarning, replacedWarning(replaced));
  if (missing > 0) callBack(onWarning, skippedWarning(missing));
  const all = new DomainSum(
    sums.length > 0
      ? Resampling.together(sums.map(sum => sum.resampling))
      : new Resampling(2, { ...resampling, stream: 0 }),
  );
  for (const sum of sums) {
    all.documents += sum.documents;
    all.bytes += sum.bytes;
    all.spellingLog10Prob += sum.spellingLog10Prob;
    addTo(all.sum, sum.sum);
  }
  const domains = sums.map((sum, d) => ({ name: names.names[d], ...sum.figures() }));
  const bits = meanOrNull(domains.map(domain => domain.bitsPerToken));
  return {
    by,
    conventions: { unit: 'lines', tokenizer: await tokenizerName(model), model: modelName(model) },
    domains,
    micro: all.figures(),
    macro: {
      perplexity: bits === null ? null : 2 ** bits,
      bitsPerToken: bits,
      bitsPerByte: meanOrNull(domains.map(domain => domain.bitsPerByte)),
    },
    ...(losses ? { types: losses.bands(await trainingCounts(scoring)) } : {}),
  };
}

function addTo(sum: PieceSum, other: TokenSums): void {
  sum.tokens += other.tokens;
  sum.oov += other.oov;
  sum.knownLog10Prob += other.knownLog10Prob;
  sum.oovLog10Prob += other.oovLog10Prob;
}

/** The mean of values; `null` if one of them is `null`, or there are none. */
function meanOrNull(values: readonly (number | null)[]): number | null {
  return orNull(meanOf(values.map(value => value ?? NaN)));
}

/** A document with its domain. Its record does not stay in memory while it waits for its scores. */
interface DomainDocument {
  readonly index: number;
  /** `undefined` if it has none, with `missing: 'skip'`; its domain then counts for nothing. */
  readonly text: string | undefined;
  readonly domain: number;
}

/** The documents whose indices are in `chosen`; all if it is `undefined`. */
async function* kept(
  source: AsyncIterable<readonly DomainDocument[]>,
  chosen: ReadonlySet<number> | undefined,
): AsyncGenerator<readonly DomainDocument[]> {
  for await (const some of source) yield chosen ? some.filter(({ index }) => chosen.has(index)) : some;
}

/** Draws a sample of each domain: documents in random sequence, until the sample has `budget` tokens. @returns the indices of the documents. */
async function sampleOf(
  source: AsyncIterable<readonly DomainDocument[]>,
  scoring: TokenScoring,
  budget: number,
  seed: number,
): Promise<ReadonlySet<number>> {
  const [positions, tokens, domains] = [new Column(), new Column(), new Column()];
  const counting: TokenScoring = {
    ...scoring,
    // The tokens only have to be counted: this takes the place of scoring.
    sums: (_, { length }) => {
      const zeros = new Float64Array(length);
      return Promise.resolve({
        oov: new Uint32Array(length),
        knownLog10Prob: zeros,
        oovLog10Prob: zeros,
        matched: zeros,
      });
    },
  };
  for await (const some of scoreDocuments(source, { model: counting, unit: 'lines' })) {
    for (const { document, sum } of some) {
      if (document.text === undefined) continue;
      positions.push(document.index);
      tokens.push(sum.tokens);
      domains.push(document.domain);
    }
  }
  const [places, lengths, groups] = [positions.view(), tokens.view(), domains.view()];
  const order = Uint32Array.from(places.keys());
  const keys = places.map(position => hashRandom(seed, position));
  order.sort((a, b) => keys[a] - keys[b] || a - b);
  const taken: number[] = [];
  const chosen = new Set<number>();
  for (const i of order) {
    if ((taken[groups[i]] ??= 0) >= budget) continue;
    taken[groups[i]] += lengths[i];
    chosen.add(places[i]);
  }
  return chosen;
}

/** Adds up losses by type. */
class TypeLosses {
  /** By word id, Σ −log2 p of its tokens [bits]. */
  private readonly sums: Float64Array;
  /** By word id, how many tokens it has. */
  private readonly counts: Float64Array;

  constructor(ids: number) {
    this.sums = new Float64Array(ids);
    this.counts = new Float64Array(ids);
  }

  add(ids: Uint32Array, log10Probs: Float64Array): void {
    for (let t = 0; t < ids.length; t++) {
      const id = ids[t] >= OOV ? UNK : ids[t];
      this.sums[id] += bitsOf(log10Probs[t]);
      this.counts[id]++;
    }
  }

  /** A row for all types, then the bands of the training counts 0, 1, 2–10, 11–100 …, without bands that have no types. @param trained by word id, the training count. */
  bands(trained: Float64Array | undefined): TypeBand[] {
    const most = trained?.reduce((a, b) => Math.max(a, b), 0) ?? 0;
    const ends = [0, 1];
    while (ends[ends.length - 1] < most) ends.push(10 * ends[ends.length - 1]);
    const all = this.band(0, Infinity, undefined);
    const bands = trained ? ends.map((to, i) => this.band(i === 0 ? 0 : ends[i - 1] + 1, to, trained)) : [];
    return [{ ...all, to: most }, ...bands.filter(({ types }) => types > 0)];
  }

  /** The types with training counts from `from` to `to`. */
  private band(from: number, to: number, trained: Float64Array | undefined): TypeBand {
    let [types, tokens, means, sum] = [0, 0, 0, 0];
    this.counts.forEach((count, id) => {
      const known = trained ? trained[id] : 0;
      if (count === 0 || known < from || known > to) return;
      types++;
      tokens += count;
      means += this.sums[id] / count;
      sum += this.sums[id];
    });
    return { from, to, types, tokens, bitsPerType: orNull(means / types), bitsPerToken: orNull(sum / tokens) };
  }
}

/** By word id, the count in training; `undefined` for a back-off model, which has no counts. */
async function trainingCounts({ parts }: TokenScoring): Promise<Float64Array | undefined> {
  if (parts.manifest.kind === 'backoff') return undefined;
  return readFrequencies(parts.store, parts.manifest);
}
