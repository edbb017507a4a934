import {
  checkFlag,
  checkFunction,
  checkOptions,
  checkPath,
  checkPaths,
  checkText,
  oneOf,
  optionError,
  refuseWithout,
  wholeNumber,
  WORK_OPTIONS,
  type Check,
  type OptionTable,
} from '../base/check.js';
import { callBack } from '../base/call-back.js';
import { checkAborted, KneserError } from '../base/errors.js';
import { pauses, runInTurns, type Pause } from '../base/turn.js';
import type { WorkOptions } from '../base/progress.js';
import type { LanguageModel } from '../model/language-model.js';
import {
  DOCUMENT_OPTION_NAMES,
  DOCUMENT_OPTIONS,
  givenDocumentOptions,
  type DocumentOptions,
} from '../text/formats/corpus.js';
import { documentsOf, expandForTwoPasses } from '../text/formats/input.js';
import {
  correlations,
  fitSteps,
  minimaxSteps,
  mixtureLoss,
  project,
  type Estimator,
  type Probabilities,
  type Projection,
} from './mixing.js';
import { groupAt } from './columns.js';
import { tokenizerName, type Conventions } from './conventions.js';
import type { DocumentScoring } from './document-scoring.js';
import { readNumbers, readTable, tableError } from './number-table.js';
import { linesOf, Proxies } from './proxy.js';
import { scoreDocuments } from './scored.js';
import { splitTokens } from '../text/tokens.js';
import { readAllDocuments, someOf, type DocumentAt } from './stream.js';

/** The files that {@link weigh} reads, and how it finds the weights: for a `target`, by `minimax`, or from `losses` and `scores`. */
export interface WeighOptions extends DocumentOptions, WorkOptions {
  /** The files of each domain, by its name. */
  readonly domains?: Readonly<Record<string, readonly string[]>>;
  /** Files of documents of all domains, in place of `domains`; `within` names the member with the domain. */
  readonly files?: readonly string[];
  /** A member that names the domain of each document of `files`. */
  readonly within?: string;
  /** Finds the weights under which the mixture of the domains' models predicts these files best. */
  readonly target?: readonly string[];
  /** Finds weights whose worst excess loss is least, as DoReMi does for networks. There is no evidence that such weights help a network. */
  readonly minimax?: boolean;
  /** A table (TSV) of losses, with one row for each model and one column for each domain. The first row names the domains, the first column the models. */
  readonly losses?: string;
  /** A table (TSV) with one row for each model: its name, and its error from 0 to 1 (lower is better). The first row is a head. */
  readonly scores?: string;
  /** How losses and scores are compared. Default `spearman`. */
  readonly estimator?: Estimator;
  /** How comparisons become weights. Default `linear`. */
  readonly projection?: Projection;
  /** A table (TSV) with one row for each domain: its name, and how many tokens it has. The first row is a head. Or `tokens`, to count the tokens of `domains` or `files`. Needed with `losses`. */
  readonly tau?: string;
  /** How many tokens a network will be trained on. A domain gives no more tokens than it has. */
  readonly budget?: number;
  /** Order of the domains' models. Default 3. */
  readonly order?: number;
  /** How many words the models know: the most frequent words of all domains. Default 50,000. */
  readonly vocabLimit?: number;
  /** Lower-cases all text. Default false. */
  readonly lowercase?: boolean;
  /** The loss with which the loss of a domain is compared: under the best mixture for this domain (`own`, the default), or for all domains (`pooled`). */
  readonly reference?: 'own' | 'pooled';
  /** Number of rounds of minimax. Default 200. */
  readonly rounds?: number;
  /** Step size of minimax. Default 1. */
  readonly step?: number;
  /** Share of the uniform distribution in the weights of each round of minimax. Default 0.001. */
  readonly smooth?: number;
  /** Called with one sentence for each thing that may be wrong with the input. */
  readonly onWarning?: (warning: string) => void;
}

const positive: Check = (name, value) => {
  if (!(typeof value === 'number' && value > 0 && value < Infinity)) throw optionError(name, value, 'a number above 0');
};

/** The checks of {@link WeighOptions}. */
const WEIGH_OPTIONS: OptionTable<WeighOptions> = {
  domains: (name, value) => {
    const domains = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (domains.length < 2) {
      throw new KneserError(
        'KNESER_OPTION',
        `${name}: has the files of ${domains.length} domains; weights need at least two (--domain NAME=FILES, once for each)`,
      );
    }
    for (const [domain, files] of domains) checkPaths(`${name}.${domain}`, files);
  },
  files: checkPaths,
  within: checkText,
  target: checkPaths,
  minimax: checkFlag,
  losses: checkPath,
  scores: checkPath,
  estimator: oneOf(['spearman', 'sign-cdf', 'sign-sign', 'sign', 'product']),
  projection: oneOf(['linear', 'l2']),
  tau: checkPath,
  budget: positive,
  order: wholeNumber(1, 12),
  vocabLimit: wholeNumber(1, 50_000_000),
  lowercase: checkFlag,
  reference: oneOf(['own', 'pooled']),
  rounds: wholeNumber(1, 1_000_000),
  step: positive,
  smooth: (name, value) => {
    if (!(typeof value === 'number' && value >= 0 && value <= 1)) throw optionError(name, value, 'a share from 0 to 1');
  },
  onWarning: checkFunction,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

/** A domain and its weight. */
export interface DomainWeight {
  /** Its name. */
  readonly name: string;
  /** The weight of the domain; the weights of all domains add up to 1. */
  readonly weight: number;
  /** Number of its documents; `null` if only losses are known. */
  readonly documents: number | null;
  /** Number of its tokens; `null` if it is not known. */
  readonly tokens: number | null;
  /**
   * Mean −log2 p for each token of the domain's held-out documents under the mixture of the models: with `target` by the domains' weights, with
   * `minimax` the best one for domains with these weights. `null` with `losses`.
   */
  readonly bitsPerToken: number | null;
  /**
   * Mean −log2 p for each byte of these documents in UTF-8, line ends included. Unknown words count with p of `<unk>`, because all domains
   * are measured with one vocabulary.
   */
  readonly bitsPerByte: number | null;
  /** The loss of the mixture on these documents minus the reference [nats a token], with `minimax`. */
  readonly excess: number | null;
  /** The correlation of the models' losses on the domain with their errors, by the `estimator`, with `losses`. */
  readonly correlation: number | null;
  /** How often the domain's text is read when `budget` tokens are drawn by the weights; `null` without `budget`. */
  readonly epochsAt: number | null;
}

/** Weights of domains. */
export interface WeighReport {
  /** By name of a domain, its weight, as in DoReMi's configuration files. */
  readonly train_domain_weights: Readonly<Record<string, number>>;
  /** How the weights were found. */
  readonly method: 'target' | 'minimax' | 'correlations';
  /** How the losses were computed; all `null` with `losses`, because another tool computed them. */
  readonly conventions: Conventions;
  /** The domains, in the order in which they were given. */
  readonly domains: readonly DomainWeight[];
  /** For `target` the mean −ln p of the target's tokens, for `minimax` the highest `excess` [nats a token]; `null` for correlations. */
  readonly objective: number | null;
}

/** Every fifth document of a domain is held out. */
const HELD_OUT = 5;
/** The most held-out tokens of a domain, and the most tokens of the target, that are scored. Each takes 8 bytes for each domain's model. */
const MOST_TOKENS = 100_000;

/**
 * Finds weights of domains in one of three ways: the weights that predict a target best (`target`: EM on a mixture of one model for each
 * domain), the weights with the smallest worst loss of a domain (`minimax`), or weights by how well the losses of existing models on a
 * domain predict their errors (`losses` and `scores`: perplexity correlations).
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_INPUT_TABLE, KNESER_ABORTED, and the errors of training.
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { weigh } from 'kneser';
 *
 * writeFileSync('losses.tsv', 'model\tnews\tweb\nA\t0.9\t1.1\nB\t0.8\t1.0\nC\t0.7\t1.2\n');
 * writeFileSync('errors.tsv', 'model\terror\nA\t0.6\nB\t0.5\nC\t0.3\n');
 * writeFileSync('tokens.tsv', 'domain\ttokens\nnews\t600\nweb\t900\n');
 * const options = { losses: 'losses.tsv', scores: 'errors.tsv', tau: 'tokens.tsv', budget: 1000 };
 * console.log((await weigh(options)).train_domain_weights); // { news: 0.6, web: 0.4 }
 * ```
 */
export async function weigh(options: WeighOptions): Promise<WeighReport> {
  checkOptions('weigh', options, WEIGH_OPTIONS);
  const { target, minimax = false, losses, scores, domains, files, within } = options;
  const methods = [target !== undefined, minimax, (losses ?? scores) !== undefined].filter(Boolean).length;
  if (methods !== 1) {
    throw new KneserError(
      'KNESER_OPTION',
      `weigh: it takes one of target, minimax, and losses with scores, not ${methods}`,
    );
  }
  if (!minimax) refuseWithout(options, ['reference', 'rounds', 'step', 'smooth'], 'minimax');
  if (losses === undefined) refuseWithout(options, ['estimator', 'projection', 'tau'], 'losses');
  if ((files === undefined) !== (within === undefined) || (files && domains)) {
    throw new KneserError(
      'KNESER_OPTION',
      `${within === undefined ? 'files' : 'within'}: domains are named by domains (--domain), or by the member within (--within) of files`,
    );
  }
  if (losses !== undefined || scores !== undefined) {
    if (losses === undefined || scores === undefined) {
      throw new KneserError(
        'KNESER_OPTION',
        `${losses === undefined ? 'scores' : 'losses'}: losses and scores belong together`,
      );
    }
    refuseWithout(options, ['order', 'vocabLimit', 'lowercase'], 'target or minimax');
    if (options.tau !== undefined && options.tau !== 'tokens') {
      refuseWithout(options, ['domains', 'files', 'within', ...DOCUMENT_OPTION_NAMES], 'tau tokens, which counts them');
    }
    return byCorrelations(options, losses, scores);
  }
  const given = await openDomains(options);
  if (!given) throw new KneserError('KNESER_OPTION', 'domains: is missing; name at least two, or files and within');
  return byProxies(options, given);
}

/** The documents of a domain. */
interface Domain {
  readonly name: string;
  /** The texts of the held-out documents (true), of the others (false), or of all documents (`undefined`). */
  readonly texts: (heldOut: boolean | undefined) => AsyncGenerator<string>;
}

/** The domains that the options name; `undefined` if they name none. */
async function openDomains(options: WeighOptions): Promise<readonly Domain[] | undefined> {
  const { domains, files, within } = options;
  if (!files || within === undefined) {
    return domains && Promise.all(Object.entries(domains).map(([name, own]) => openDomain(options, name, own)));
  }
  const inputs = await expandForTwoPasses(files, givenDocumentOptions(options), 'within', options.onWarning);
  const names = new Set<string>();
  const documents = await documentsOf(inputs, givenDocumentOptions(options));
  for await (const some of readAllDocuments(inputs, documents, { signal: options.signal })) {
    for (const document of some) if (hasText(document)) names.add(groupAt(document, within));
  }
  if (names.size < 2) {
    throw new KneserError(
      'KNESER_OPTION',
      `within: the documents have ${names.size === 0 ? 'no value' : `one value, ${[...names][0]}`}; weights need at least two domains`,
    );
  }
  const isOf = (name: string) => (document: DocumentAt) => groupAt(document, within) === name;
  return Promise.all([...names].map(name => openDomain(options, name, files, isOf(name))));
}

/** Whether a document has a text that is not blank. Others count in no domain. */
function hasText(document: DocumentAt): document is DocumentAt & { readonly text: string } {
  return document.text !== undefined && /\S/.test(document.text);
}

/** Opens a domain. @param isOf whether a document of the files belongs to the domain; by default all do. */
async function openDomain(
  options: WeighOptions,
  name: string,
  files: readonly string[],
  isOf: (document: DocumentAt) => boolean = () => true,
): Promise<Domain> {
  const inputs = await expandForTwoPasses(files, {}, 'weigh', options.onWarning);
  const documents = await documentsOf(inputs, givenDocumentOptions(options));
  return {
    name,
    texts: async function* (heldOut) {
      let index = 0;
      for await (const some of readAllDocuments(inputs, documents, { signal: options.signal })) {
        for (const document of some) {
          if (!hasText(document) || !isOf(document)) continue;
          const isHeldOut = index++ % HELD_OUT === HELD_OUT - 1;
          if (heldOut === undefined || heldOut === isHeldOut) yield document.text;
        }
      }
    },
  };
}

/** Finds weights with one small model for each domain. */
async function byProxies(options: WeighOptions, domains: readonly Domain[]): Promise<WeighReport> {
  const { order = 3, vocabLimit = 50_000, lowercase = false, onProgress, signal, target, budget } = options;
  const wanted = target && (await openDomain(options, 'target', target));
  return Proxies.with({ order, lowercase, onProgress, signal }, async proxies => {
    const words = await proxies.words(
      (async function* () {
        for (const domain of domains) yield* linesOf(domain.texts(false));
      })(),
      { limit: vocabLimit },
    );
    const models: LanguageModel[] = [];
    for (const { texts, name } of domains) {
      const model = proxies.model(linesOf(texts(false)), words).catch((error: unknown) => {
        const isEmpty = error instanceof KneserError && error.code === 'KNESER_INPUT_EMPTY';
        throw isEmpty ? new KneserError(error.code, `${name}: has no text to count; leave this domain out`) : error;
      });
      models.push(await model);
    }
    const scored = scoredTokens(options);
    const heldOut: Measured[] = [];
    for (const { texts, name } of domains) {
      const found = await probabilitiesOf(models, () => texts(true), scored);
      if (found.values.length === 0) {
        throw new KneserError(
          'KNESER_INPUT_EMPTY',
          `${name}: has fewer than ${HELD_OUT} documents with text: none can be held out`,
        );
      }
      heldOut.push(found);
    }
    const sizes: { documents: number; tokens: number }[] = [];
    for (const [i, { texts }] of domains.entries()) sizes.push(await sizeOf(texts, models[i], scored));
    const pause = passes(options);
    const found = wanted ? await forTarget(wanted, models, scored, pause) : await minimaxOf(heldOut, options, pause);
    const rows = domains.map(({ name }, d): DomainWeight => {
      const weight = found.weights[d];
      return {
        name,
        weight,
        ...sizes[d],
        bitsPerToken: mixtureLoss(heldOut[d], found.mixture) / Math.LN2,
        bitsPerByte: mixtureLoss(heldOut[d], found.mixture) / Math.LN2 / heldOut[d].bytesPerToken,
        excess: found.excess?.[d] ?? null,
        correlation: null,
        epochsAt: budget === undefined ? null : (weight * budget) / sizes[d].tokens,
      };
    });
    const conventions = {
      unit: 'lines',
      tokenizer: await tokenizerName(models[0]),
      model: `mkn, order ${order}, one for each domain, vocabulary limit=${vocabLimit}`,
    };
    return report(wanted ? 'target' : 'minimax', rows, found.objective, conventions);
  });
}

/** Takes the number of tokens that were just scored. @throws KNESER_ABORTED */
type Scored = (tokens: number) => void;

/** Reports how many tokens were scored so far, under all models. */
function scoredTokens({ onProgress, signal }: WorkOptions): Scored {
  let done = 0;
  return tokens => {
    checkAborted(signal, 'weighing');
    done += tokens;
    callBack(onProgress, { stage: 'score', done, total: undefined, unit: 'tokens' });
  };
}

/** Pauses between the passes of a search for weights, whose number it reports. */
function passes({ onProgress, signal }: WorkOptions): Pause {
  let done = 0;
  const pause = pauses(() => {
    checkAborted(signal, 'weighing');
    callBack(onProgress, { stage: 'tune', done, total: undefined, unit: 'passes' });
  });
  return () => {
    done++;
    return pause();
  };
}

/** Weights that were found. */
interface Found {
  /** By domain, its weight. */
  readonly weights: ArrayLike<number>;
  /** By model, its weight in the mixture. */
  readonly mixture: ArrayLike<number>;
  readonly excess?: ArrayLike<number>;
  readonly objective: number;
}

async function forTarget(
  { texts }: Domain,
  models: readonly LanguageModel[],
  scored: Scored,
  pause: Pause,
): Promise<Found> {
  const probabilities = await probabilitiesOf(models, () => texts(undefined), scored);
  if (probabilities.values.length === 0) throw new KneserError('KNESER_INPUT_EMPTY', 'target: there is no text');
  const weights = await runInTurns(fitSteps([probabilities]), pause);
  return { weights, mixture: weights, objective: mixtureLoss(probabilities, weights) };
}

async function minimaxOf(
  heldOut: readonly Probabilities[],
  { reference = 'own', rounds = 200, step = 1, smooth = 1e-3 }: WeighOptions,
  pause: Pause,
): Promise<Found> {
  const fit = (...given: Parameters<typeof fitSteps>): Promise<Float64Array> => runInTurns(fitSteps(...given), pause);
  const sizes = heldOut.map(({ values }) => values.length);
  const pooled = reference === 'pooled' ? await fit(heldOut, sizes) : undefined;
  const references: number[] = [];
  for (const text of heldOut) references.push(mixtureLoss(text, pooled ?? (await fit([text]))));
  const found = await runInTurns(minimaxSteps(heldOut, references, { rounds, step, smooth }), pause);
  return { ...found, objective: found.excess.reduce((most, value) => Math.max(most, value), -Infinity) };
}

/** The probabilities of the tokens of a text. */
interface Measured extends Probabilities {
  /** The mean length of a token with the space or line end after it [bytes]. */
  readonly bytesPerToken: number;
}

/** The probabilities of the tokens of a text under each model. */
async function probabilitiesOf(
  models: readonly LanguageModel[],
  texts: () => AsyncGenerator<string>,
  scored: Scored,
): Promise<Measured> {
  let [bytes, measured] = [0, 0];
  let values = new Float64Array(0);
  for (const [i, model] of models.entries()) {
    const log10Probs: Float64Array[] = [];
    let tokens = 0;
    const how: DocumentScoring = { model: await model.tokenScoring(Infinity, 1), unit: 'lines', byToken: true };
    for await (const some of scoreDocuments(someOf(numbered(texts())), how)) {
      const before = measured;
      for (const { byToken, bytes: length } of some) {
        const own = byToken?.scores.log10Probs ?? new Float64Array(0);
        bytes += length;
        measured += own.length;
        log10Probs.push(own.slice(0, MOST_TOKENS - tokens));
        tokens += log10Probs[log10Probs.length - 1].length;
      }
      scored(measured - before);
      if (tokens >= MOST_TOKENS) break;
    }
    if (i === 0) values = new Float64Array(tokens * models.length);
    let t = 0;
    for (const part of log10Probs) for (const log10Prob of part) values[t++ * models.length + i] = 10 ** log10Prob;
  }
  return { values, models: models.length, bytesPerToken: bytes / measured };
}

/** Numbers texts from 0. */
async function* numbered(
  texts: AsyncIterable<string>,
): AsyncGenerator<{ readonly index: number; readonly text: string }> {
  let index = 0;
  for await (const text of texts) yield { index: index++, text };
}

async function sizeOf(
  texts: Domain['texts'],
  model: LanguageModel,
  scored: Scored,
): Promise<{ documents: number; tokens: number }> {
  let [documents, tokens] = [0, 0];
  const scoring = await model.tokenScoring(Infinity, 1);
  for await (const some of scoreDocuments(someOf(numbered(texts(undefined))), { model: scoring, unit: 'lines' })) {
    const before = tokens;
    for (const { sum } of some) {
      documents++;
      tokens += sum.tokens;
    }
    scored(tokens - before);
  }
  return { documents, tokens };
}

async function byCorrelations(options: WeighOptions, losses: string, scores: string): Promise<WeighReport> {
  const { estimator = 'spearman', projection = 'linear', tau, budget } = options;
  const table = await readTable(losses);
  const byModel = await readNumbers(scores);
  const names = table.head.slice(1);
  if (names.length === 0 || table.rows.length < 2)
    throw tableError(losses, 'it takes at least two models and a domain');
  const y = table.rows.map(({ name }) => {
    const error = byModel.get(name);
    if (error === undefined) throw tableError(scores, `there is no row for the model ${name}`);
    return error;
  });
  const found = correlations(
    table.rows.map(({ values }) => values),
    y,
    estimator,
  );
  if (tau === undefined) {
    throw new KneserError(
      'KNESER_OPTION',
      'tau: is missing; name a table with the tokens of each domain (domain, tokens)',
    );
  }
  const sizes = await sizesFor(options, tau);
  const tokens = names.map(name => {
    const size = sizes.get(name);
    if (size !== undefined && size > 0) return size;
    throw tau === 'tokens'
      ? new KneserError('KNESER_OPTION', `domains: there are no tokens of the domain ${name} of the losses`)
      : tableError(tau, `there is no number above 0 for the domain ${name}`);
  });
  const limits = tokens.map(size => size / (budget ?? 1));
  const sum = limits.reduce((all, limit) => all + limit, 0);
  if (sum < 1 - 1e-12) {
    throw new KneserError(
      'KNESER_OPTION',
      `budget: the domains have ${(100 * sum).toFixed(1)} % of it; lower it, or allow more tokens of each in tau`,
    );
  }
  const weights = project(
    found.map(value => (Number.isFinite(value) ? value : 0)),
    limits,
    projection,
  );
  const rows = names.map((name, d): DomainWeight => ({
    name,
    weight: weights[d],
    documents: null,
    tokens: budget === undefined ? null : tokens[d],
    bitsPerToken: null,
    bitsPerByte: null,
    excess: null,
    correlation: Number.isFinite(found[d]) ? found[d] : null,
    epochsAt: budget === undefined ? null : (weights[d] * budget) / tokens[d],
  }));
  return report('correlations', rows, null, { unit: null, tokenizer: null, model: null });
}

/** By domain, how many tokens it has: read from a table, or counted. */
async function sizesFor(options: WeighOptions, tau: string): Promise<ReadonlyMap<string, number>> {
  if (tau !== 'tokens') return readNumbers(tau);
  const domains = await openDomains(options);
  if (!domains) {
    throw new KneserError('KNESER_OPTION', 'tau: tokens counts those of domains, or of files and within; name them');
  }
  const sizes = new Map<string, number>();
  for (const { name, texts } of domains) {
    let tokens = 0;
    for await (const line of linesOf(texts(undefined))) tokens += splitTokens(line).length + 1;
    sizes.set(name, tokens);
  }
  return sizes;
}

function report(
  method: WeighReport['method'],
  domains: readonly DomainWeight[],
  objective: number | null,
  conventions: Conventions,
): WeighReport {
  const weights = Object.fromEntries(domains.map(({ name, weight }) => [name, weight]));
  return { train_domain_weights: weights, method, conventions, domains, objective };
}
