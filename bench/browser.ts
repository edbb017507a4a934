/**
 * `npm run bench:browser [-- --json] [--quick]`: measures kneser in Chromium: the speed of scoring, compared with Node, and in the demo
 * page the time of training on the Brown corpus and the time of a keystroke.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { buildDemo } from '../native-free/demo/build.js';
import { serveFolder } from '../native-free/demo/serve.js';
import { printTable } from '../src/cli/output.js';
import { pack } from '../src/tools/pack.js';
import { launchChromium } from './chromium.js';
import { machine, runCommand } from './command.js';
import { scoringSpeed } from './scoring-speed.js';
import { prepareText } from './text.js';

/** Node and Chromium score in turn this many times, so that other work of the machine slows both. The best run of each counts. */
const ROUNDS = 4;
/** Runs of one engine in a round. */
const RUNS = 4;
const QUICK_SENTENCES = 2000;
/** The text field has this text, four times, before the typing. */
const PARAGRAPH =
  'The jury said that the city would have to wait. It was the first time that anyone had asked for it. ';
/** The text that is typed. */
const TYPED = 'She said that the best of it was over. ';
/** Time between two keystrokes [ms]. */
const KEYSTROKE_INTERVAL = 100;

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

await runCommand('bench:browser', async (folder, signal) => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
  const text = await prepareText(folder, values.quick ? QUICK_SENTENCES : Infinity, signal);
  const site = join(folder, 'site');
  await buildDemo(site);
  await pack({ model: await text.model(), out: join(site, 'model.kneser') });
  copyFileSync(text.heldOut, join(site, 'text.txt'));
  writeFileSync(join(site, 'speed.html'), '<!doctype html><title>speed</title>');
  const entry = fileURLToPath(new URL('./scoring-speed.js', import.meta.url));
  await build({
    entryPoints: [entry],
    outfile: join(site, 'speed.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
  });
  const server = await serveFolder(site, { port: 0 });
  const browser = await launchChromium();
  try {
    const figures = [
      ...(await measureScoring(browser, server.url, site)),
      ...(await measurePage(browser, server.url, text.train)),
    ];
    if (values.json) {
      process.stdout.write(JSON.stringify({ ...machine(), browser: browser.version(), figures }, undefined, 2) + '\n');
    } else {
      process.stdout.write(`${Object.values(machine()).join(', ')}, Chromium ${browser.version()}\n`);
      await printTable(
        ['figure', 'value'],
        figures.map(({ name, value, unit }) => [
          name,
          `${Number(value.toPrecision(3)).toLocaleString('en-US')} ${unit}`,
        ]),
      );
    }
    return 0;
  } finally {
    await browser.close();
    await server.close();
  }
});

/** Measures scoring of the same text with the same model and the same code in Node and in Chromium. */
async function measureScoring(browser: Browser, url: string, site: string): Promise<Figure[]> {
  const packed = Uint8Array.from(readFileSync(join(site, 'model.kneser'))).buffer;
  const sentences = readFileSync(join(site, 'text.txt'), 'utf8').trimEnd().split('\n');
  const page = await browser.newPage();
  await page.goto(`${url}speed.html`);
  let node = 0;
  let chromium = 0;
  for (let round = 0; round < ROUNDS; round++) {
    node = Math.max(node, await scoringSpeed(packed, sentences, RUNS));
    const speed = await page.evaluate<number>(`(async () => {
      const { scoringSpeed } = await import('./speed.js');
      const packed = await (await fetch('model.kneser')).arrayBuffer();
      const text = await (await fetch('text.txt')).text();
      return scoringSpeed(packed, text.trimEnd().split('\\n'), ${RUNS});
    })()`);
    chromium = Math.max(chromium, speed);
  }
  await page.close();
  return [
    { name: 'scoring in Node, tables loaded, order 5', value: node, unit: 'tokens/s' },
    { name: 'scoring in Chromium', value: chromium, unit: 'tokens/s' },
    { name: '… as a share of Node’s', value: chromium / node, unit: '' },
  ];
}

/** Measures training and typing in the demo page. @param train the path of the training text. */
async function measurePage(browser: Browser, url: string, train: string): Promise<Figure[]> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.evaluate(`
    globalThis.longest = 0;
    const observer = new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    });
    observer.observe({ type: 'longtask' });`);
  const started = performance.now();
  await page.setInputFiles('#file', train);
  await page.locator('#model:not([hidden])').waitFor({ timeout: 300_000 });
  const training = (performance.now() - started) / 1000;
  const longest = await page.evaluate<number>('longest');
  const facts = (await page.textContent('#model-facts')) ?? '';
  const { work, latency } = await measureTyping(page);
  await page.close();
  return [
    { name: `training in the page: ${facts}`, value: training, unit: 's' },
    { name: 'longest task of the page’s thread meanwhile (0: none of 50 ms)', value: longest, unit: 'ms' },
    { name: 'script, style and layout of a keystroke in a paragraph', value: work, unit: 'ms' },
    { name: 'from a keystroke to its colours, median', value: latency, unit: 'ms' },
  ];
}

/**
 * Types {@link TYPED} into the text field.
 *
 * @returns `work`: the time of script, style and layout for each keystroke [ms]; `latency`: the median time from a keystroke to the new
 *   figures below the text [ms].
 */
async function measureTyping(page: Page): Promise<{ work: number; latency: number }> {
  await page.fill('#text', PARAGRAPH.repeat(4));
  await page.focus('#text');
  await page.keyboard.press('Control+End');
  await page.waitForTimeout(1000);
  await page.evaluate(`
    globalThis.latencies = [];
    let typed = 0;
    document.getElementById('text').addEventListener('input', () => { typed = performance.now(); }, true);
    const summary = document.getElementById('summary');
    new MutationObserver(() => latencies.push(performance.now() - typed)).observe(summary, { childList: true });`);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const workSeconds = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    const kinds = ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'];
    return metrics.reduce((sum, { name, value }) => (kinds.includes(name) ? sum + value : sum), 0);
  };
  const before = await workSeconds();
  for (const character of TYPED) {
    await page.keyboard.type(character);
    await page.waitForTimeout(KEYSTROKE_INTERVAL);
  }
  const work = (1000 * ((await workSeconds()) - before)) / TYPED.length;
  const latencies = await page.evaluate<number[]>('latencies');
  latencies.sort((a, b) => a - b);
  return { work, latency: latencies[latencies.length >> 1] ?? NaN };
}
