import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LanguageModel, train } from '../../src/index.js';
import { randomNumbers } from '../../src/base/random.js';
import type { Fault } from './fault.js';
import { withFolder } from './folder.js';

/** The number of calls that run at the same time. */
const AT_ONCE = 16;
/** One call in this many goes to the model that reads blocks, the others to the model with tables in memory. */
const PAGED_EVERY = 50;
const LONGEST = 200;
const SAMPLES = 12;
/** Memory may differ by this many bytes between two measurements without having grown: caches, pages that the allocator keeps. */
const NOISE = 16e6;
const NOISE_RESIDENT = 64e6;

/** The memory, files, threads and folders of the process at one time. */
export interface Holdings {
  /** After a garbage collection: the objects of the heap, and the memory outside the heap that they own [bytes]. */
  readonly heap: number;
  readonly external: number;
  readonly resident: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Private folders of open models. */
  readonly folders: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Measures the memory, descriptors, threads and folders of the process. Descriptors and threads are 0 if the system does not tell them. */
export async function lookAtHoldings(): Promise<Holdings> {
  // Streams close and threads end with a delay, and only then is their memory collected.
  for (let i = 0; i < 2; i++) {
    await new Promise(resolve => setTimeout(resolve, 10));
    collect();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const count = (folder: string): number => (existsSync(folder) ? readdirSync(folder).length : 0);
  return {
    heap: heapUsed,
    external,
    resident: rss,
    descriptors: count('/proc/self/fd'),
    threads: count('/proc/self/task'),
    folders: readdirSync(tmpdir()).filter(name => name.startsWith(`kneser-${process.pid}-`)).length,
  };
}

/** Trains a small model in a folder, and writes a text to score beside it. */
export async function prepare(folder: string, seed: number): Promise<{ model: string; text: string }> {
  const random = randomNumbers(seed);
  const sentences = Array.from({ length: 4000 }, () => sentenceOf(random, 20, 0));
  const model = join(folder, 'model');
  await train({ sentences, out: model, order: 3, patterns: { skip: true }, classes: 20, holdOut: 0.05 });
  const text = join(folder, 'text.txt');
  writeFileSync(text, sentences.map(sentence => sentence.join(' ') + '\n').join(''));
  return { model, text };
}

/** A sentence of 1 to `longest` words; short sentences are more frequent. Some of the words are new, and no new word comes twice. */
function sentenceOf(random: () => number, longest: number, unknown: number): string[] {
  return Array.from({ length: Math.floor(longest ** random()) }, () =>
    random() < unknown ? `u${random()}` : `w${Math.floor(3000 ** random())}`,
  );
}

/** Scores sentences of all sizes, many at a time, and measures the process from time to time. */
export async function scoreManyTimes(path: string, times: number, seed: number): Promise<Holdings[]> {
  const random = randomNumbers(seed);
  // The memory has room for so few blocks that blocks are read again and again.
  await using paged = await LanguageModel.open(path, { tables: 'page', blockMemory: 1 << 18, smoothing: 'mkn' });
  await using loaded = await paged.load();
  const holdings: Holdings[] = [];
  const every = Math.ceil(times / SAMPLES);
  for (let done = 0; done < times;) {
    const calls: Promise<unknown>[] = [];
    for (const end = Math.min(times, done + AT_ONCE); done < end; done++) {
      const tokens = sentenceOf(random, LONGEST, 0.05);
      const sentence = done % 3 === 0 ? tokens : tokens.join(' ');
      if (done % PAGED_EVERY === 0) calls.push(paged.score(sentence));
      else loaded.score(sentence);
      if ((done + 1) % every === 0) holdings.push(await lookAtHoldings());
    }
    await Promise.all(calls);
  }
  return holdings;
}

/** Opens a model, uses it in every way, and closes it, again and again. */
export async function openAndClose(path: string, text: string, times: number): Promise<Holdings[]> {
  const holdings: Holdings[] = [];
  for (let i = 0; i < times; i++) {
    await useOnce(path, text, i);
    if ((i + 1) % Math.ceil(times / SAMPLES) === 0) holdings.push(await lookAtHoldings());
  }
  return holdings;
}

async function useOnce(path: string, text: string, i: number): Promise<void> {
  await using model = await LanguageModel.open(path, { tables: i % 2 === 0 ? 'page' : 'load' });
  await Promise.all([
    model.score('w1 w2 nothing'),
    model.predict('w1'),
    model.perplexity(['w1 w2', 'w3']),
    model.perplexityOfFile(text, { threads: 2 }),
  ]);
  await using loaded = await model.load();
  loaded.score('w1');
  // The text is so long that threads score it.
  if (i % 10 === 0) await loaded.perplexityOfFile(text, { threads: 2 });
}

/** The names of the figures that grew from `before` to `after`, which none should. */
export function grown(before: Holdings, after: Holdings): string[] {
  const exact = (['descriptors', 'threads', 'folders'] as const).filter(name => after[name] > before[name]);
  const roughly = (['heap', 'external'] as const).filter(name => after[name] > before[name] + NOISE);
  return [...exact, ...roughly, ...(after.resident > before.resident + NOISE_RESIDENT ? ['resident'] : [])];
}

/** Calls of a server that never ends: 10,000,000 of them, and 200 openings of a model. */
export const long: Fault = async ({ times = 10_000_000, seed }) =>
  await withFolder(async folder => {
    const { model, text } = await prepare(folder, seed);
    const started = performance.now();
    const calls = await scoreManyTimes(model, times, seed);
    const seconds = (performance.now() - started) / 1000;
    const before = await lookAtHoldings();
    const cycles = await openAndClose(model, text, 200);
    const named: [string, Holdings][] = [
      ...calls.map((holdings, i): [string, Holdings] => [`calls ${i + 1}/${calls.length}`, holdings]),
      ['closed', before],
      ...cycles.map((holdings, i): [string, Holdings] => [`openings ${i + 1}/${cycles.length}`, holdings]),
    ];
    return {
      head: ['', 'heap, MB', 'external, MB', 'RSS, MB', 'descriptors', 'threads', 'folders'],
      rows: named.map(([name, { heap, external, resident, descriptors, threads, folders }]) => [
        name,
        ...[heap, external, resident].map(bytes => (bytes / 1e6).toFixed(1)),
        ...[descriptors, threads, folders].map(String),
      ]),
      notes: [`${times} calls in ${seconds.toFixed(0)} s`],
      broken: [
        // The first quarter is left out: code is compiled and caches fill up, which is no growth.
        ...grown(calls[Math.floor(calls.length / 4)], calls[calls.length - 1]).map(
          what => `${what} grew over the calls`,
        ),
        ...grown(cycles[Math.floor(cycles.length / 4)], cycles[cycles.length - 1]).map(
          what => `${what} grew over the openings`,
        ),
      ],
    };
  });
