/** Added to the diagonal of the Hessian: the weight of the squared coefficients, so that features that separate all examples do not diverge. */
const RIDGE = 1e-3;
const MOST_STEPS = 50;

/** A logistic regression: the intercept, then a coefficient for each feature. */
export type Logistic = Float64Array;

/**
 * Fits a logistic regression by Newton's method.
 *
 * @param features by example, its features.
 * @param labels by example, whether it is positive.
 */
export function fitLogistic(features: readonly Float64Array[], labels: readonly boolean[]): Logistic {
  const size = 1 + features[0].length;
  const weights = new Float64Array(size);
  for (let step = 0; step < MOST_STEPS; step++) {
    const gradient = weights.map(weight => -RIDGE * weight);
    const hessian = Array.from({ length: size }, (_, i) =>
      Float64Array.from({ length: size }, (_, j) => (i === j ? RIDGE : 0)),
    );
    features.forEach((example, n) => {
      const p = 1 / (1 + Math.exp(-scoreLogistic(weights, example)));
      const error = (labels[n] ? 1 : 0) - p;
      const at = (i: number): number => (i === 0 ? 1 : example[i - 1]);
      for (let i = 0; i < size; i++) {
        gradient[i] += error * at(i);
        for (let j = 0; j < size; j++) hessian[i][j] += p * (1 - p) * at(i) * at(j);
      }
    });
    const change = solve(hessian, gradient);
    for (let i = 0; i < size; i++) weights[i] += change[i];
    if (change.every(value => Math.abs(value) < 1e-8)) break;
  }
  return weights;
}

/** The log odds that an example is positive. */
export function scoreLogistic(weights: Logistic, example: Float64Array): number {
  let sum = weights[0];
  for (let i = 0; i < example.length; i++) sum += weights[i + 1] * example[i];
  return sum;
}

/** Solves a system of linear equations by Gaussian elimination with pivots. Overwrites both arguments. */
function solve(matrix: Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(matrix[row][column]) > Math.abs(matrix[pivot][column])) pivot = row;
    }
    [matrix[column], matrix[pivot]] = [matrix[pivot], matrix[column]];
    [right[column], right[pivot]] = [right[pivot], right[column]];
    for (let row = column + 1; row < size; row++) {
      const factor = matrix[row][column] / matrix[column][column];
      for (let i = column; i < size; i++) matrix[row][i] -= factor * matrix[column][i];
      right[row] -= factor * right[column];
    }
  }
  const solution = new Float64Array(size);
  for (let row = size - 1; row >= 0; row--) {
    let rest = right[row];
    for (let i = row + 1; i < size; i++) rest -= matrix[row][i] * solution[i];
    solution[row] = rest / matrix[row][row];
  }
  return solution;
}
