import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import {
  complaint,
  drop,
  expectNoSidewaysScrolling,
  opened,
  smallText,
  suggested,
  trained,
  useSite,
} from './support.js';

const site = useSite();

/** The faults that axe finds, by rule and place. */
async function violations(page: Page): Promise<string[]> {
  // A debugger's script, which the page's own policy does not apply to.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await checker.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')}`));
  });
}

describe.each(['light', 'dark'] as const)('%s', colorScheme => {
  test('axe finds nothing wrong, whatever the page shows', async () => {
    const { page } = await site.visit({ colorScheme });
    expect(await violations(page)).toEqual([]);
    await trained(page);
    await page.focus('#text');
    await page.keyboard.type('the old bird sang in the banana ');
    await suggested(page, 'in the banana');
    await page.keyboard.press('ArrowDown');
    await page.click('#table > summary');
    await page.check('#numbers');
    await drop(page, 'text.kneser', smallText());
    await complaint(page);
    await page.click('#library > summary');
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  test('text has a contrast of at least 4.5 on every colour', async () => {
    const { page } = await site.visit({ colorScheme });
    const lowest = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const luminance = (name: string): number => {
        const hex = style.getPropertyValue(name).trim().slice(1);
        const digits = (hex.length === 3 ? hex.replaceAll(/./g, '$&$&') : hex).match(/../g) ?? [];
        const [red, green, blue] = digits
          .map(digits => parseInt(digits, 16) / 255)
          .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      };
      const pairs = [
        ...Array.from({ length: 8 }, (_, i) => ['--ink', `--h${i + 1}`]),
        ['--ink', '--page'],
        ['--ink', '--panel'],
        ['--soft', '--page'],
        ['--soft', '--panel'],
        ['--action-ink', '--action'],
        ['--bad', '--bad-page'],
        ['--ink', '--bad-page'],
      ];
      const contrasts = pairs.map(([a, b]) => {
        const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
        return { a, b, contrast: (high + 0.05) / (low + 0.05) };
      });
      return contrasts.sort((a, b) => a.contrast - b.contrast)[0];
    });
    expect(lowest.contrast, `${lowest.a} on ${lowest.b}`).toBeGreaterThanOrEqual(4.5);
    await page.context().close();
  });
});

test('nothing scrolls sideways on a narrow phone', async () => {
  const { page } = await site.visit({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  await expectNoSidewaysScrolling(page);
  await trained(page, 'a-name-that-is-so-long-that-it-does-not-fit-on-any-phone-there-is');
  await page.fill('#text', `the old bird sang ${'Donaudampfschifffahrtsgesellschaft'.repeat(3)} in the `);
  await page.check('#numbers');
  await page.click('#table > summary');
  await page.click('#library > summary');
  await drop(page, 'text.kneser', smallText());
  await complaint(page);
  await expectNoSidewaysScrolling(page);
  // The mirror breaks its lines where the text area does.
  const heights = await page.evaluate(() => {
    const text = document.getElementById('text');
    return { visible: text?.clientHeight, whole: text?.scrollHeight };
  });
  expect(heights.whole).toBe(heights.visible);
  await page.context().close();
});

/** The label, or the text, of the element with the keyboard focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return '';
    const label =
      element instanceof HTMLInputElement ||
      element instanceof HTMLTextAreaElement ||
      element instanceof HTMLSelectElement
        ? element.labels?.[0]?.textContent
        : undefined;
    return (element.getAttribute('aria-label') ?? label ?? element.textContent).trim();
  });
}

/** Presses Tab until an element has the keyboard focus. @returns the elements that had it on the way. */
async function tabTo(page: Page, name: string): Promise<string[]> {
  const passed: string[] = [];
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (at === name) return passed;
    passed.push(at);
  }
  throw new Error(`Tab does not reach ${name}: ${passed.join(', ')}`);
}

test('everything can be done with the keyboard', async () => {
  const { page, errors } = await site.visit();
  expect(await tabTo(page, 'Try it with a sample')).toEqual(['Models', 'Choose a file…']);
  await page.keyboard.press('Enter');
  await opened(page, 'Brown corpus');
  // The trained model can be used at once.
  expect(await focused(page)).toBe('Your text');
  await suggested(page, '.+');
  await page.keyboard.press('ArrowDown');
  const suggestion = await page.locator('#option-0 .token').textContent();
  const before = await page.inputValue('#text');
  await page.keyboard.press('Enter');
  expect(await page.inputValue('#text')).toBe(`${before}${suggestion} `);
  await page.keyboard.press('Escape');
  // Tab leaves the text, and goes round the page.
  const passed = await tabTo(page, 'Models');
  for (const each of ['Every word as a table', 'numbers']) expect(passed).toContain(each);
  await page.keyboard.press('Space');
  await tabTo(page, 'Delete Brown corpus, a sixth');
  await page.keyboard.press('Enter');
  await page.locator('#kept').waitFor({ state: 'hidden' });
  expect(await page.isVisible('#model')).toBe(false);
  expect(errors).toEqual([]);
  await page.context().close();
});
