import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch } from '#kneser/src/smoothing/batch.js';
import { Evidence, FIELDS } from '#kneser/src/smoothing/evidence.js';
import { createLattice } from '#kneser/src/smoothing/lattice.js';
import { Mixture } from '#kneser/src/smoothing/mixture.js';
import { MixturePass, PASS_WORDS } from '#kneser/src/smoothing/mixture-pass.js';
import { parameterStarts } from '#kneser/src/smoothing/parameters.js';
import { choosePatterns } from '#kneser/src/tables/pattern.js';
import { randomNumbers } from '#kneser/src/base/random.js';

test('a pass over many words has the probabilities of each word alone, to the last bit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: PASS_WORDS }),
      fc.integer({ min: 1, max: 2 ** 30 }),
      (order, skip, learned, length, seed) => {
        const random = randomNumbers(seed);
        const below = (n: number): number => Math.floor(n * random());
        const tables = choosePatterns(order, { skip }).map((pattern, index) => ({
          pattern,
          discounts: { values: [random(), 2 * random(), 3 * random()] as const, fallback: false },
          index,
        }));
        const lattice = createLattice(tables, 50);
        const count = parameterStarts(lattice)[tables.length];
        const parameters = learned ? Float64Array.from({ length: count }, () => 4 * random() - 2) : undefined;
        const mixture = new Mixture(lattice, parameters);
        const batch: Batch = {
          ids: Uint32Array.from({ length: length + 4 }, () => below(50)),
          targets: Uint32Array.from({ length }, (_, t) => t + 4),
          available: Uint8Array.from({ length }, () => below(order)),
          oov: new Uint8Array(length),
          length,
        };
        const evidence = new Evidence(tables.length, length);
        for (let at = 0; at < evidence.data.length; at += FIELDS) {
          // A context is seen or not; its counts may be 0, 1, 2, and more. All numbers of one that was not seen are 0.
          const followers = below(2) * (1 + below(6));
          const ones = below(followers + 1);
          const twos = below(followers - ones + 1);
          const total = followers === 0 ? 0 : ones + 2 * twos + 3 * (followers - ones - twos) + below(1000);
          evidence.data.set(
            [followers === 0 ? 0 : below(5), total, ones, twos, followers, total === 0 ? 0 : below(2)],
            at,
          );
        }
        const from = below(length);
        const pass = new MixturePass(mixture);
        pass.run(evidence, batch, from, length);
        for (let t = from; t < length; t++) {
          const alone = mixture.probability(evidence, batch, t);
          expect(Object.is(pass.probability(t - from, batch.available[t]), alone)).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
});
