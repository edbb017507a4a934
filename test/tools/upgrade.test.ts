import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { LanguageModel, train, upgrade, verify, type OpenOptions, type TrainOptions } from '#kneser/src/index.js';
import { openModel } from '#kneser/src/model/open-model.js';
import { temporaryFolder } from '../support/models.js';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const old = (name: string): string => join(fixtures, 'model-0.1.0', name);
const folder = temporaryFolder('upgrade');
const text = join(fixtures, 'kenlm.train.txt');

interface Scores {
  readonly sentences: readonly string[];
  readonly scores: readonly {
    readonly model: string;
    readonly options: OpenOptions;
    readonly cached: boolean;
    /** By sentence and token. */
    readonly log10Probs: readonly (readonly number[])[];
  }[];
}

/** The models of version 0.1.0, made into ones of the present format. */
const upgraded = (name: string): string => join(folder, 'upgraded', name);

beforeAll(async () => {
  for (const name of ['plain', 'mixture', 'mixture.kneser']) await upgrade({ model: old(name), out: upgraded(name) });
});

const { sentences, scores } = JSON.parse(readFileSync(old('scores.json'), 'utf8')) as Scores;

/** All keys of a model with their values, and its weights, as text. */
async function contents(path: string): Promise<{ values: [string, string][]; weights: [string, string][] }> {
  const { store, files } = await openModel(path);
  const values: [string, string][] = [];
  for await (const [key, value] of store.entries()) {
    values.push([Buffer.from(key).toString('latin1'), Buffer.from(value).toString('hex')]);
  }
  await store.close();
  return { values, weights: [...files.weights].map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]) };
}

describe('models made by version 0.1.0', () => {
  it.each(scores)('score as they did: $model $options, cached $cached', async ({ model, options, cached, ...said }) => {
    for (const tables of ['page', 'load'] as const) {
      await using opened = await LanguageModel.open(upgraded(model), { ...options, tables });
      const cache = cached ? opened.createCache() : undefined;
      const found: number[][] = [];
      for (const sentence of sentences) found.push([...(await opened.score(sentence, { cache })).log10Probs]);
      expect(found).toEqual(said.log10Probs);
    }
  });

  it('are refused with the command that upgrades them', async () => {
    const failure = await LanguageModel.open(old('plain')).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'KNESER_VERSION',
      message: expect.stringContaining(`kneser upgrade ${old('plain')}`) as string,
    });
    const again = await upgrade({ model: upgraded('plain'), out: join(folder, 'again') }).catch(
      (error: unknown) => error,
    );
    expect(again).toMatchObject({
      code: 'KNESER_OPTION',
      message: expect.stringContaining('has the present format already') as string,
    });
  });

  it.each(['plain', 'mixture'])('are sound: %s', async name => {
    expect(await verify(upgraded(name))).toMatchObject({ sound: true, found: 0 });
  });

  const options: Record<string, Omit<TrainOptions, 'files' | 'sentences' | 'out'>> = {
    plain: { order: 3 },
    mixture: { order: 3, patterns: { skip: true }, classes: 5, holdOut: 0.2 },
  };
  it.each(Object.entries(options))('training makes the same model key for key: %s', async (name, how) => {
    const out = join(folder, name);
    await train({ files: [text], out, ...how });
    const [made, before] = [await contents(out), await contents(upgraded(name))];
    expect(made.values).toEqual(before.values);
    // Weights have more parts than those of 0.1.0, which score as they did.
    expect(made.weights.map(([set]) => set)).toEqual(before.weights.map(([set]) => set));
  });

  it('unfinished trainings of version 0.1.0 are resumed', async () => {
    const out = join(folder, 'interrupted');
    cpSync(old('interrupted'), out, { recursive: true });
    const how = { order: 12, patterns: { list: ['1_1'] } };
    const reached: (string | undefined)[] = [];
    // The text is in the folder: sentences that were read whole are not read again.
    const onResume = (said: string | undefined): number => reached.push(said);
    await train({ sentences: [], out, ...how, resume: true, onResume });
    expect(reached).toEqual(['counted 11 of 12 tables']);
    const whole = join(folder, 'whole');
    const lines = readFileSync(text, 'utf8').trimEnd().split('\n');
    await train({ sentences: [...lines, ...new Array<string>(17_000).fill('')], out: whole, ...how });
    expect(await contents(out)).toEqual(await contents(whole));
  });
});
