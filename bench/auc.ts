/** The area under the ROC curve: the probability that a positive example has a higher score than a negative one; equal scores count half. */
export function auc(scores: readonly number[], labels: readonly boolean[]): number {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]);
  let ranks = 0;
  let positives = 0;
  for (let from = 0, to = from; from < order.length; from = to) {
    while (to < order.length && scores[order[to]] === scores[order[from]]) to++;
    // Equal scores share the mean of their ranks, which are from + 1 … to.
    for (const i of order.slice(from, to)) {
      if (!labels[i]) continue;
      positives++;
      ranks += (from + 1 + to) / 2;
    }
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (labels.length - positives));
}
