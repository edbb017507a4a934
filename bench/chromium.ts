import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Usual paths of Chromium and Chrome. */
const PLACES = [
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

/** The path of a Chromium: the variable `CHROMIUM`, or the first of the usual paths that exists. */
export function findChromium(): string {
  const given = process.env['CHROMIUM'];
  const places = given ? [given] : PLACES;
  const found = places.find(place => existsSync(place));
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
  // Containers run as root, for whom Chromium's sandbox does not work.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath: findChromium(), args: isRoot ? ['--no-sandbox'] : [] });
}
