import { heatScale, heatStep, type HeatScale } from '../../../src/report/heat.js';

/** Number of colours, `h0` to `h8` in the style; `h0` is no colour. */
export const HEAT_STEPS = 9;

/** The scale ends at the size of the vocabulary, the perplexity of a blind guess, and begins at this many times less. */
const WIDTH = 1000;

/** One scale for all texts, so that colours do not change while the user types. */
export function scaleOf(vocabulary: number): HeatScale {
  return heatScale([Float64Array.of(Math.max(1, vocabulary / WIDTH), vocabulary)]);
}

/** The CSS class of a value. */
export function heatClass(value: number, scale: HeatScale): string {
  return `h${heatStep(value, scale, HEAT_STEPS)}`;
}
