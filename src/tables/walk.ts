import type { TableCursor } from './cursor.js';

/** What is done at each context of a walk. Contexts at level k are those of the k-th cursor. */
export interface Visitor {
  /** Before the contexts that are one word longer. */
  open?(level: number, cursor: TableCursor): void;
  /** After them. Returns a promise where the walk has to wait. */
  close(level: number, cursor: TableCursor): Promise<void> | undefined;
}

/**
 * Goes through the contiguous tables of consecutive orders at once, depth first: tables are sorted by the nearest word
 * first, so the contexts that prolong a context to the left stand together, in all tables in the same order. Each table
 * is read once, front to back.
 */
export async function walk(cursors: readonly TableCursor[], visitor: Visitor): Promise<void> {
  let level = 0;
  while (!cursors[0].done) {
    visitor.open?.(level, cursors[level]);
    while (level >= 0) {
      const cursor = cursors[level];
      if (level + 1 < cursors.length && prolongs(cursors[level + 1], cursor)) {
        level++;
        visitor.open?.(level, cursors[level]);
        continue;
      }
      const closing = visitor.close(level, cursor);
      if (closing) await closing;
      const reading = cursor.advance();
      if (reading) await reading;
      level--;
    }
    level = 0;
  }
}

function prolongs({ context, done }: TableCursor, shorter: TableCursor): boolean {
  if (done) return false;
  const words = shorter.context;
  for (let j = 0; j < words.length; j++) if (context[j] !== words[j]) return false;
  return true;
}
