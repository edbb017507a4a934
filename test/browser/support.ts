import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { launchChromium } from '#kneser/bench/chromium.js';
import { serveFolder, type Server } from '#kneser/native-free/demo/serve.js';

/** An open page, and the errors in it. */
export interface Visit {
  readonly page: Page;
  /** Error messages of the console, and exceptions. */
  readonly errors: string[];
}

/** The demo page on a server, and a browser, while the tests of a file run. */
export interface Site {
  readonly url: string;
  /** Bytes sent of each file since the last {@link forget}. */
  readonly sent: Map<string, number>;
  /** Opens the page in a browser context without stored data. */
  visit(options?: BrowserContextOptions): Promise<Visit>;
}

/** @param folder the folder to serve; default: the demo page. */
export function useSite(folder?: string): Site {
  let browser: Browser | undefined;
  let server: Server | undefined;
  const sent = new Map<string, number>();
  beforeAll(async () => {
    const onAnswer = (path: string, bytes: number): void => void sent.set(path, (sent.get(path) ?? 0) + bytes);
    server = await serveFolder(folder ?? inject('site'), { port: 0, onAnswer });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  return {
    get url() {
      return server?.url ?? '';
    },
    sent,
    async visit(options = {}) {
      if (!browser) throw new Error('no browser was started');
      const context = await browser.newContext({ viewport: { width: 1100, height: 860 }, ...options });
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('console', message => {
        if (message.type() === 'error') errors.push(message.text());
      });
      page.on('pageerror', error => errors.push(error.message));
      await page.goto(this.url);
      return { page, errors };
    },
  };
}

/** A text in which some words always follow others. */
export function smallText(): string {
  const subjects = ['the cat', 'a dog', 'the old bird', 'my aunt', 'the captain'];
  const verbs = ['sat', 'slept', 'sang', 'waited'];
  const places = ['on the mat', 'under the table', 'in the garden', 'near the river'];
  const lines: string[] = [];
  for (let i = 0; i < 400; i++) {
    const at = (list: readonly string[], step: number): string => list[(i * step + (i >> 3)) % list.length];
    lines.push(`${at(subjects, 3)} ${at(verbs, 5)} ${at(places, 7)} for ${['an', 'one'][i % 2]} hour.`);
  }
  return lines.join('\n') + '\n';
}

/** Drops a file on the page. */
export async function drop(page: Page, name: string, content: string | Uint8Array): Promise<void> {
  const parts = typeof content === 'string' ? content : [...content];
  const data = await page.evaluateHandle(
    ([name, parts]) => {
      const transfer = new DataTransfer();
      const content = typeof parts === 'string' ? parts : Uint8Array.from(parts);
      transfer.items.add(new File([content], name));
      return transfer;
    },
    [name, parts] as const,
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
}

/** Waits until a model of this name is open. */
export async function opened(page: Page, name: string): Promise<void> {
  await page.locator('#model-name', { hasText: name }).waitFor();
  await page.locator('#work').waitFor({ state: 'hidden' });
}

/** Trains on the small text, and empties the text field. */
export async function trained(page: Page, name = 'small'): Promise<void> {
  await drop(page, `${name}.txt`, smallText());
  await opened(page, name);
  await page.fill('#text', '');
}

/** Waits for suggestions after these words. @returns the suggestions. */
export async function suggested(page: Page, after: string): Promise<string[]> {
  await page.locator('#next-title', { hasText: new RegExp(`(after|with) ${after}$`) }).waitFor();
  return page.locator('#suggestions .token').allTextContents();
}

/** The error message of the page. */
export async function complaint(page: Page): Promise<string> {
  await page.locator('#error').waitFor();
  return (await page.locator('#error').innerText()).replaceAll(/\s+/g, ' ');
}

/** Fails if the page is wider than the window. */
export async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}
