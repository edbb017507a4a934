import { decodeValue } from '../base/decode.js';
import { KneserError } from '../base/errors.js';
import { compareBytes } from '../base/bytes.js';
import { openModel } from '../model/open-model.js';
import { requireCounts } from '../model/scoring/parts.js';
import { MANIFEST_KEY, TOKENIZER_KEY } from '../store/keys.js';
import type { ModelFiles, ModelStore } from '../store/store.js';
import { decodeManifest, type Manifest } from '../tables/manifest.js';
import { decodeTokenizer } from '../tables/tokenizer.js';
import { isTokenizerFile } from '../text/tokenization.js';
import type { BuildOptions } from './plan/options.js';
import type { CountedModel } from './stages/count-source.js';

/** Open models whose counts can be added up. */
export interface OpenedModels {
  readonly models: readonly CountedModel[];
  /** The options that all of the models were trained with. */
  readonly options: BuildOptions;
  /** Warnings about parts of the models that the new model lacks. @param made which parts are made anew for the new model. */
  leftOut(made: { readonly classes: boolean; readonly weights: boolean }): string[];
  close(): Promise<void>;
}

/**
 * Opens models, and checks that their counts can be added up.
 *
 * @param models the path of each model, and the number by which its counts are multiplied.
 * @param verb the verb in messages.
 * @throws KNESER_OPTION, KNESER_NO_COUNTS, and the errors of `openModel`.
 */
export async function openCounted(
  models: readonly { readonly model: string; readonly times: number }[],
  verb: 'merge' | 'subtract',
): Promise<OpenedModels> {
  const opened: (CountedModel & { readonly files: ModelFiles; readonly tokenizer: Uint8Array | undefined })[] = [];
  const stores: ModelStore[] = [];
  const close = async (): Promise<void> => {
    for (const store of stores) await store.close();
  };
  try {
    for (const { model, times } of models) {
      const { store, files } = await openModel(model);
      stores.push(store);
      const manifest = decodeValue(`${model}: manifest`, await store.get(MANIFEST_KEY), decodeManifest);
      const tokenizer = isTokenizerFile(manifest.options.tokenization.tokenizer)
        ? await store.get(TOKENIZER_KEY)
        : undefined;
      opened.push({ name: model, store, manifest, times, files, tokenizer });
      checkCounted(model, manifest, verb);
      const [first] = opened;
      checkAlike(first.name, first.manifest, model, manifest, verb);
      if (compareBytes(first.tokenizer ?? NO_BYTES, tokenizer ?? NO_BYTES) !== 0) {
        throw unlike(model, 'its tokenizer', 'has another file', first.name, verb);
      }
    }
    const [first] = opened;
    return {
      models: opened,
      options: optionsOf(first, first.tokenizer),
      leftOut: made => {
        const warnings: string[] = [];
        if (!made.classes && opened.some(({ manifest }) => manifest.clusterings.length > 0)) {
          warnings.push(
            'the word classes of the models belong to their own texts and are left out; make new ones with classes (--classes N)',
          );
        }
        if (opened.some(({ manifest }) => manifest.modelM)) {
          warnings.push('Model M of the models is left out; only training on a text makes it');
        }
        if (!made.weights && opened.some(({ files }) => files.weights.size > 0)) {
          warnings.push(
            'the tuned weights of the models are left out; tune new ones with tune (--tune FILE) or kneser tune',
          );
        }
        return warnings;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const NO_BYTES = new Uint8Array(0);

/** Refuses a model without the counts of its whole text: an imported, pruned or limited one (`--vocab-limit`, `--unk-below`). */
function checkCounted(model: string, manifest: Manifest, verb: string): void {
  requireCounts(model, manifest, verb);
  if (manifest.pruning) {
    throw new KneserError(
      'KNESER_NO_COUNTS',
      `${model}: this model was pruned and lacks the counts of the dropped n-grams; ${verb} the model that it was made from`,
    );
  }
  const { vocabulary } = manifest.options;
  if (vocabulary === 'all' || vocabulary === 'words') return;
  const option = vocabulary.startsWith('limit') ? 'a limit (--vocab-limit)' : 'a least frequency (--unk-below)';
  throw new KneserError(
    'KNESER_OPTION',
    `${model}: its vocabulary was chosen by ${option} (${vocabulary}), and the model does not know which words became <unk>; ` +
      'train it on all words, or give all models the same list of words (--vocab FILE)',
  );
}

/** Refuses a model (named `model`, with manifest `b`) that was trained with other options than the first model (`first`, `a`). */
function checkAlike(first: string, a: Manifest, model: string, b: Manifest, verb: string): void {
  const check = (option: string, inFirst: string | number | boolean, inModel: string | number | boolean): void => {
    if (inFirst !== inModel) throw unlike(model, option, `is ${inModel}`, `${first}, where it is ${inFirst}`, verb);
  };
  check('order', a.order, b.order);
  check('lowercase', a.options.lowercase, b.options.lowercase);
  check('skipBlank', a.options.skipBlank, b.options.skipBlank);
  check('wordOrder', a.options.wordOrder ?? 'forward', b.options.wordOrder ?? 'forward');
  check('vocabulary', a.options.vocabulary, b.options.vocabulary);
  const [ofA, ofB] = [a.options.tokenization, b.options.tokenization];
  check('tokenizer', ofA.tokenizer, ofB.tokenizer);
  check('sentences', ofA.sentences, ofB.sentences);
  check('normalize', ofA.normalize, ofB.normalize);
  check('locale', ofA.locale ?? 'none', ofB.locale ?? 'none');
  check('patterns', patternsOf(a).join() || 'none', patternsOf(b).join() || 'none');
}

function unlike(model: string, option: string, is: string, first: string, verb: string): KneserError {
  return new KneserError(
    'KNESER_OPTION',
    `${model}: ${option} ${is}, unlike ${first}; to ${verb} them, train both with the same options`,
  );
}

/** The names of the skip patterns that a model's mixture interpolates. */
function patternsOf({ tables }: Manifest): string[] {
  return tables.filter(({ mixed, pattern }) => mixed && pattern.includes('_')).map(({ pattern }) => pattern);
}

/** The options with which a model was trained: those on which its tables and its later scoring depend. A list of words stays empty. */
function optionsOf({ manifest, name }: CountedModel, tokenizer: Uint8Array | undefined): BuildOptions {
  const { order, options } = manifest;
  const { tokenizer: kind, ...tokenization } = options.tokenization;
  const file = isTokenizerFile(kind)
    ? decodeValue(`${name}: tokenizer`, tokenizer, value => decodeTokenizer(value, kind))
    : kind;
  const list = patternsOf(manifest);
  return {
    order,
    ...(list.length > 0 ? { patterns: { list } } : {}),
    vocabulary: options.vocabulary === 'words' ? { kind: 'words', words: [] } : { kind: 'all' },
    tokenization: { ...tokenization, tokenizer: file },
    lowercase: options.lowercase,
    skipBlank: options.skipBlank,
    ...(options.wordOrder ? { wordOrder: options.wordOrder } : {}),
  };
}
