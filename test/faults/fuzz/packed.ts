import { concatenate } from '../../../src/base/bytes.js';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportArpa } from '../../../src/tools/arpa/export.js';
import { importArpa } from '../../../src/tools/arpa/import.js';
import { LanguageModel } from '../../../src/model/language-model.js';
import { pack } from '../../../src/tools/pack.js';
import {
  decodeFront,
  decodeHeader,
  decodePage,
  encodeFront,
  encodeHeader,
  encodePage,
  HEADER_BYTES,
  PAGE_KEYS,
  type PageInfo,
} from '../../../src/store/packed/format.js';
import { seal } from '../../../src/base/sealed.js';
import { checksum } from '../../../src/base/checksum.js';
import { readVarint } from '../../../src/base/varint.js';
import { train } from '../../../src/train/train.js';
import { unpack } from '../../../src/tools/unpack.js';
import { ask, trainingText } from './model.js';
import { below, mutate, NUMBERS, pick, type Random } from './mutate.js';
import { mutatePacked } from './structure.js';
import { firstByte, Wrong, type CreateTarget, type Target } from './target.js';

/** Packs a model of plain n-grams, a mixture with classes and weights, and a back-off model. @returns their paths. */
export async function packModels(folder: string): Promise<string[]> {
  const path = (name: string): string => join(folder, name);
  const sentences = trainingText().slice(2450);
  const common = { sentences, order: 3, threads: 1 };
  await train({ ...common, out: path('plain') });
  await train({ ...common, out: path('mixture'), patterns: { skip: true }, classes: [5, 3], holdOut: 0.05 });
  await exportArpa({ model: path('plain'), file: path('arpa') });
  await importArpa({ file: path('arpa'), out: path('backoff') });
  const names = ['plain', 'mixture', 'backoff'];
  for (const name of names) {
    await pack({ model: path(name), out: path(`${name}.kneser`) });
    rmSync(path(name), { recursive: true });
  }
  return names.map(name => path(`${name}.kneser`));
}

/** The ways to open an input; one of them unpacks it. */
const WAYS = 8;

/** Packed models. The first byte of an input chooses the way to open it, the others are the file. */
export const packed: CreateTarget = async (folder): Promise<Target> => {
  const files = (await packModels(folder)).map(path => readFileSync(path));
  const path = join(folder, 'fuzzed');
  const out = join(folder, 'unpacked-fuzzed');
  const before = readdirSync(folder).sort().join();
  return {
    seeds: files.flatMap((file, i) => [i, 6, 7].map(way => Uint8Array.from(Buffer.concat([Uint8Array.of(way), file])))),
    names: /fuzzed|packed model/,
    mutate: (bytes, random) => {
      const way = random() < 0.1 ? below(random, WAYS) : bytes[0];
      return concatenate([Uint8Array.of(way), mutateFile(bytes.subarray(1), random)]);
    },
    async run(bytes) {
      const way = firstByte(bytes) % WAYS;
      const file = Uint8Array.from(bytes.subarray(1));
      if (way < 6) {
        await use(LanguageModel.fromFile([file, file.buffer, new Blob([file])][way % 3]));
        return;
      }
      writeFileSync(path, file);
      try {
        if (way === 6) await use(LanguageModel.open(path));
        else await unpackAndUse(path, out);
      } finally {
        rmSync(path);
        rmSync(out, { recursive: true, force: true });
      }
      if (readdirSync(folder).sort().join() !== before) throw new Wrong('something is left');
    },
  };
};

async function use(opening: Promise<LanguageModel>): Promise<void> {
  const model = await opening;
  try {
    await ask(model);
  } finally {
    await model.close();
  }
}

async function unpackAndUse(file: string, out: string): Promise<void> {
  try {
    await unpack({ file, out });
  } catch (error) {
    if (existsSync(out)) throw new Wrong('a folder is left');
    throw error;
  }
  const written = readdirSync(out, { recursive: true, encoding: 'utf8' });
  const strange = written.find(name => !/^(kneser\.json|generation-1(\/(tables|weights)(\/[\w.-]+)?)?)$/.test(name));
  if (strange !== undefined) throw new Wrong(`${strange} was written`);
  await use(LanguageModel.open(out));
}

/** Changes bytes; or one part, and corrects all lengths and checksums that depend on it; or lengths and names, and corrects the checksums. */
function mutateFile(file: Uint8Array, random: Random): Uint8Array {
  const kind = random();
  if (kind < 0.1) return mutate(file, [], WORDS, random);
  if (kind < 0.7) {
    try {
      return mutateParts(file, random);
    } catch {
      // The parts cannot be told apart any more: only the lengths and names can be changed.
    }
  }
  return sealFile(mutateStatements(file, random));
}

const WORDS = ['__proto__', '../x', '../../../x', '/x', '\0', '', 'default', 'manifest', 'constructor'].map(word =>
  new TextEncoder().encode(word),
);

/** A packed model in its parts. */
interface Parts {
  created: Uint8Array;
  weights: [name: Uint8Array, value: Uint8Array][];
  values: [key: Uint8Array, value: Uint8Array][];
}

function mutateParts(file: Uint8Array, random: Random): Uint8Array {
  const parts = partsOf(file);
  const { weights, values } = parts;
  for (let more = 1 + below(random, 2); more > 0; more--) {
    const kind = below(random, 12);
    const at = below(random, values.length);
    if (kind === 0) parts.created = mutate(parts.created, [], WORDS, random);
    else if (kind === 1) values[at] = [mutate(values[at][0], [pick(random, values)[0]], WORDS, random), values[at][1]];
    else if (kind === 2) values.splice(at, 1);
    else if (kind === 3) values[at] = [values[at][0], pick(random, values)[1]];
    else if (kind === 4) weights.push([pick(random, WORDS), pick(random, values)[1]]);
    else if (kind === 5 && weights.length > 0) {
      const weight = pick(random, weights);
      weight[0] = mutate(weight[0], [], WORDS, random);
    } else if (kind === 6 && weights.length > 0) {
      const weight = pick(random, weights);
      weight[1] = seal(mutatePacked(weight[1].subarray(4), random));
    } else {
      // Values that all others depend on are chosen as often as blocks.
      const special = values.filter(([key]) => !/^(table|dictionary)\//.test(Buffer.from(key).toString('latin1')));
      const value = random() < 0.6 && special.length > 0 ? pick(random, special) : values[at];
      value[1] = seal(mutatePacked(value[1].subarray(4), random));
    }
  }
  if (random() < 0.9) values.sort(([a], [b]) => Buffer.compare(a, b));
  return encodeParts(parts, random() < 0.9 ? PAGE_KEYS : 1 + below(random, 3 * PAGE_KEYS));
}

/** Divides a packed model into its parts. @throws BlockDamage and other errors for a file with inconsistent lengths. */
function partsOf(file: Uint8Array): Parts {
  const { frontBytes } = decodeHeader(file);
  const front = decodeFront(file.subarray(HEADER_BYTES, HEADER_BYTES + frontBytes));
  const encoder = new TextEncoder();
  const values: Parts['values'] = [];
  let at = HEADER_BYTES + frontBytes;
  let valueAt = at + front.pages.reduce((sum, { bytes }) => sum + bytes, 0);
  front.pages.forEach((page, i) => {
    const entries = decodePage(file.subarray(at, at + page.bytes), page, front.pages.at(i + 1)?.firstKey);
    for (const { key, length } of entries) values.push([key, file.subarray(valueAt, (valueAt += length))]);
    at += page.bytes;
  });
  return {
    created: encoder.encode(front.created),
    weights: [...front.weights].map(([name, value]) => [encoder.encode(name), value]),
    values,
  };
}

function encodeParts({ created, weights, values }: Parts, pageKeys: number): Uint8Array {
  const decoder = new TextDecoder();
  const pages: Uint8Array[] = [];
  const infos: PageInfo[] = [];
  for (let from = 0; from < values.length; from += pageKeys) {
    const part = values.slice(from, from + pageKeys);
    const page = encodePage(part.map(([key, value]) => ({ key, length: value.length, checksum: checksum(value) })));
    const valueBytes = part.reduce((sum, [, value]) => sum + value.length, 0);
    infos.push({ firstKey: part[0][0], bytes: page.length, valueBytes, checksum: checksum(page) });
    pages.push(page);
  }
  const named = new Map(weights.map(([name, value]) => [decoder.decode(name), value]));
  const front = encodeFront({ created: decoder.decode(created), weights: named, pages: infos });
  const rest = concatenate([...pages, ...values.map(([, value]) => value)]);
  return concatenate([encodeHeader(front, rest.length), front, rest]);
}

/** Changes lengths, numbers and names in place: in the header, the front, or the index. */
function mutateStatements(file: Uint8Array, random: Random): Uint8Array {
  if (file.length < HEADER_BYTES) return mutate(file, [], WORDS, random);
  const view = new DataView(file.buffer, file.byteOffset);
  const frontEnd = Math.min(file.length, HEADER_BYTES + view.getUint32(12, true));
  const kind = random();
  if (kind < 0.2) {
    const header = file.slice();
    const value = random() < 0.5 ? pick(random, NUMBERS) : file.length + below(random, 5) - 2;
    const field = pick(random, [8, 10, 12, 16, 24]);
    const written = new DataView(header.buffer);
    if (field < 12) written.setUint16(field, value, true);
    else if (field !== 16) written.setUint32(field, value, true);
    else written.setBigUint64(field, BigInt.asUintN(64, BigInt(Math.trunc(value))), true);
    return header;
  }
  // The index comes after the front; the number is about its usual size.
  const [from, to] = kind < 0.6 ? [HEADER_BYTES, frontEnd] : [frontEnd, Math.min(file.length, frontEnd + 1500)];
  const part = mutate(file.subarray(from, to), [], WORDS, random);
  const changed = concatenate([file.subarray(0, from), part, file.subarray(to)]);
  const written = new DataView(changed.buffer);
  if (kind < 0.6) written.setUint32(12, part.length, true);
  if (random() < 0.9) written.setBigUint64(16, BigInt(changed.length), true);
  return changed;
}

/** Corrects all checksums whose offsets can be found. */
function sealFile(file: Uint8Array): Uint8Array {
  const bytes = file.slice();
  if (bytes.length < HEADER_BYTES) return bytes;
  const view = new DataView(bytes.buffer);
  const frontEnd = HEADER_BYTES + view.getUint32(12, true);
  try {
    sealPages(bytes, view, frontEnd);
  } catch {
    // Up to the first impossible length.
  }
  view.setUint32(24, checksum(bytes.subarray(HEADER_BYTES, frontEnd)), true);
  view.setUint32(28, checksum(bytes, 0, 28), true);
  return bytes;
}

/** @throws RangeError and other errors for impossible lengths. */
function sealPages(bytes: Uint8Array, view: DataView, frontEnd: number): void {
  let at = HEADER_BYTES;
  const skipSized = (): void => void (at += 4 + view.getUint32(at, true));
  const u32 = (): number => view.getUint32((at += 4) - 4, true);
  skipSized();
  for (let left = u32(); left > 0 && at < frontEnd; left--) {
    skipSized();
    skipSized();
  }
  const pages: { at: number; bytes: number }[] = [];
  for (let left = u32(); left > 0 && at < frontEnd; left--) {
    skipSized();
    pages.push({ at: at + 12, bytes: u32() });
    at += 12;
  }
  const cursor = { at: frontEnd };
  let valueAt = frontEnd + pages.reduce((sum, page) => sum + page.bytes, 0);
  for (const page of pages) {
    const end = cursor.at + page.bytes;
    const start = cursor.at;
    while (cursor.at < end) {
      readVarint(bytes, cursor);
      const rest = readVarint(bytes, cursor);
      cursor.at += rest;
      const length = readVarint(bytes, cursor);
      const value = bytes.subarray(valueAt, (valueAt += length));
      if (value.length >= 4) view.setUint32(value.byteOffset, checksum(value, 4, value.length), true);
      view.setUint32(cursor.at, checksum(value), true);
      cursor.at += 4;
    }
    cursor.at = end;
    view.setUint32(page.at, checksum(bytes.subarray(start, end)), true);
  }
}
