import { heatScale, heatStep, type HeatScale } from '../../../src/report/heat.js';

/** How many colours there are, `h0` to `h8` in the style; the first is none. */
export const HEAT_STEPS = 9;

/** A scale ends at a blind guess, as likely to be any word of the vocabulary, and begins at so many times less. */
const WIDTH = 1000;

/** One scale for all texts, so that colours stay while one types. */
export function scaleOf(vocabulary: number): HeatScale {
  return heatScale([Float64Array.of(Math.max(1, vocabulary / WIDTH), vocabulary)]);
}

/** The class of a value. */
export function heatClass(value: number, scale: HeatScale): string {
  return `h${heatStep(value, scale, HEAT_STEPS)}`;
}
