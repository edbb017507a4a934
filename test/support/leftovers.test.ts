import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { mountDisk } from '../faults/disk.js';
import { removeLeftovers } from './leftovers.js';

/** No process has it: the most that Linux gives is 4,194,304. */
const NO_PROCESS = 9_999_999;

function parentFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), 'kneser-leftovers-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  return parent;
}

test('only the folders of processes that have ended are removed', () => {
  const parent = parentFolder();
  for (const name of [`run-${NO_PROCESS}-a`, `run-${process.pid}-b`, `other-${NO_PROCESS}`])
    mkdirSync(join(parent, name));
  removeLeftovers(parent, 'run-');
  expect(existsSync(join(parent, `run-${NO_PROCESS}-a`))).toBe(false);
  expect(existsSync(join(parent, `run-${process.pid}-b`))).toBe(true);
  expect(existsSync(join(parent, `other-${NO_PROCESS}`))).toBe(true);
});

// Regression: a run that was killed while a test had a small disk mounted ended every later run before its first test.
test('a folder with a disk that a killed run left mounted is removed', ({ skip }) => {
  const parent = parentFolder();
  const folder = join(parent, `run-${NO_PROCESS}-a`);
  const path = join(folder, 'faults', 'disk');
  mkdirSync(path, { recursive: true });
  const disk = mountDisk(path, 1 << 20);
  if (typeof disk === 'string') return skip(disk);
  writeFileSync(join(path, 'file'), 'left');
  removeLeftovers(parent, 'run-');
  expect(existsSync(folder)).toBe(false);
});
