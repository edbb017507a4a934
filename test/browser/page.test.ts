import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complaint, drop, opened, smallText, suggested, trained, useSite, type Visit } from './support.js';

const site = useSite();

/** The step of heat of each coloured word. */
function heats(page: Page): Promise<Record<string, number>> {
  return page
    .locator('#mirror span')
    .evaluateAll((spans: HTMLElement[]) =>
      Object.fromEntries(spans.map(span => [span.textContent, Number(/h(\d)/.exec(span.className)?.[1])])),
    );
}

/** Waits until the whole text is coloured. */
async function coloured(page: Page, word: string): Promise<void> {
  await page.locator('#mirror span', { hasText: word }).last().waitFor({ state: 'attached' });
}

describe('a model that was trained in the page', () => {
  let visit: Visit;
  let page: Page;
  const stages: string[] = [];

  beforeAll(async () => {
    visit = await site.visit();
    page = visit.page;
    await page.exposeFunction('onStage', (stage: string) => stages.push(stage));
    await page.evaluate(() => {
      const { onStage } = window as unknown as { onStage: (stage: string) => void };
      const stage = document.getElementById('stage');
      if (!stage) throw new Error('the page has no #stage');
      new MutationObserver(() => onStage(stage.textContent)).observe(stage, { childList: true });
    });
    await trained(page);
  });
  afterAll(async () => {
    await page.context().close();
    expect(visit.errors).toEqual([]);
  });

  test('shows its progress', () => {
    expect(stages).toEqual([
      'Training on small',
      'Reading the text',
      'Counting n-grams',
      'Making the tables',
      'Tuning the mixture',
      'Keeping the model',
    ]);
  });

  test('is described', async () => {
    expect(await page.textContent('#model-facts')).toMatch(/^order 4 · [\d,]+ tokens · \d+ words · [\d.]+ kB$/);
    expect(await page.isChecked('input[value=glm]')).toBe(true);
  });

  test('colours words as one types', async () => {
    await page.fill('#text', '');
    await page.focus('#text');
    await page.keyboard.type('the old bird sang in the banana for an hour');
    await coloured(page, 'hour');
    const heat = await heats(page);
    expect(heat['banana']).toBeGreaterThan(heat['bird'] + 2);
    expect(await page.textContent('#summary')).toMatch(
      /^Perplexity [\d.,]+ over 10 tokens, 1 of them new to the model\./,
    );
    // The mirror has the same text as the text area.
    expect((await page.locator('#mirror').innerText()).trimEnd()).toBe(await page.inputValue('#text'));
  });

  test('shows the figures of the word at the cursor', async () => {
    await page.fill('#text', 'the old bird sang');
    // The words may still have the colours of the text before.
    await expect
      .poll(() => page.textContent('#word'))
      .toMatch(/^sang surprise [\d.]+ bits · n-gram perplexity [\d.]+ · matched 4 words: the old bird sang$/);
    await page.keyboard.press('Home');
    await expect.poll(() => page.textContent('#word')).toMatch(/^the /);
    await page.locator('#mirror span', { hasText: 'bird' }).hover({ force: true });
    await expect.poll(() => page.textContent('#word')).toMatch(/^bird /);
  });

  test('colours and numbers show the surprise of each word, or three words at a time', async () => {
    await page.fill('#text', 'the banana bird sang');
    // The other words may still have the colours of the text before.
    await coloured(page, 'banana');
    const alone = await heats(page);
    const numbers = (): Promise<(string | undefined)[]> =>
      page.locator('#mirror span').evaluateAll((spans: HTMLElement[]) => spans.map(span => span.dataset['value']));
    const surprises = await numbers();
    await page.click('#table > summary');
    const cells = page.locator('#rows td:nth-of-type(1)');
    await expect.poll(() => cells.count()).toBe(4);
    (await cells.allTextContents()).forEach((cell, i) => {
      expect(Math.abs(Number(cell) - Number(surprises[i]))).toBeLessThanOrEqual(0.5);
    });
    await page.click('#table > summary');
    expect(await page.textContent('#lowest')).toMatch(/^[\d.]+ bits or less$/);
    await page.check('#windows');
    expect(await page.textContent('#lowest')).toMatch(/^perplexity [\d.]+ or less$/);
    expect(await numbers()).not.toEqual(surprises);
    // The word beside the unknown one is in its windows.
    expect((await heats(page))['the']).toBeGreaterThan(alone['the']);
    await page.uncheck('#windows');
    expect([await heats(page), await numbers()]).toEqual([alone, surprises]);
  });

  test('tells screen readers when typing has paused, and gives a table', async () => {
    await page.fill('#text', 'the cat sat');
    const announced = (): Promise<string | null> => page.textContent('#announcement');
    await expect.poll(announced, { timeout: 10_000 }).toMatch(/^Perplexity .* Most surprising: “/);
    await page.click('#table > summary');
    await expect.poll(() => page.locator('#rows th').allTextContents()).toEqual(['the', 'cat', 'sat']);
    await page.click('#table > summary');
  });

  test('writes on: the sliders change how, and every word gets its colour', async () => {
    await page.fill('#text', '');
    await page.focus('#text');
    await page.keyboard.type('the old');
    await page.click('#write-on');
    const text = (): Promise<string> => page.inputValue('#text');
    await expect.poll(text).toMatch(/^the old \S.*\S $/);
    const written = (await text()).trim();
    await coloured(page, written.split(/[ .]+/).findLast(word => word !== '') ?? '');
    expect(await page.textContent('#mirostat-value')).toBe('off');
    await page.fill('#mirostat', '3');
    await page.fill('#temperature', '0.5');
    expect(await page.textContent('#mirostat-value')).toBe('3 bits');
    expect(await page.textContent('#temperature-value')).toBe('0.5');
    const before = await text();
    await page.click('#write-on');
    await expect.poll(text).not.toBe(before);
    expect((await text()).startsWith(before)).toBe(true);
    await page.fill('#mirostat', '0');
    await page.fill('#temperature', '1');
  });

  test('fills a gap from both sides', async () => {
    await page.fill('#text', '');
    await page.focus('#text');
    await page.keyboard.type('the ___ bird sang');
    await page.locator('#next-title', { hasText: 'Between the and bird sang' }).waitFor();
    const [first] = await page.locator('#suggestions .token').allTextContents();
    expect(first).toBe('old');
    expect(await page.isHidden('#votes')).toBe(true);
    await page.locator('#suggestions li').first().click();
    expect(await page.inputValue('#text')).toBe('the old bird sang');
  });

  test('suggests words, of which the keyboard takes one; it can be undone', async () => {
    await page.fill('#text', '');
    await page.focus('#text');
    await page.keyboard.type('the old ');
    expect((await suggested(page, 'the old'))[0]).toBe('bird');
    await page.keyboard.press('ArrowDown');
    expect(await page.getAttribute('#text', 'aria-activedescendant')).toBe('option-0');
    expect(await page.getAttribute('#option-0', 'aria-selected')).toBe('true');
    await page.keyboard.press('Enter');
    expect(await page.inputValue('#text')).toBe('the old bird ');
    await suggested(page, 'the old bird');
    // The list keeps the keyboard.
    const second = await page.locator('#suggestions .token').nth(1).textContent();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    expect(await page.inputValue('#text')).toBe(`the old bird ${second} `);
    await page.keyboard.press('Escape');
    expect(await page.getAttribute('#text', 'aria-activedescendant')).toBeNull();
    await page.keyboard.press('Control+z');
    expect(await page.inputValue('#text')).toBe('the old bird ');
  });

  test('suggests completions of a word, and inserts the one that is clicked', async () => {
    await page.fill('#text', 'under the ta');
    expect(await suggested(page, 'ta')).toEqual(['table']);
    await page.click('#option-0');
    expect(await page.inputValue('#text')).toBe('under the table ');
    await page.keyboard.type('for one hour ');
    expect((await suggested(page, 'for one hour'))[0]).toBe('.');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await page.inputValue('#text')).toBe('under the table for one hour. ');
  });

  test('shows which patterns voted, and is smoothed either way', async () => {
    await page.fill('#text', 'the zebra bird sat ');
    await suggested(page, 'the zebra bird sat'.split(' ').slice(-3).join(' '));
    const votes = (): Promise<string[]> => page.locator('#patterns code').allTextContents();
    await expect.poll(votes).toContainEqual(expect.stringContaining('_'));
    await page.locator('input[value=glm]').focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(votes).not.toContainEqual(expect.stringContaining('_'));
    expect(await page.isChecked('input[value=mkn]')).toBe(true);
    await page.keyboard.press('ArrowRight');
    await expect.poll(votes).toContainEqual(expect.stringContaining('_'));
  });

  test('is available after a reload and without a network', async () => {
    await page.fill('#text', 'the old ');
    const before = await suggested(page, 'the old');
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.context().setOffline(true);
    await page.reload();
    await page.click('text=Kept in this browser >> .. >> button:has-text("Open")');
    await opened(page, 'small');
    await page.fill('#text', 'the old ');
    expect(await suggested(page, 'the old')).toEqual(before);
    await page.context().setOffline(false);
  });

  test('travels as a file, which is opened again and kept', async () => {
    const download = page.waitForEvent('download');
    await page.click('#export');
    const file = await download;
    expect(file.suggestedFilename()).toBe('small.kneser');
    const facts = await page.textContent('#model-facts');
    const packed = readFileSync(await file.path());
    await drop(page, 'again.kneser', packed);
    await opened(page, 'again');
    expect(order(await page.textContent('#model-facts'))).toBe(order(facts));
    await page.click('#keep');
    await page.locator('#keep').waitFor({ state: 'hidden' });
    await page.click('#library > summary');
    const kept = page.locator('#kept-list li b');
    expect(await kept.allTextContents()).toEqual(['again', 'small']);
    await page.click('button[aria-label="Delete again"]');
    await expect.poll(() => kept.allTextContents()).toEqual(['small']);
  });

  /** The facts of a model without its size, which differs in a file. */
  function order(facts: string | null): string | undefined {
    return facts?.split(' · ').slice(0, 3).join();
  }
});

describe('errors are shown in the page', () => {
  let visit: Visit;
  let page: Page;
  let packed: Uint8Array;

  beforeAll(async () => {
    visit = await site.visit();
    page = visit.page;
    await trained(page);
    const download = page.waitForEvent('download');
    await page.click('#export');
    packed = readFileSync(await (await download).path());
  });
  afterAll(() => page.context().close());

  async function dropped(name: string, content: string | Uint8Array): Promise<string> {
    if (await page.isVisible('#dismiss')) await page.click('#dismiss');
    await drop(page, name, content);
    return complaint(page);
  }

  test('a packed model that is damaged', async () => {
    const damaged = packed.slice();
    for (let i = 40; i < damaged.length; i += 50) damaged[i] ^= 1;
    expect(await dropped('damaged.kneser', damaged)).toMatch(/damaged.*Export it again, or download it once more/);
  });

  test('one that was cut short', async () => {
    expect(await dropped('short.kneser', packed.slice(0, packed.length / 2))).toMatch(/cut short/);
  });

  test('a file that is no model', async () => {
    expect(await dropped('text.kneser', smallText())).toMatch(/not a packed model/);
  });

  test('a file that is no text, and one that is empty', async () => {
    expect(await dropped('picture.png', Uint8Array.of(0x89, 0x50, 0, 0, 0))).toMatch(/picture: this is no text/);
    expect(await dropped('lines.jsonl', '{"text": "a"}\n')).toMatch(
      /lines.*: this is JSON; save it as plain text in UTF-8 first/,
    );
    expect(await dropped('nothing.txt', '')).toMatch(/nothing: the file is empty/);
    expect(await dropped('blank.txt', '\n\n')).toMatch(/Choose a file that holds some sentences/);
  });

  test('an address where there is nothing', async () => {
    if (await page.isVisible('#dismiss')) await page.click('#dismiss');
    if (!(await page.isVisible('#address'))) await page.click('#library > summary');
    await page.fill('#address', `${site.url}missing.kneser`);
    await page.keyboard.press('Enter');
    expect(await complaint(page)).toMatch(/answers 404.*check the address/);
    await page.click('#dismiss');
    await page.fill('#address', 'https://');
    await page.keyboard.press('Enter');
    expect(await complaint(page)).toMatch(/https:\/\/: this is no address/);
  });

  test('and the model that was open stays open', async () => {
    await page.fill('#text', 'the old ');
    expect((await suggested(page, 'the old'))[0]).toBe('bird');
  });

  test('training can be cancelled', async () => {
    const large = Array.from({ length: 200_000 }, (_, i) => `w${i % 977} w${i % 1009} w${i % 1013} w${i % 7}.`);
    await drop(page, 'large.txt', large.join('\n'));
    await page.click('#cancel');
    await page.locator('#work').waitFor({ state: 'hidden' });
    expect(await page.textContent('#model-name')).toBe('small');
    await page.fill('#text', 'the cat ');
    await suggested(page, 'the cat');
  });
});
