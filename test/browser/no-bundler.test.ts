import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { LanguageModel, pack, train } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';
import { smallText, useSite } from './support.js';

const top = fileURLToPath(new URL('../../', import.meta.url));
const folder = temporaryFolder('no-bundler');
const root = join(folder, 'site');
const site = useSite(root);
const sentences = smallText().trim().split('\n');

/** The page of docs/native-free.md, word for word. At its end it sends its figures to the test. */
function documentedPage(): string {
  const [, html] = /```html\n([^]*?)```/.exec(readFileSync(join(top, 'docs/native-free.md'), 'utf8')) ?? [];
  expect(html).toContain("from '/node_modules/kneser/dist/browser/index.js'");
  const found = 'globalThis.found = { tokens, log10Probs: [...log10Probs], perplexity, next, vector };';
  return `<!doctype html><title>page</title><link rel="icon" href="data:,">\n${html.replace('</script>', `${found}\n</script>`)}`;
}

beforeAll(async () => {
  cpSync(join(top, 'dist/browser'), join(root, 'node_modules/kneser/dist/browser'), { recursive: true });
  mkdirSync(root, { recursive: true });
  await train({ sentences, out: join(folder, 'model'), order: 3 });
  await pack({ model: join(folder, 'model'), out: join(root, 'model.kneser') });
  writeFileSync(join(root, 'index.html'), documentedPage());
});

test('the documented page without a bundler scores as Node does', async () => {
  const { page, errors } = await site.visit();
  await page.waitForFunction(() => 'found' in globalThis);
  const found = await page.evaluate(() => (globalThis as unknown as { found: { log10Probs: number[] } }).found);
  const model = await LanguageModel.open(join(folder, 'model'));
  const { log10Probs } = await model.score('the cat sat on the mat');
  await model.close();
  expect(found.log10Probs).toEqual([...log10Probs]);
  expect(errors).toEqual([]);
  await page.context().close();
});

test('a page without a bundler trains in a worker', async () => {
  const { page, errors } = await site.visit();
  await page.addScriptTag({
    type: 'module',
    content: `import { train } from '/node_modules/kneser/dist/browser/train.js';
      const { model } = await train({ sentences: ${JSON.stringify(sentences)}, order: 3 });
      globalThis.trained = [...(await model.score('the cat sat on the mat')).log10Probs];`,
  });
  await page.waitForFunction(() => 'trained' in globalThis);
  const trained = await page.evaluate(() => (globalThis as unknown as { trained: number[] }).trained);
  const model = await LanguageModel.open(join(folder, 'model'));
  expect(trained).toEqual([...(await model.score('the cat sat on the mat')).log10Probs]);
  await model.close();
  expect(site.sent.has('/node_modules/kneser/dist/browser/worker.js')).toBe(true);
  expect(errors).toEqual([]);
  await page.context().close();
});
