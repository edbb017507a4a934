/** Tokens are grouped by their position in the sentence: the first position of each group. The last group is open. */
const POSITIONS = [1, 2, 3, 4, 6, 11, 21, 41, 81];

/** The index of the group of a position; −1 for the position 0, which a table of another program may have. */
export function positionGroup(position: number): number {
  return POSITIONS.findLastIndex(least => position >= least);
}

/** The range of positions of a group, such as `4–5`. @param index of the group. */
export function positionName(index: number): string {
  const from = POSITIONS[index] ?? 0;
  const next = index + 1 < POSITIONS.length ? POSITIONS[index + 1] : Infinity;
  if (next === from + 1) return String(from);
  return next === Infinity ? `${from} and more` : `${from}–${next - 1}`;
}
