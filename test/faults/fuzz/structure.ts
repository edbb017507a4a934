import { encodeMsgpack } from '../../../src/base/encode-msgpack.js';
import { decodeMsgpack } from '../../../src/base/decode-msgpack.js';
import { below, mutate, NUMBERS, pick, type Random } from './mutate.js';

/** Changes the decoded value of MessagePack: a number, a string, bytes, or the value of a key. Other input is changed as bytes. */
export function mutatePacked(bytes: Uint8Array, random: Random): Uint8Array {
  if (random() < 0.25) return mutate(bytes, [], [], random);
  let value: unknown;
  try {
    value = decodeMsgpack(bytes);
  } catch {
    return mutate(bytes, [], [], random);
  }
  for (let changes = 1 + below(random, 3); changes > 0; changes--) value = mutateValue(value, random);
  try {
    return Uint8Array.from(encodeMsgpack(value));
  } catch {
    return mutate(bytes, [], [], random);
  }
}

function mutateValue(value: unknown, random: Random): unknown {
  if (random() < 0.03) return strange(random);
  if (value instanceof Uint8Array) return mutate(value, [], [], random);
  if (Array.isArray(value)) {
    const items: unknown[] = [...(value as unknown[])];
    const at = below(random, items.length + 1);
    if (random() < 0.1) items.splice(at, 1);
    else if (random() < 0.1) items.splice(at, 0, at < items.length ? items[at] : strange(random));
    else if (items.length > 0) items[at % items.length] = mutateValue(items[at % items.length], random);
    return items;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value as Record<string, unknown>);
    if (entries.length === 0) return strange(random);
    const at = below(random, entries.length);
    if (random() < 0.1) entries.splice(at, 1);
    else if (random() < 0.05)
      entries.push([pick(random, ['constructor', 'toString', 'length', 'kind', 'pruning']), strange(random)]);
    else entries[at] = [entries[at][0], mutateValue(entries[at][1], random)];
    return Object.fromEntries(entries);
  }
  if (typeof value === 'number' && random() < 0.8) {
    return random() < 0.5 ? pick(random, NUMBERS) : value + pick(random, [-1, 1, 0.5, 2, -value, value]);
  }
  if (typeof value === 'string' && random() < 0.8) {
    return new TextDecoder().decode(mutate(new TextEncoder().encode(value), [], WORDS, random));
  }
  return strange(random);
}

const WORDS = [
  '1',
  '_',
  'c',
  '1_1',
  '111111111111111',
  '__proto__',
  '/',
  '..',
  '\0',
  'mixture',
  'tokenizer.json',
  'backoff',
].map(word => new TextEncoder().encode(word));

function strange(random: Random): unknown {
  return pick<unknown>(random, [
    ...[...NUMBERS, NaN, Infinity, -Infinity],
    ...[null, true, false, '', '1', 'toString', [], [[]], {}, { toString: 1 }, { length: 1e9 }, new Uint8Array(0)],
    ...[new Uint8Array(100), Array(3000).fill(1), 'x'.repeat(5000), '1'.repeat(3000)],
  ]);
}
