import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as browser from '#kneser/native-free/index.js';
import * as browserMemory from '#kneser/native-free/memory.js';
import * as browserTraining from '#kneser/native-free/train.js';
import * as library from '#kneser/src/index.js';
import { KneserError, LanguageModel, type LoadedModel } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';

/**
 * Every public function and method with options refuses options that it does not have. A function that is added to the library
 * needs a row here: a call of it, or `none` if it takes no options.
 */
type Call = (options: never) => unknown;
const none = undefined;

const folder = temporaryFolder('options');
const text = join(import.meta.dirname, '../fixtures/kenlm.train.txt');
const path = join(folder, 'model');
const out = join(folder, 'out');

let model: LanguageModel;
let loaded: LoadedModel;
let portable: browser.LanguageModel;

beforeAll(async () => {
  await library.train({ files: [text], out: path, order: 2 });
  model = await LanguageModel.open(path);
  loaded = await model.load();
  await library.pack({ model: path, out: join(folder, 'packed') });
  portable = await browser.LanguageModel.fromFile(readFileSync(join(folder, 'packed')));
});

afterAll(async () => {
  await model.close();
  await loaded.close();
  await portable.close();
});

const FUNCTIONS: Readonly<Record<string, Call | undefined>> = {
  train: (options: object) => library.train({ files: [text], out, ...options }),
  tune: (options: object) => library.tune({ model: path, files: [text], ...options }),
  upgrade: (options: object) => library.upgrade({ model: path, out, ...options }),
  ctcBeamSearch: (options: object) => library.ctcBeamSearch([[0, 0]], { labels: ['', 'a'], ...options }),
  rescore: (options: object) => library.rescore({ model, lists: [], ...options }).next(),
  tuneRescoring: (options: object) => library.tuneRescoring({ model, lists: [], references: [], ...options }),
  prune: (options: object) => library.prune({ model: path, out, prune: [0, 1], ...options }),
  importCounts: (options: object) => library.importCounts({ files: [text], out, ...options }),
  sparkPlan: (options: object) => library.sparkPlan({ texts: [text], work: out, ...options }),
  sparkImport: (options: object) => library.sparkImport({ job: path, out, ...options }),
  sparkScorePlan: (options: object) => library.sparkScorePlan({ model: path, texts: [text], out, ...options }),
  merge: (options: object) => library.merge({ models: [path], out, ...options }),
  subtract: (options: object) => library.subtract({ model: path, subtract: [path], out, ...options }),
  mix: (options: object) => library.mix({ models: [path, path], out, ...options }),
  pack: (options: object) => library.pack({ model: path, out, ...options }),
  unpack: (options: object) => library.unpack({ file: join(folder, 'packed'), out, ...options }),
  exportArpa: (options: object) => library.exportArpa({ model: path, file: out, ...options }),
  importArpa: (options: object) => library.importArpa({ file: text, out, ...options }),
  verify: (options: object) => library.verify(path, options),
  ngramCounts: (options: object) => library.ngramCounts({ model: path, ...options }),
  wordCounts: (options: object) => library.wordCounts({ model: path, ...options }),
  baseline: (options: object) => library.baseline({ train: [text], valid: [text], test: [text], ...options }),
  compare: (options: object) => library.compare({ file: text, ...options }),
  signalToNoise: none,
  annotate: (options: object) => library.annotate({ model: path, files: [text], ...options }),
  select: (options: object) => library.select({ files: [text], by: 'figure', min: 0, ...options }),
  overlap: (options: object) => library.overlap({ train: [text], test: [text], ...options }),
  recitation: (options: object) => library.recitation({ model: path, test: [text], ...options }),
  perplexityBy: (options: object) => library.perplexityBy({ model: path, files: [text], by: 'source', ...options }),
  serve: (options: object) => library.serve({ models: [path], ...options }),
  profile: (options: object) => library.profile({ files: [text], ...options }),
  weigh: (options: object) => library.weigh({ domains: { a: [text], b: [text] }, target: [text], ...options }),
};

/** Statics have the class before them. */
const STATICS: Readonly<Record<string, Call | undefined>> = {
  'LanguageModel.open': (options: object) => LanguageModel.open(path, options),
  'LanguageModel.fromFile': (options: object) => LanguageModel.fromFile(readFileSync(join(folder, 'packed')), options),
};

/** By method, how it is called with options; of models on disk and in memory. */
const METHODS: Readonly<Record<string, ((of: never, options: never) => unknown) | undefined>> = {
  score: (of: LanguageModel, options: object) => of.score('a cat', options),
  ngramPerplexities: (of: LanguageModel, options: object) => of.ngramPerplexities('a cat', options),
  predict: (of: LanguageModel, options: object) => of.predict('a cat', options),
  perplexity: (of: LanguageModel, options: object) => of.perplexity(['a cat'], options),
  perplexityOfFile: (of: LanguageModel, options: object) => of.perplexityOfFile(text, options),
  sumOfFile: (of: LanguageModel, options: object) => of.sumOfFile(text, options),
  start: (of: LoadedModel, options: object) => of.start(options),
  scoreEach: (of: LoadedModel, options: object) => of.scoreEach(['a cat'], options).next(),
  log10Prob: none,
  extend: none,
  createCache: none,
  vocabulary: none,
  tokenize: none,
  countOf: none,
  distribution: (of: LanguageModel, options: object) => of.distribution('a cat', options),
  generate: (of: LanguageModel, options: object) => of.generate(options).next(),
  sample: (of: LoadedModel, options: object) => of.sample(of.start(), options),
  sentences: none,
  shouldLoad: none,
  load: (of: LanguageModel, options: object) => of.load(options),
  close: none,
  // Of PerplexitySum and TextCache.
  add: none,
  figures: none,
  reset: none,
};

/** The declarations that make up each class: a file of `dist` and the class in it. */
const DECLARATIONS: Readonly<Record<string, readonly (readonly [file: string, name: string])[]>> = {
  LanguageModel: [
    ['src/model/language-model', 'LanguageModel'],
    ['src/model/paged-model', 'PagedModel'],
    ['src/model/model-base', 'ModelBase'],
  ],
  LoadedModel: [
    ['src/model/loaded-model', 'LoadedModel'],
    ['src/model/memory-model', 'MemoryModel'],
    ['src/model/model-base', 'ModelBase'],
  ],
  PerplexitySum: [['src/model/scoring/perplexity', 'PerplexitySum']],
  TextCache: [['src/smoothing/cache/text-cache', 'TextCache']],
};

/** Whether no caller is meant to see a method: its declarations mark it as internal, private or protected. */
function isHidden(type: string, method: string): boolean {
  return !DECLARATIONS[type].some(([file, name]) => {
    const source = readFileSync(join(import.meta.dirname, '../../dist', `${file}.d.ts`), 'utf8');
    const start = source.indexOf(`export declare class ${name} `);
    return isPublicIn(source.slice(start, source.indexOf('\n}', start)), method);
  });
}

/** Whether a class declares a method that is neither private, protected nor marked as internal. */
function isPublicIn(source: string, name: string): boolean {
  const declarations = source.matchAll(
    new RegExp(`(/\\*\\*(?:(?!\\*/).)*\\*/)?\\s*\\n    (static |get |readonly )?${name}[<(]`, 'gs'),
  );
  return [...declarations].some(([, comment = '']) => !comment.includes('@internal'));
}

const isClass = (value: unknown): value is { readonly prototype: object } =>
  typeof value === 'function' && value.toString().startsWith('class');

function methodsOf(prototype: object): string[] {
  const names = new Set<string>();
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
    }
  }
  return [...names];
}

async function refusal(call: () => unknown): Promise<KneserError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof KneserError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** What is wrong with each of these options is found by the mechanism, not by the function. */
const WRONG: readonly [unknown, RegExp][] = [
  [{ ordr_: 3 }, /^ordr_: \w+ has no such option; (did you mean|it takes) .+/],
  [null, /^\w+: its options are an object, not null$/],
  ['order', /^\w+: its options are an object, not "order"$/],
  [[3], /^\w+: its options are an object, not an array$/],
  [() => 3, /^\w+: its options are an object, not a function$/],
];

describe('an unknown option is refused by its name', () => {
  const functions = Object.entries(library).filter(([, value]) => typeof value === 'function' && !isClass(value));

  test('the table FUNCTIONS has a row for every exported function', () => {
    expect(functions.map(([name]) => name).sort()).toEqual(Object.keys(FUNCTIONS).sort());
  });

  test.each(Object.entries({ ...FUNCTIONS, ...STATICS }))('%s', async (_name, call) => {
    if (!call) return;
    const { code, message } = await refusal(() => call({ ordr_: 3 } as never));
    expect([code, message]).toEqual(['KNESER_OPTION', expect.stringMatching(WRONG[0][1])]);
  });

  test.each(functions.filter(([name]) => name !== 'verify'))(
    '%s without options, or with something else',
    async (_name, value) => {
      const call = value as (options: unknown) => unknown;
      for (const options of [undefined, null, 'order', 3, ['order']]) {
        expect((await refusal(() => call(options))).code).toBe('KNESER_OPTION');
      }
    },
  );

  test.each(Object.entries(library).filter(([name, value]) => isClass(value) && name !== 'KneserError'))(
    'the methods of %s have rows',
    (name, value) => {
      const { prototype } = value as { readonly prototype: object };
      const found = methodsOf(prototype).filter(method => !isHidden(name, method));
      expect(found.length).toBeGreaterThan(0);
      expect(found.filter(method => !(method in METHODS))).toEqual([]);
      const statics = Object.keys(STATICS).filter(method => method.startsWith(`${name}.`));
      const own = name === 'LanguageModel' ? ['open', 'fromFile'] : [];
      expect(statics).toEqual(own.map(method => `${name}.${method}`));
    },
  );

  test.each(Object.entries(METHODS))('%s of a model', async (name, call) => {
    if (!call) return;
    for (const of of [model, loaded, portable]) {
      if (!(name in of)) continue;
      for (const [options, message] of WRONG) {
        const error = await refusal(() => call(of as never, options as never));
        expect([error.code, error.message]).toEqual(['KNESER_OPTION', expect.stringMatching(message)]);
      }
    }
  });

  test('unknown options of the functions for browsers', async () => {
    const wrong = { ordr_: 3 } as object;
    for (const call of [
      () => browserTraining.train({ text: 'a', ...wrong }),
      () => browserMemory.copyToMemory(portable, wrong),
      () => browser.LanguageModel.fromFile(new Uint8Array(1), wrong),
    ]) {
      expect((await refusal(call)).message).toMatch(/^ordr_: \w+ has no such option; /);
    }
  });
});

const GOT_STRING_OBJECT = 'sentences: got an object of class String; pass an array or another iterable of sentences';
const SIZE = (given: string): string => `expectedBytes: ${given} is not a whole number of at least 0`;

test.each<[string, () => unknown, string]>([
  // A name that there is not.
  // @ts-expect-error -- the name
  ['ordr', () => library.train({ files: [text], out, ordr: 3 }), 'ordr: train has no such option; did you mean order?'],
  // @ts-expect-error -- the name
  ['topp', () => model.predict('a', { topp: 3 }), 'topp: predict has no such option; did you mean top?'],
  [
    'hold_out',
    // @ts-expect-error -- the name
    () => library.train({ files: [text], out, hold_out: 0.1 }),
    'hold_out: train has no such option; did you mean holdOut?',
  ],
  [
    'smooth',
    // @ts-expect-error -- the name
    () => LanguageModel.open(path, { smooth: 'mkn' }),
    'smooth: open has no such option; did you mean smoothing?',
  ],
  // @ts-expect-error -- the name
  ['foo', () => loaded.start({ foo: true }), 'foo: start has no such option; it takes start'],
  [
    'patterns.skp',
    // @ts-expect-error -- the name
    () => library.train({ files: [text], out, patterns: { skp: true } }),
    'patterns.skp: patterns has no such member; did you mean patterns.skip?',
  ],
  [
    'vocabulary.atLeast',
    // @ts-expect-error -- a member of another kind of vocabulary
    () => library.train({ files: [text], out, vocabulary: { kind: 'limit', limit: 3, atLeast: 2 } }),
    'vocabulary.atLeast: vocabulary has no such member; it takes kind, limit',
  ],
  [
    'tokenization.tokenizer',
    // @ts-expect-error -- the value
    () => library.train({ files: [text], out, tokenization: { tokenizer: 'word' } }),
    'tokenization.tokenizer: "word" is not one of whitespace, words, characters, bytes',
  ],
  // A value that is not allowed.
  // @ts-expect-error -- the value
  ['smoothing', () => LanguageModel.open(path, { smoothing: 'kney' }), 'smoothing: "kney" is not one of mkn, kn, glm'],
  // @ts-expect-error -- the value
  ['tables', () => LanguageModel.open(path, { tables: 'all' }), 'tables: "all" is not one of auto, page, load'],
  ['order', () => library.train({ files: [text], out, order: NaN }), 'order: NaN is not a whole number from 1 to 12'],
  ['top', () => model.predict('a', { top: 0 }), 'top: 0 is not a whole number of at least 1'],
  // oxlint-disable-next-line typescript/no-deprecated -- read until 1.0.
  ['top and k', () => model.predict('a', { top: 3, k: 3 }), 'k: is the old name of top; leave it out'],
  ['window', () => loaded.ngramPerplexities('a', { window: 1.5 }), 'window: 1.5 is not a whole number of at least 1'],
  ['threads', () => model.perplexityOfFile(text, { threads: 0 }), 'threads: 0 is not a whole number from 1 to 256'],
  [
    'memory',
    () => library.train({ files: [text], out, memory: NaN }),
    'memory: takes a number of bytes from 64 MiB (64M) to less than 8192 TiB (8192T), not NaN',
  ],
  // A value of another type.
  // @ts-expect-error -- the type
  ['null', () => library.train({ files: [text], out, order: null }), 'order: null is not a whole number from 1 to 12'],
  [
    'blockMemory',
    // @ts-expect-error -- the type
    () => LanguageModel.open(path, { blockMemory: '1G' }),
    'blockMemory: "1G" is not a whole number of at least 0',
  ],
  // @ts-expect-error -- the type
  ['cache', () => model.score('a', { cache: true }), 'cache: true is not a cache that createCache made'],
  // @ts-expect-error -- the type
  ['start', () => model.score('a', { start: 'no' }), 'start: "no" is not true or false'],
  // @ts-expect-error -- the type
  ['onProgress', () => library.pack({ model: path, out, onProgress: 1 }), 'onProgress: 1 is not a function'],
  [
    'signal',
    // @ts-expect-error -- the type
    () => library.pack({ model: path, out, signal: new AbortController() }),
    'signal: an object of class AbortController is not an AbortSignal',
  ],
  // @ts-expect-error -- the type
  ['path', () => LanguageModel.open(undefined), 'path: undefined is not a string'],
  // Missing.
  // @ts-expect-error -- out is missing
  ['out', () => library.pack({ model: path }), 'out: is missing; pack needs it'],
  // @ts-expect-error -- the files are missing
  ['files', () => library.tune({ model: path }), 'files: is missing; tune needs it'],
  ['empty', () => library.pack({ model: path, out: '' }), 'out: the path is empty'],
  // One string where a list is meant.
  // @ts-expect-error -- one string
  ['files', () => library.train({ files: text, out }), `files: ${JSON.stringify(text)} is not a list`],
  // @ts-expect-error -- one string
  ['history', () => loaded.log10Prob('sat', 'the cat'), 'history: "the cat" is not a list'],
  // @ts-expect-error -- no tokens
  ['history of numbers', () => loaded.log10Prob('sat', [1]), 'history: 1 is not a string'],
  [
    'patterns.list',
    // @ts-expect-error -- one string
    () => library.train({ files: [text], out, patterns: { list: '1_1' } }),
    'patterns.list: "1_1" is not a list',
  ],
  [
    'merge',
    () => library.merge({ models: [{ model: path, times: 0 }], out }),
    'models.times: 0 is not a whole number from 1 to 4294967295',
  ],
  // @ts-expect-error -- one string
  ['prune', () => library.prune({ model: path, out, prune: '0,0,1' }), 'prune: "0,0,1" is not a list'],
  [
    'orders',
    // @ts-expect-error -- one string
    () => library.baseline({ train: [text], valid: [text], test: [text], orders: '2-5' }),
    'orders: "2-5" is not a list',
  ],
  [
    'no texts',
    // @ts-expect-error -- the texts are missing
    () => library.baseline({}),
    'train: is missing; name texts (--train, --valid and --test), or a corpus (--corpus)',
  ],
  [
    'texts and a corpus',
    // @ts-expect-error -- one or the other
    () => library.baseline({ corpus: 'brown', test: [text] }),
    'test: excludes corpus, which has texts of its own; leave out --test, or --corpus',
  ],
  // @ts-expect-error -- one string
  ['models', () => library.compare({ file: text, models: 'glm5,mkn5' }), 'models: "glm5,mkn5" is not a list'],
  // @ts-expect-error -- one name
  ['models', () => library.compare({ file: text, models: ['glm5'] }), 'models: an array is not two names'],
  [
    'sentences',
    () => loaded.perplexity('the cat'),
    'sentences: got one string; pass an array or another iterable of sentences',
  ],
  [
    'no sentences',
    // @ts-expect-error -- nothing
    () => model.perplexity(),
    'sentences: got undefined; pass an array or another iterable of sentences',
  ],
  ['a String object', () => loaded.perplexity(Object('a b a') as string[]), GOT_STRING_OBJECT],
  ['a String object that is read later', () => model.perplexity(Object('a b a') as string[]), GOT_STRING_OBJECT],
  ['a String object of scoreEach', () => model.scoreEach(Object('a b a') as string[]).next(), GOT_STRING_OBJECT],
  [
    'a String object to train on',
    () => library.train({ sentences: Object('a b') as string[], out }),
    GOT_STRING_OBJECT,
  ],
  ['a String object of beginnings', () => model.generate({ beginnings: Object('a') as string[] }), GOT_STRING_OBJECT],
  [
    'an object without a prototype',
    () => loaded.perplexity(Object.create(null) as string[]),
    'sentences: got an object; pass an array or another iterable of sentences',
  ],
  [
    'an object without a prototype as entropy',
    () => library.prune({ model: path, out, entropy: Object.create(null) as number }),
    'entropy: an object is not a number above 0, such as 1e-8',
  ],
  [
    'a path with NUL',
    () => library.compare({ file: 'a\0b' }),
    'file: "a\\u0000b" is not a path: no name of a file has the character NUL',
  ],
  [
    'a path with NUL in a list that may be a name',
    () => library.profile({ files: [text], stopwords: 'a\0b' }),
    'stopwords: "a\\u0000b" is not a path: no name of a file has the character NUL',
  ],
  ['a negative size', () => model.sumOfFile(text, { expectedBytes: -1 }), SIZE('-1')],
  ['an endless negative size', () => loaded.sumOfFile(text, { expectedBytes: -Infinity }), SIZE('-Infinity')],
  ['half a byte', () => loaded.perplexityOfFile(text, { expectedBytes: 1.5 }), SIZE('1.5')],
  // @ts-expect-error -- the type
  ['has', () => loaded.vocabulary().has(null), 'token: null is not a string'],
  // @ts-expect-error -- the type
  ['has of an array', () => loaded.vocabulary().has(['a']), 'token: an array is not a string'],
  // @ts-expect-error -- the type
  ['id', () => loaded.vocabulary().id(5), 'token: 5 is not a string'],
  // @ts-expect-error -- the type
  ['the sentences of a number', () => model.sentences(5), 'line: 5 is not a string'],
  // @ts-expect-error -- the type
  ['the tokens of a number', () => model.tokenize(5), 'text: 5 is not a string'],
  // @ts-expect-error -- the type
  ['a sum', () => new library.PerplexitySum().add({}), 'sum: an object is not a PerplexitySum'],
  // @ts-expect-error -- the type
  ['a model', () => browserMemory.copyToMemory('ab'), 'model: "ab" is not an open model'],
  [
    'references',
    // @ts-expect-error -- the type
    () => library.tuneRescoring({ model, lists: [], references: [1] }),
    'references: 1 is not a string',
  ],
])('%s', async (_name, call, message) => {
  const error = await refusal(call);
  expect([error.code, error.message]).toEqual(['KNESER_OPTION', message]);
});

const documents = { field: 'body', column: 'body', format: 'jsonl', missing: 'skip', anyBytes: true } as const;
const byLosses = { target: undefined, losses: text, scores: text, domains: undefined };
const byTable = { ...byLosses, tau: text };

/** Options that have no effect without another one: the call, what it has, the options, and what they belong to. */
const WITHOUT_EFFECT: readonly [call: Call | undefined, has: object, options: object, owner: string][] = [
  [FUNCTIONS.train, { files: undefined, sentences: ['a'] }, documents, 'files'],
  [FUNCTIONS.annotate, { files: undefined, documents: [{ text: 'a' }] }, documents, 'files'],
  [FUNCTIONS.merge, {}, documents, 'tune'],
  [FUNCTIONS.subtract, {}, documents, 'tune'],
  [FUNCTIONS.mix, {}, documents, 'tune'],
  [FUNCTIONS.weigh, byLosses, { order: 2, vocabLimit: 9, lowercase: true }, 'target or minimax'],
  [FUNCTIONS.weigh, byTable, { domains: { a: [text], b: [text] }, ...documents }, 'tau tokens, which counts them'],
  [FUNCTIONS.recitation, {}, { seed: 2 }, 'trap; name the planted strings, too'],
  [FUNCTIONS.overlap, {}, { seed: 2 }, 'scores; name the member of the score, too'],
  [FUNCTIONS.baseline, {}, { data: folder }, 'corpus'],
  [options => browserTraining.train(options), { sentences: ['a'] }, { anyBytes: true }, 'text'],
];

test('an option without effect is refused, and the message names what it belongs to', async () => {
  for (const [call, has, options, owner] of WITHOUT_EFFECT) {
    for (const [name, value] of Object.entries<unknown>({ ...options })) {
      const { code, message } = await refusal(() => call?.({ ...has, [name]: value } as never));
      expect([code, message]).toEqual(['KNESER_OPTION', `${name}: belongs to ${owner}`]);
    }
  }
});

test('an option with the value undefined counts as not given', async () => {
  const options = { start: undefined, top: undefined } as unknown as { top: number };
  expect(await model.predict('the', options)).toEqual(await model.predict('the'));
});

test('k is read as top until 1.0', async () => {
  // oxlint-disable-next-line typescript/no-deprecated -- read until 1.0.
  expect(await model.predict('the', { k: 2 })).toEqual(await model.predict('the', { top: 2 }));
  // oxlint-disable-next-line typescript/no-deprecated -- read until 1.0.
  expect(loaded.predict('the', { k: 2 })).toHaveLength(2);
});
