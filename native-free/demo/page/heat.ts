import { heatScale, heatStep, type HeatScale } from '../../../src/report/heat.js';

/** How many colours there are, `h0` to `h8` in the style; the first is none. */
export const HEAT_STEPS = 9;

/** From certainty to drawing any word of the vocabulary: one scale for all texts, so that colours stay while one types. */
export function scaleOf(vocabulary: number): HeatScale {
  return heatScale([Float64Array.of(1, vocabulary)]);
}

/** The class of a value. */
export function heatClass(value: number, scale: HeatScale): string {
  return `h${heatStep(value, scale, HEAT_STEPS)}`;
}
