import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Usual paths of Chromium and Chrome. */
const PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];

/** The path of a Chromium: the environment variable `CHROMIUM`, or the first of the usual paths that exists. */
export function findChromium(): string {
  const given = process.env['CHROMIUM'];
  const paths = given ? [given] : PATHS;
  const found = paths.find(path => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    given
      ? `CHROMIUM: there is no ${given}; name the program file of a Chromium or Chrome`
      : 'this needs Chromium, and there is none here; install it with: apt-get install chromium\n' +
          'or name the program file of a Chromium or Chrome in the variable CHROMIUM',
  );
}

/** Starts a Chromium without a window. */
export async function launchChromium(): Promise<Browser> {
  // Processes in containers often belong to root, and the sandbox of Chromium does not work for root.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath: findChromium(), args: isRoot ? ['--no-sandbox'] : [] });
}
