/** Terms of the continued fraction; it converges in far fewer for the degrees of freedom of a test over sentences. */
const MOST_TERMS = 10_000;
const TINY = 1e-300;

/**
 * The two-sided p of a value of Student's t: the probability of a value at least as far from 0. It is I_x(ν/2, 1/2) with
 * x = ν / (ν + t²), where I is the regularized incomplete beta function (Abramowitz and Stegun 1964, equation 26.7.1).
 *
 * @param freedom ν, the degrees of freedom; at least 1.
 */
export function studentP(t: number, freedom: number): number {
  if (!Number.isFinite(t)) return 0;
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 1 / 2);
}

/** I_x(a, b), by its continued fraction (Abramowitz and Stegun 1964, equation 26.5.8), evaluated by Lentz's method. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast for x below this mean of the beta distribution; otherwise the symmetric one is used.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  let fraction = 1;
  let above = 1;
  let below = 0;
  for (let term = 0; term < MOST_TERMS; term++) {
    const m = term >> 1;
    const numerator =
      term === 0
        ? 1
        : term % 2 === 0
          ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
          : -((a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    below = 1 / nonzero(1 + numerator * below);
    above = nonzero(1 + numerator / above);
    fraction *= above * below;
    if (Math.abs(1 - above * below) < 1e-15) break;
  }
  return front * (fraction - 1);
}

function nonzero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** ln Γ(x) for x > 0: Stirling's series (Abramowitz and Stegun 1964, equation 6.1.41), after x was raised to 10 or more. */
function logGamma(x: number): number {
  let shift = 0;
  for (; x < 10; x++) shift += Math.log(x);
  const square = x * x;
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - shift;
}
