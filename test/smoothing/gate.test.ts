import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Gate } from '#kneser/src/smoothing/gate.js';

const SIZES = [3, 2];
const EXPERTS = 4;

/** Parameters, the values of the features, which experts are present, and the experts' probabilities of a word. */
const cases = fc.record({
  parameters: fc.array(fc.double({ min: -150, max: 150, noNaN: true }), { minLength: 18, maxLength: 18 }),
  features: fc.tuple(fc.nat(SIZES[0] - 1), fc.nat(SIZES[1] - 1)),
  present: fc.array(fc.nat(1), { minLength: EXPERTS - 1, maxLength: EXPERTS - 1 }),
  probabilities: fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: EXPERTS, maxLength: EXPERTS }),
});

describe('Gate', () => {
  test('shares are a softmax over the experts that are present', () => {
    expect(Gate.parameters(EXPERTS, SIZES)).toBe(18);
    fc.assert(
      fc.property(cases, ({ parameters, features, present }) => {
        const gate = new Gate(EXPERTS, SIZES, Float64Array.from(parameters));
        gate.weigh(features, Uint8Array.of(1, ...present));
        expect(gate.shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
        const logits = [0, 1, 2].map(
          j => parameters[6 * j] + parameters[6 * j + 1 + features[0]] + parameters[6 * j + 4 + features[1]],
        );
        present.forEach((is, j) => {
          if (is === 0) expect(gate.shares[j + 1]).toBe(0);
          else if (Math.abs(logits[j]) < 30)
            expect(Math.log(gate.shares[j + 1] / gate.shares[0])).toBeCloseTo(logits[j], 6);
        });
      }),
    );
  });

  test('the gradient is that of −ln P', () => {
    fc.assert(
      fc.property(cases, ({ parameters, features, present, probabilities }) => {
        const values = Float64Array.from(parameters, value => value / 50);
        const gate = new Gate(EXPERTS, SIZES, values);
        const experts = Uint8Array.of(1, ...present);
        const ps = Float64Array.from(probabilities);
        const mixed = (): number => {
          gate.weigh(features, experts);
          return gate.mix(ps);
        };
        const gradient = new Float64Array(values.length);
        gate.backward(gradient, features, ps, mixed());
        values.forEach((value, i) => {
          const nats = [1e-5, -1e-5].map(step => {
            values[i] = value + step;
            return -Math.log(mixed());
          });
          values[i] = value;
          expect(gradient[i]).toBeCloseTo((nats[0] - nats[1]) / 2e-5, 5);
        });
      }),
      { numRuns: 30 },
    );
  });
});
