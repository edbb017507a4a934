import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchChromium } from '#kneser/bench/chromium.js';
import { serve, train, type ModelServer } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';
import { smallText } from './support.js';

/** The page at `GET /` of `kneser serve`: the demo page on the served model. */

const folder = temporaryFolder('served');
let server: ModelServer;
let browser: Browser;

beforeAll(async () => {
  const path = `${folder}/small`;
  const sentences = smallText()
    .trimEnd()
    .split('\n')
    .map(line => line.split(' '));
  await train({ sentences, out: path, order: 3, threads: 1 });
  server = await serve({ models: [path], port: 0 });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

test('colours what one writes and completes words, without an error', async () => {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', error => errors.push(error.message));
  await page.goto(server.url);
  await page.locator('#model-name', { hasText: 'small' }).waitFor();
  expect(await page.textContent('#model-facts')).toContain('order 3');
  expect(await page.locator('#library').isVisible()).toBe(false);
  await page.fill('#text', 'the cat sat on the mat\nthe cat zebra on the ');
  await page.locator('#mirror span.new', { hasText: 'zebra' }).waitFor({ state: 'attached' });
  expect(await page.locator('#mirror span').count()).toBe(11);
  await page.locator('#suggestions li').first().waitFor();
  expect(await page.locator('#suggestions').textContent()).toContain('mat');
  expect(errors).toEqual([]);
});
