import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Level } from 'level';
import { importArpa } from '../../../src/tools/arpa/import.js';
import { exportArpa } from '../../../src/tools/arpa/export.js';
import { prune } from '../../../src/tools/prune.js';
import { openCursor, openCursors } from '../../../src/tables/open-cursor.js';
import { walk } from '../../../src/tables/walk.js';
import { LanguageModel } from '../../../src/model/language-model.js';
import type { ModelFiles } from '../../../src/store/store.js';
import { seal } from '../../../src/base/sealed.js';
import { digestFile } from '../../../src/base/node/file-digest.js';
import type { ModelStore } from '../../../src/store/store.js';
import { train } from '../../../src/train/train.js';
import { randomNumbers } from '../../../src/base/random.js';
import { below, mutate, pick, type Random } from './mutate.js';
import { mutatePacked } from './structure.js';
import { checkNumbers, firstByte, type CreateTarget, type Target } from './target.js';

/** The parts of a model. */
interface Contents {
  readonly values: readonly (readonly [key: string, value: Uint8Array])[];
  readonly files: ModelFiles;
}

/** A text with a context of more followers than a block holds, and with enough other words to tune a mixture with classes. */
export function trainingText(): string[] {
  const random = randomNumbers(5);
  const wide = Array.from({ length: 4200 }, (_, i) => `of w${i}`);
  return [
    ...wide,
    ...Array.from({ length: 400 }, () =>
      Array.from({ length: 6 }, () => `w${Math.floor(40 * random() ** 2)}`).join(' '),
    ),
  ];
}

const SENTENCES = ['of w1 w2', 'w0 w1 nowhere w3 w0 w1', 'of of', ''];

/** A mixture with classes, a pruned model, one with words of `Intl.Segmenter`, and a back-off model. */
async function trainModels(folder: string): Promise<string[]> {
  const path = (name: string): string => join(folder, `trained-${name}`);
  const sentences = trainingText();
  await train({
    sentences,
    out: path('mixture'),
    order: 3,
    patterns: { skip: true },
    classes: 5,
    holdOut: 0.05,
    threads: 1,
  });
  await train({
    sentences,
    out: path('plain'),
    order: 3,
    tokenization: { tokenizer: 'words' },
    lowercase: true,
    threads: 1,
  });
  await prune({ model: path('plain'), out: path('pruned'), prune: [0, 0, 1] });
  await exportArpa({ model: path('pruned'), file: path('arpa') });
  await importArpa({ file: path('arpa'), out: path('backoff') });
  return ['mixture', 'pruned', 'plain', 'backoff'].map(path);
}

async function contentsOf(path: string): Promise<Contents> {
  const { generation, bytes, created } = JSON.parse(readFileSync(join(path, 'kneser.json'), 'utf8')) as {
    generation: string;
    bytes: number;
    created: string;
  };
  const database = new Level<Uint8Array, Uint8Array>(join(path, generation, 'tables'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  await database.open();
  const values: [string, Uint8Array][] = [];
  for await (const [key, value] of database.iterator()) values.push([latin1(key), Uint8Array.from(value)]);
  await database.close();
  const weights = new Map<string, Uint8Array>();
  const folder = join(path, generation, 'weights');
  for (const file of readdirSync(join(path, generation)).includes('weights') ? readdirSync(folder) : []) {
    weights.set(file.replace('.weights', ''), Uint8Array.from(readFileSync(join(folder, file))));
  }
  return { values, files: { bytes, created, weights } };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/**
 * Whole models with changed values and right checksums. An input is the index of a model (one byte), then changes: the index of a value (two
 * bytes), its new length (four bytes), and its new bytes after the checksum.
 */
export const store: CreateTarget = async (folder): Promise<Target> => {
  const models: Contents[] = [];
  for (const path of await trainModels(folder)) models.push(await contentsOf(path));
  const random = randomNumbers(1);
  const seeds = models.flatMap((model, m) =>
    Array.from({ length: 8 }, () => encodeChanges(m, new Map([valueAt(model, below(random, 1e6), random)]))),
  );
  return {
    seeds,
    names: /fuzzed/,
    mutate: (bytes, choose) => {
      const { number, changes } = decodeChanges(bytes, models);
      const model = models[number];
      for (let more = 1 + below(choose, 2); more > 0; more--) {
        const known = [...changes.keys()];
        const at =
          known.length > 0 && choose() < 0.3 ? pick(choose, known) : valueAt(model, below(choose, 1e6), choose)[0];
        const body = changes.get(at) ?? bodyOf(model, at);
        changes.set(at, mutatePacked(body, choose));
      }
      if (changes.size > 4) changes.delete(pick(choose, [...changes.keys()]));
      return encodeChanges(number, changes);
    },
    async run(bytes) {
      const { number, changes } = decodeChanges(bytes, models);
      const { values, files } = models[number];
      const map = new Map(values);
      const weights = new Map(files.weights);
      for (const [at, body] of changes) {
        if (at < values.length) map.set(values[at][0], seal(body));
        else weights.set([...weights.keys()][at - values.length], seal(body));
      }
      await use(memoryStore(map), { ...files, weights });
    },
  };
};

/** A random value of a model: with probability 0.6 a value on which others depend, such as the manifest or weights; else any value, mostly a block. */
function valueAt(model: Contents, number: number, random: Random): [number, Uint8Array] {
  const { values, files } = model;
  const special = [
    ...values.flatMap(([key], i) => (key.startsWith('table/') || key.startsWith('dictionary/') ? [] : [i])),
    ...Array.from(files.weights, (_, i) => values.length + i),
  ];
  const at = random() < 0.6 ? special[number % special.length] : number % values.length;
  return [at, bodyOf(model, at)];
}

function bodyOf({ values, files }: Contents, at: number): Uint8Array {
  const value = at < values.length ? values[at][1] : [...files.weights.values()][at - values.length];
  return value.subarray(4);
}

function encodeChanges(number: number, changes: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(number)];
  for (const [at, body] of changes) {
    const head = Buffer.alloc(6);
    head.writeUInt16LE(at, 0);
    head.writeUInt32LE(body.length, 2);
    parts.push(head, body);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

function decodeChanges(
  bytes: Uint8Array,
  models: readonly Contents[],
): { number: number; changes: Map<number, Uint8Array> } {
  const number = firstByte(bytes) % models.length;
  const { values, files } = models[number];
  const changes = new Map<number, Uint8Array>();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 1; at + 6 <= bytes.length;) {
    const length = buffer.readUInt32LE(at + 2);
    const value = buffer.readUInt16LE(at) % (values.length + files.weights.size);
    changes.set(value, Uint8Array.from(bytes.subarray(at + 6, at + 6 + length)));
    at += 6 + length;
  }
  return { number, changes };
}

function memoryStore(values: ReadonlyMap<string, Uint8Array>): ModelStore {
  const get = (key: Uint8Array): Uint8Array | undefined => values.get(latin1(key));
  return {
    name: 'fuzzed',
    get: key => Promise.resolve(get(key)),
    getMany: keys => Promise.resolve(keys.map(get)),
    entries: async function* () {
      for (const [key, value] of values) yield [await Promise.resolve(Buffer.from(key, 'latin1')), value] as const;
    },
    close: () => Promise.resolve(),
  };
}

/** Opens a model and asks it every question. */
async function use(source: ModelStore, files: ModelFiles): Promise<void> {
  const model = await LanguageModel.fromStore(source, files);
  try {
    await ask(model);
    for (const { pattern } of model.parts.manifest.tables) {
      const cursor = await openCursor(source, pattern, pattern.replaceAll('_', '').length - 1, () => undefined);
      while (!cursor.done) await cursor.advance();
    }
    const contiguous = model.parts.manifest.tables.map(({ pattern }) => pattern).filter(name => !name.includes('_'));
    await walk(await openCursors(source, contiguous, () => undefined), { close: () => undefined });
  } finally {
    await model.close();
  }
}

/** Asks a model every question, paged and loaded. */
export async function ask(model: LanguageModel): Promise<void> {
  checkNumbers(JSON.parse(JSON.stringify(model.info)));
  const isBackoff = model.info.smoothing === 'backoff';
  const cache = model.info.weights.length > 0 && !isBackoff;
  const answers = async (of: LanguageModel | Awaited<ReturnType<LanguageModel['load']>>): Promise<void> => {
    for (const sentence of SENTENCES) checkNumbers(await of.score(sentence));
    if (cache) checkNumbers(await of.perplexity(SENTENCES, { cache: true }));
    checkNumbers(await of.ngramPerplexities(SENTENCES[0]));
    if (isBackoff) return;
    checkNumbers(await of.predict('of', { top: 3, explain: true }));
    checkNumbers(await of.predict(SENTENCES[1], { top: 3 }));
  };
  await answers(model);
  await answers(await model.load());
}

/** A pointer file, kneser.json. */
export const pointer: CreateTarget = async (folder): Promise<Target> => {
  const path = join(folder, 'a', 'fuzzed');
  await train({ sentences: ['a b c', 'a b d'], out: path, order: 2, threads: 1 });
  // A pointer file without a checksum, as early versions wrote it.
  const said = JSON.parse(readFileSync(join(path, 'kneser.json'), 'utf8')) as Record<string, unknown>;
  delete said.crc32;
  const right = Buffer.from(JSON.stringify(said, undefined, 1));
  const [name] = (JSON.parse(right.toString()) as { files: { name: string }[] }).files.map(file => file.name);
  writeFileSync(join(folder, 'outside'), 'x');
  return {
    seeds: [right, Buffer.from(right.toString().replace(/\s+/g, ''))],
    words: [
      '..',
      '/',
      '\\',
      '../../../outside',
      '"',
      'null',
      '{}',
      '[]',
      '__proto__',
      'generation-1',
      'generation-2',
      '1e999',
      '-1',
      name,
      '"name"',
    ],
    names: /fuzzed/,
    async run(bytes) {
      writeFileSync(join(path, 'kneser.json'), bytes);
      const model = await LanguageModel.open(path);
      checkNumbers(await model.score('a b'));
      await model.close();
    },
  };
};

/** LevelDB's files, with a pointer file that has their digests. The first byte of an input chooses the file. */
export const files: CreateTarget = async (folder): Promise<Target> => {
  const trained = join(folder, 'trained');
  const path = join(folder, 'fuzzed');
  await train({ sentences: trainingText().slice(4100), out: trained, order: 2, threads: 1 });
  const { generation, files: listed } = JSON.parse(readFileSync(join(trained, 'kneser.json'), 'utf8')) as {
    generation: string;
    files: { name: string; bytes: number; crc32: string }[];
  };
  const contents = listed.map(({ name }) => readFileSync(join(trained, generation, 'tables', name)));
  return {
    seeds: contents.map((content, i) => Buffer.concat([Uint8Array.of(i), content])),
    words: ['MANIFEST-000001', '/', '..', '\n', '000005.ldb', 'leveldb.BytewiseComparator'],
    names: /fuzzed/,
    mutate: (bytes, random) => Buffer.concat([bytes.subarray(0, 1), mutate(bytes.subarray(1), contents, [], random)]),
    async run(bytes) {
      const changed = firstByte(bytes) % listed.length;
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
      cpSync(join(trained, generation), join(path, generation), { recursive: true });
      const file = join(path, generation, 'tables', listed[changed].name);
      writeFileSync(file, bytes.subarray(1));
      const entry = { name: listed[changed].name, bytes: bytes.length - 1, crc32: await digestFile(file) };
      const all = listed.map((other, i) => (i === changed ? entry : other));
      const total = all.reduce((sum, { bytes: length }) => sum + length, 0);
      const created = '2026-01-01T00:00:00.000Z';
      writeFileSync(
        join(path, 'kneser.json'),
        JSON.stringify({ kneser: 2, generation, created, bytes: total, files: all }),
      );
      const model = await LanguageModel.open(path);
      try {
        await ask(model);
      } finally {
        await model.close();
      }
    },
  };
};
