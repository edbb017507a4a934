/** 1 − (edit distance of two texts, Levenshtein 1966) / (length of the longer text), both in UTF-16 code units; 1 for two empty texts. */
export function editSimilarity(a: string, b: string): number {
  if (a === b) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return 1 - row[b.length] / Math.max(a.length, b.length);
}

/** The F of ROUGE-L (Lin 2004) of two lists of tokens: 2 · (length of their longest common subsequence) / (sum of their lengths); 1 for two empty lists. */
export function rougeL(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const token of a) {
    const next = [0];
    b.forEach((other, j) => next.push(token === other ? row[j] + 1 : Math.max(row[j + 1], next[j])));
    row = next;
  }
  return a.length + b.length === 0 ? 1 : (2 * row[b.length]) / (a.length + b.length);
}
