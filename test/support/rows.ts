import type { ModelStore } from '#kneser/src/store/store.js';
import { openCursor } from '#kneser/src/tables/open-cursor.js';
import type { Manifest } from '#kneser/src/tables/manifest.js';
import { parsePattern } from '#kneser/src/tables/pattern.js';

/** All rows of all tables, as text: the context, nearest word first, the word, the count, and the numbers of a back-off model. */
export async function readRows(
  store: ModelStore,
  { tables }: Pick<Manifest, 'tables'>,
): Promise<Map<string, string[]>> {
  const texts = new Map<string, string[]>();
  for (const { pattern } of tables) {
    const rows: string[] = [];
    const width = parsePattern(pattern)?.length ?? 0;
    const cursor = await openCursor(store, pattern, width, () => undefined);
    for (; !cursor.done; await cursor.advance()) {
      const { context, from, to, words, counts, log10Probs, backoff } = cursor;
      for (let i = from; i < to; i++)
        rows.push([...context, words[i], counts[i], log10Probs.at(i) ?? 0, backoff].join(' '));
    }
    texts.set(pattern, rows);
  }
  return texts;
}
