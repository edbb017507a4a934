/**
 * Exponentials and logarithms that give the same bits on every machine. The functions of JavaScript engines differ in the last bit, even
 * from one version of an engine to the next; these functions only add, multiply and divide. The algorithms are fdlibm's (Sun Microsystems;
 * FreeBSD's e_log.c, e_log10.c and e_exp.c), with errors below one unit in the last place.
 */

const double = new Float64Array(1);
/** The two 32-bit halves of `double`. */
const halves = new Uint32Array(double.buffer);
/** The index of the half with the sign, the exponent and the first 20 bits of the mantissa. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0];

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;

/** POWERS[i] = 2^(1024 − i): multiplying by a power of two is exact. */
const POWERS = Float64Array.from({ length: 2048 }, (_, i) => 2 ** (1024 - i));

/** ln x. */
export function log(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : NaN;
  double[0] = x;
  const high = halves[HIGH];
  if (high < 0x100000) return logOfSubnormal(log, x, 37.42994775023705);
  const exponent = (high >>> 20) - 1023;
  return logOf(x, high & 0xfffff, exponent, exponent);
}

/** log₁₀ x. */
export function log10(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : NaN;
  double[0] = x;
  const high = halves[HIGH];
  if (high < 0x100000) return logOfSubnormal(log10, x, 16.255619765854984);
  const exponent = (high >>> 20) - 1023;
  const below = exponent < 0 ? -1 : 0;
  const whole = exponent - below;
  const rest =
    whole * 3.69423907715893078616e-13 + 4.34294481903251816668e-1 * logOf(x, high & 0xfffff, exponent, below);
  return rest + whole * 3.01029995663611771306e-1;
}

/** The logarithm of a subnormal x, computed as the logarithm of x · 2⁵⁴ minus `shift`. @param shift the logarithm of 2⁵⁴. */
function logOfSubnormal(logarithm: (x: number) => number, x: number, shift: number): number {
  return logarithm(x * 2 ** 54) - shift;
}

/**
 * ln x, in which `counted` stands in place of the exponent of x: ln(x / 2^exponent) + `counted` · ln 2.
 *
 * @param mantissa the first 20 bits of the mantissa of x.
 * @param exponent the whole number with 2^exponent ≤ x < 2^(exponent + 1).
 */
function logOf(x: number, mantissa: number, exponent: number, counted: number): number {
  // x = 2^(exponent + up) · (1 + f), √2/2 < 1 + f < √2
  const up = (mantissa + 0x95f64) >>> 20;
  const f = x * POWERS[1024 + exponent + up] - 1;
  const k = counted + up;
  if ((0xfffff & (2 + mantissa)) < 3) {
    if (f === 0) return k * LN2_HIGH + k * LN2_LOW;
    const rest = f * f * (0.5 - 0.33333333333333333 * f);
    return k === 0 ? f - rest : k * LN2_HIGH - (rest - k * LN2_LOW - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const rest = odd + even;
  if (((mantissa - 0x6147a) | (0x6b851 - mantissa)) > 0) {
    const square = 0.5 * f * f;
    return k === 0
      ? f - (square - s * (square + rest))
      : k * LN2_HIGH - (square - (s * (square + rest) + k * LN2_LOW) - f);
  }
  return k === 0 ? f - s * (f - rest) : k * LN2_HIGH - (s * (f - rest) - k * LN2_LOW - f);
}

/** eˣ. */
export function exp(x: number): number {
  if (x > 7.09782712893383973096e2) return Infinity;
  if (x < -7.4513321910194110842e2) return 0;
  const size = Math.abs(x);
  let power = 0;
  let high = x;
  let low = 0;
  let reduced = x;
  double[0] = size;
  const highBits = halves[HIGH];
  if (highBits > 0x3fd62e42) {
    if (x === 1) return Math.E;
    if (highBits < 0x3ff0a2b2) power = x < 0 ? -1 : 1;
    else power = Math.trunc(1.442695040888963387 * x + (x < 0 ? -0.5 : 0.5));
    high = x - power * LN2_HIGH;
    low = power * LN2_LOW;
    reduced = high - low;
  } else if (highBits < 0x3e300000) {
    return 1 + x;
  }
  const t = reduced * reduced;
  const c =
    reduced -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));
  if (power === 0) return 1 - ((reduced * c) / (c - 2) - reduced);
  const y = 1 - (low - (reduced * c) / (2 - c) - high);
  if (power === 1024) return y * 2 * 2 ** 1023;
  return power >= -1021 ? y * POWERS[1024 - power] : y * POWERS[24 - power] * POWERS[2024];
}

const LN10 = 2.302585092994046;
/** ln 10 − LN10: the rounding error of LN10. */
const LN10_REST = -2.1707562233822494e-16;
const SPLIT = 2 ** 27 + 1;
const LN10_UPPER = upper(LN10);
const LN10_LOWER = LN10 - LN10_UPPER;

/** 10ˣ. */
export function exp10(x: number): number {
  const product = x * LN10;
  const power = exp(product);
  if (!(power > 0 && power < Infinity) || x === 0) return power;
  // The rounding error of the product (T. J. Dekker 1971).
  const above = upper(x);
  const below = x - above;
  const lost =
    below * LN10_LOWER - (product - above * LN10_UPPER - below * LN10_UPPER - above * LN10_LOWER) + x * LN10_REST;
  return power + power * lost;
}

/** The upper 26 bits of the mantissa of x (Veltkamp's splitting, in T. J. Dekker 1971). */
function upper(x: number): number {
  const large = x * SPLIT;
  return large - (large - x);
}
