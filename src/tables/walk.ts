import type { TableCursor } from './cursor.js';

/** The functions that are called at each context of a walk. The level is the index of the context's cursor. */
export interface Visitor {
  /** Called at a context, before the contexts that are one word longer to the left. */
  open?(level: number, cursor: TableCursor): void;
  /** Called at the same context, after its longer contexts. If it returns a promise, the walk waits for it. */
  close(level: number, cursor: TableCursor): Promise<void> | undefined;
}

/**
 * Walks over the contexts of all contiguous tables, depth first: after a context come the contexts that extend it to the left. Tables are
 * sorted by the nearest context word first, so that these contexts are consecutive in their table, and each table is read once, front to
 * back.
 *
 * - Input: the cursors of `openCursors`, each at its first context.
 * - Output: calls of the visitor.
 *
 * @throws KNESER_DAMAGED, also if a table has contexts that extend no shorter context.
 */
export async function walk(cursors: readonly TableCursor[], visitor: Visitor): Promise<void> {
  let level = 0;
  while (!cursors[0].done) {
    visitor.open?.(level, cursors[level]);
    while (level >= 0) {
      const cursor = cursors[level];
      if (level + 1 < cursors.length && cursors[level + 1].extendsShorter()) {
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
  for (const cursor of cursors) cursor.expectDone();
}
