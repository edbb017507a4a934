import { cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { exportArpa, importArpa, LanguageModel, pack, train } from '#kneser/src/index.js';
import { readAll, SUITE_OPTIONS, suiteSentences } from '../support/reading-suite.js';
import { temporaryFolder } from '../support/models.js';
import type * as Harness from './harness.js';
import { opened, suggested, useSite, type Visit } from './support.js';

const folder = temporaryFolder('browser');
const root = join(folder, 'site');
const site = useSite(root);

/** A model of some megabytes. */
const SENTENCES = 60_000;

beforeAll(async () => {
  mkdirSync(root);
  cpSync(inject('site'), root, { recursive: true });
  const entry = fileURLToPath(new URL('./harness.ts', import.meta.url));
  const outfile = join(root, 'harness.js');
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', target: 'es2022', platform: 'browser' });
  writeFileSync(join(root, 'harness.html'), '<!doctype html><title>harness</title>');
  await train({ sentences: suiteSentences(), out: join(folder, 'suite'), ...SUITE_OPTIONS });
  await pack({ model: join(folder, 'suite'), out: join(root, 'suite.kneser') });
  await train({ sentences: manySentences(), out: join(folder, 'large'), order: 4, patterns: { skip: true } });
  await pack({ model: join(folder, 'large'), out: join(root, 'large.kneser') });
});

function* manySentences(): Generator<string> {
  let seed = 1;
  const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let i = 0; i < SENTENCES; i++) {
    yield Array.from({ length: 12 }, () => `w${Math.floor(20_000 ** random())}`).join(' ');
  }
}

describe('a packed model in the browser', () => {
  let visit: Visit;
  let page: Page;
  let expected: Record<string, unknown>;

  beforeAll(async () => {
    expected = await readAll(options => LanguageModel.open(join(folder, 'suite'), options));
    visit = await site.visit();
    page = visit.page;
    await page.goto(`${site.url}harness.html`);
    await page.addScriptTag({
      type: 'module',
      content: `import * as harness from './harness.js'; globalThis.harness = harness;`,
    });
    await page.waitForFunction(() => 'harness' in globalThis);
  });
  afterAll(() => page.context().close());

  test.each(['buffer', 'blob', 'url', 'indexeddb'] as const)('is read as in Node, to the last bit: %s', async place => {
    const different = await page.evaluate(
      ([place, expected]) => {
        const { harness } = globalThis as unknown as { harness: typeof Harness };
        return harness.differences('suite.kneser', place, expected);
      },
      [place, JSON.parse(JSON.stringify(expected)) as Record<string, unknown>] as const,
    );
    expect(different).toEqual([]);
  });

  test('scores long texts as in Node, to the last bit', async () => {
    const sentences = [...manySentences()]
      .slice(0, 300)
      .map((sentence, i) => (i % 3 ? sentence : `${sentence} zebra w1`));
    const model = await LanguageModel.open(join(folder, 'large'));
    const wanted: number[][] = [];
    for (const sentence of sentences) wanted.push([...(await model.score(sentence)).log10Probs]);
    await model.close();
    const found = await page.evaluate(sentences => {
      const { harness } = globalThis as unknown as { harness: typeof Harness };
      return harness.log10Probs('large.kneser', 'blob', sentences);
    }, sentences);
    expect(found).toEqual(wanted);
  });

  test('is listed when it was kept, and deleted', async () => {
    const [before, after] = await page.evaluate(async () => {
      const { harness } = globalThis as unknown as { harness: typeof Harness };
      const before = await harness.listModels();
      await harness.deleteModel('harness');
      return [before, await harness.listModels()] as const;
    });
    expect(before.map(({ name }) => name)).toEqual(['harness']);
    expect(after).toEqual([]);
  });
});

describe('a packed model at an address', () => {
  test('suggests words, completes them and writes on, if it was imported from an ARPA file', async () => {
    const [counted, arpa, imported] = ['counted', 'model.arpa', 'imported'].map(name => join(folder, name));
    const sentences = Array.from({ length: 40 }, (_, i) => `the old bird ${['sang', 'sat', 'slept'][i % 3]}`);
    await train({ sentences, out: counted, order: 3 });
    await exportArpa({ model: counted, file: arpa });
    await importArpa({ file: arpa, out: imported });
    await pack({ model: imported, out: join(root, 'imported.kneser') });
    const { page, errors } = await site.visit();
    await page.fill('#address', 'imported.kneser');
    await page.keyboard.press('Enter');
    await opened(page, 'imported');
    await page.fill('#text', '');
    await page.focus('#text');
    await page.keyboard.type('the old ');
    expect((await suggested(page, 'the old'))[0]).toBe('bird');
    await page.keyboard.type('bird sl');
    expect(await suggested(page, 'sl')).toEqual(['slept']);
    await page.fill('#text', 'the old');
    await page.click('#write-on');
    await expect.poll(() => page.inputValue('#text')).toMatch(/^the old \S/);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('is opened and scored by ranges: little of it is fetched', async () => {
    const { page, errors } = await site.visit();
    await page.fill('#address', 'large.kneser');
    site.sent.clear();
    await page.keyboard.press('Enter');
    await opened(page, 'large');
    await page.fill('#text', 'w1 w2 w3 w5 w8 w13');
    await page.locator('#mirror span', { hasText: 'w13' }).waitFor({ state: 'attached' });
    const { size } = statSync(join(root, 'large.kneser'));
    expect(size).toBeGreaterThan(5e6);
    expect(site.sent.get('/large.kneser')).toBeLessThan(size / 4);
    expect(site.sent.get('/large.kneser')).toBeGreaterThan(0);
    // Kept, it needs no server.
    await page.click('#keep');
    await page.locator('#keep').waitFor({ state: 'hidden' });
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.context().setOffline(true);
    await page.reload();
    await page.click('button[aria-label="Open: large"]');
    await opened(page, 'large');
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
