import { exp } from '../base/elementary.js';
import type { Pause } from '../base/turn.js';

/** Passes over the text. */
const EPOCHS = 10;
/** About how many words one step takes. */
const STEP_WORDS = 1024;
/** The step size of Adam (Kingma & Ba 2015) at the first and at the last step. */
const FIRST_RATE = 0.04;
const LAST_RATE = 0.004;
/** The decay of the moving averages of Adam, for each step: of the gradient (β1), and of its square (β2). */
const MEAN_DECAY = 0.9;
const SQUARE_DECAY = 0.99;
/** Weight of the Gaussian prior around the starting values: a parameter that is 1 from its starting value costs 0.5 nats. */
const PRIOR = 0.5;

/** Parameters that are being learned, with their gradient and the moving averages of Adam. All arrays are by parameter. */
export class Parameters {
  /** The gradient of the negative log likelihood [nats], summed over the words of a step. */
  readonly gradient: Float64Array;
  private readonly start: Float64Array;
  private readonly mean: Float64Array;
  private readonly square: Float64Array;
  /** The weight that each moving average still gives to its initial value 0, for the bias correction of Adam. */
  private meanBias = 1;
  private squareBias = 1;

  constructor(readonly values: Float64Array) {
    this.start = values.slice();
    this.gradient = new Float64Array(values.length);
    this.mean = new Float64Array(values.length);
    this.square = new Float64Array(values.length);
  }

  /**
   * Takes one step of Adam, and sets the gradient to 0.
   *
   * @param words number of words over which the gradient is summed.
   * @param share the share of the text that these words are.
   */
  step(rate: number, words: number, share: number): void {
    const { values, start, gradient, mean, square } = this;
    const meanScale = 1 / (1 - (this.meanBias *= MEAN_DECAY));
    const squareScale = 1 / (1 - (this.squareBias *= SQUARE_DECAY));
    for (let i = 0; i < values.length; i++) {
      const slope = (gradient[i] + 2 * PRIOR * share * (values[i] - start[i])) / words;
      mean[i] = MEAN_DECAY * mean[i] + (1 - MEAN_DECAY) * slope;
      square[i] = SQUARE_DECAY * square[i] + (1 - SQUARE_DECAY) * slope * slope;
      values[i] -= (rate * mean[i] * meanScale) / (Math.sqrt(square[i] * squareScale) + 1e-8);
      gradient[i] = 0;
    }
  }
}

/**
 * Gradient descent (Adam) on the negative log likelihood of a text, plus a Gaussian prior that keeps a parameter near its starting value
 * where the text has little evidence. Changes the values of the parameters in place. Deterministic.
 *
 * @param words number of words of the text.
 * @param addWord adds the derivatives of −ln p of word `t` by the parameters to their gradients. @returns −ln p [nats].
 * @param onStep called after each step, when the values have changed.
 * @param onEpoch called after each pass with its number from 1, the number of passes, and the perplexity during the pass.
 * @param pause awaited after each step.
 */
export async function descend(
  parameters: readonly Parameters[],
  words: number,
  addWord: (t: number) => number,
  onStep: () => void,
  onEpoch: (epoch: number, epochs: number, perplexity: number) => void,
  pause: Pause,
): Promise<void> {
  const steps = Math.ceil(words / STEP_WORDS);
  const allSteps = EPOCHS * steps;
  let taken = 0;
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    let nats = 0;
    for (let step = 0; step < steps; step++) {
      let count = 0;
      // Every step sees words from all over the text.
      for (let t = step; t < words; t += steps, count++) nats += addWord(t);
      taken++;
      const rate = FIRST_RATE + ((LAST_RATE - FIRST_RATE) * taken) / allSteps;
      for (const some of parameters) some.step(rate, count, count / words);
      onStep();
      await pause();
    }
    onEpoch(epoch, EPOCHS, exp(nats / words));
  }
}
