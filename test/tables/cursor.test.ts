import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importArpa, train } from '#kneser/src/index.js';
import { openModel } from '#kneser/src/model/open-model.js';
import { MANIFEST_KEY, trieBlockKey, trieKey } from '#kneser/src/store/keys.js';
import type { ModelStore } from '#kneser/src/store/store.js';
import type { TableCursor } from '#kneser/src/tables/cursor.js';
import { decodeManifest } from '#kneser/src/tables/manifest.js';
import { openCursor, openCursors } from '#kneser/src/tables/open-cursor.js';
import { walk } from '#kneser/src/tables/walk.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('cursor');
const random = randomNumbers(3);
const word = (): string => `w${Math.floor(200 ** random())}`;

/** A model of counts; the followers of `w0` fill several blocks. */
async function counted(): Promise<string> {
  const sentences = Array.from({ length: 600 }, () => Array.from({ length: 1 + Math.floor(9 * random()) }, word));
  for (let i = 0; i < 9000; i++) sentences.push(['w0', `x${i}`]);
  const out = join(folder, 'counted');
  await train({ sentences, out, order: 4, prune: [0, 0, 0, 1] });
  return out;
}

/** A back-off model with contexts that have no followers. */
async function backoffs(): Promise<string> {
  const lines = ['\\data\\', 'ngram 1=5', 'ngram 2=4', 'ngram 3=2', '', '\\1-grams:'];
  lines.push(...['<unk>', '<s>', '</s>', 'a', 'b'].map((text, i) => `-1.${i}\t${text}\t-0.${i + 1}`));
  lines.push('', '\\2-grams:', '-0.5\ta b\t-0.25', '-0.5\tb a\t-0.5', '-0.5\tb b\t-0.125', '-0.5\t<s> a');
  lines.push('', '\\3-grams:', '-0.1\ta b a', '-0.2\tb b b', '', '\\end\\', '');
  writeFileSync(join(folder, 'text.arpa'), lines.join('\n'));
  const out = join(folder, 'backoffs');
  await importArpa({ file: join(folder, 'text.arpa'), out });
  return out;
}

function rowsOf({
  context,
  words,
  counts,
  log10Probs,
  backoff,
  from,
  to,
  pruned,
  row,
  contextIndex,
}: TableCursor): string {
  const members = [context, words.slice(from, to), counts.slice(from, to), log10Probs.slice(from, to)];
  return JSON.stringify([...members.map(array => [...array]), backoff, pruned, row, contextIndex]);
}

async function tablesOf(store: ModelStore): Promise<string[]> {
  const { tables } = decodeManifest((await store.get(MANIFEST_KEY)) ?? new Uint8Array());
  return tables.map(({ pattern }) => pattern);
}

test.for([
  ['of counts', counted],
  ['with back-offs', backoffs],
] as const)('a walk over the tries of a model %s has the contexts of each table', async ([, make]) => {
  const { store } = await openModel(await make());
  const names = await tablesOf(store);
  const walked: string[][] = names.map(() => []);
  let read = 0;
  await walk(await openCursors(store, names, rows => void (read += rows)), {
    close: (level, cursor) => void walked[level].push(rowsOf(cursor)),
  });
  let all = 0;
  for (const [level, name] of names.entries()) {
    const alone: string[] = [];
    const cursor = await openCursor(store, name, level, rows => void (all += rows));
    for (; !cursor.done; await cursor.advance()) alone.push(rowsOf(cursor));
    expect(walked[level]).toEqual(alone);
  }
  expect(read).toBe(all);
  await store.close();
});

/** A text of one sentence, of words that it does not repeat. */
const distinct = (length: number): string[][] => [Array.from({ length }, (_, i) => `d${i}`)];
const many = (sentences: number): string[][] =>
  Array.from({ length: sentences }, () => Array.from({ length: 9 }, word));

test.for([
  ['contexts', distinct(50), distinct(5), '1111 is damaged (it has contexts that extend no context of the order below'],
  ['followers', many(400), many(400), '111 is damaged (a longer n-gram has a word that follows no shorter context'],
] as const)('a walk refuses a table above others with too few %s', async ([name, longer, shorter, reason]) => {
  const trained = async (
    kind: string,
    sentences: readonly string[][],
  ): Promise<Awaited<ReturnType<typeof openModel>>> => {
    const out = join(folder, `${name}-${kind}`);
    await train({ sentences, out, order: 4 });
    return openModel(out);
  };
  const models = [await trained('longer', longer), await trained('shorter', shorter)] as const;
  const [{ store: other }, { store }] = models;
  const names = await tablesOf(other);
  const longest = new Set(
    [trieKey(names[3]), ...Array.from({ length: 99 }, (_, i) => trieBlockKey(names[3], i))].map(String),
  );
  const mixed: ModelStore = {
    ...store,
    name: 'mixed',
    getMany: async keys => Promise.all(keys.map(async key => (longest.has(String(key)) ? other : store).get(key))),
  };
  const walking = openCursors(mixed, names, () => undefined).then(async cursors =>
    walk(cursors, { close: () => undefined }),
  );
  await expect(walking).rejects.toThrow(`mixed: table ${reason})`);
  await Promise.all(models.map(async model => model.store.close()));
});
