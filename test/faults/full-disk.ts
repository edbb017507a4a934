import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exportArpa, LanguageModel, train } from '../../src/index.js';
import { judgeFailure, kneser, type CommandOptions } from './command.js';
import { mountDisk, type SmallDisk } from './disk.js';
import { isChosen, type Fault } from './fault.js';
import { listing, withFolder, writeText } from './folder.js';

/** Numbers of free bytes, tried one after the other until a command succeeds. */
const FREE = [0, 8, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536].map(kib => kib * 1024);

/** Number of different words of the texts. */
const TYPES = 800;

/** A command that needs a disk. */
interface Step {
  readonly name: string;
  /** @param disk the folder that it writes to. */
  readonly args: (disk: string) => readonly string[];
  readonly options?: (disk: string) => CommandOptions;
}

/** The result of a step. */
export interface FullDiskCase {
  readonly name: string;
  readonly failures: number;
  readonly wrong: readonly string[];
}

/** Every command that writes, on a disk with more and more room. */
export const fullDisk: Fault = async options => {
  const cases = await fillDisks(name => isChosen(name, options), options.seed);
  if (typeof cases === 'string') return { head: ['', 'full disks', 'wrong'], rows: [], broken: [cases] };
  return {
    head: ['', 'full disks', 'wrong'],
    rows: cases.map(({ name, failures, wrong }) => [name, String(failures), String(wrong.length)]),
    broken: cases.flatMap(({ name, wrong }) => wrong.map(line => `${name}: ${line}`)),
  };
};

/**
 * Runs commands on a disk that is too small, then with more and more room. Until there is enough, each must fail with
 * KNESER_DISK_FULL and leave the disk as it was.
 *
 * @param tries whether to try the step of this name.
 * @returns the results; or the system's reason why no small disk can be mounted here.
 */
export async function fillDisks(tries: (name: string) => boolean, seed: number): Promise<FullDiskCase[] | string> {
  return await withFolder(async folder => {
    const path = join(folder, 'disk');
    mkdirSync(path);
    const disk = mountDisk(path, 160 << 20);
    if (typeof disk === 'string') return disk;
    try {
      const cases: FullDiskCase[] = [];
      for (const step of await makeSteps(folder, seed)) {
        if (tries(step.name)) cases.push(await tryStep(step, disk, join(folder, 'model')));
      }
      return cases;
    } finally {
      disk.unmount();
    }
  });
}

async function makeSteps(folder: string, seed: number): Promise<Step[]> {
  const text = writeText(join(folder, 'text.txt'), { sentences: 1500, types: TYPES, seed });
  const held = writeText(join(folder, 'held-out.txt'), { sentences: 300, types: TYPES, seed: seed + 1 });
  const model = join(folder, 'model');
  const arpa = join(folder, 'model.arpa');
  const plain = join(folder, 'plain');
  await train({ files: [text], out: model, order: 3, patterns: { skip: true }, holdOut: 0.02 });
  await train({ files: [text], out: plain, order: 3 });
  await exportArpa({ model: plain, file: arpa });
  const longArgs = ['--order', '3', '--memory', '80M', '--skip', '--force'];
  return [
    { name: 'view', args: () => ['score', model, held], options: temporary => ({ temporary }) },
    { name: 'train', args: disk => ['train', text, '--out', join(disk, 'new', 'model'), '--order', '3'] },
    { name: 'train --force', args: disk => ['train', text, '--out', join(disk, 'model'), '--order', '3', '--force'] },
    { name: 'train --skip', args: disk => ['train', text, '--out', join(disk, 'new'), '--order', '3', '--skip'] },
    {
      name: 'train --prune',
      args: disk => ['train', text, '--out', join(disk, 'new'), '--order', '3', '--prune', '0,0,1'],
    },
    { name: 'tune', args: disk => ['tune', join(disk, 'model'), held, '--name', 'other'] },
    { name: 'import', args: disk => ['import', arpa, '--out', join(disk, 'new')] },
    { name: 'export', args: disk => ['export', model, '--arpa', join(disk, 'new.arpa')] },
    { name: 'export, gzipped', args: disk => ['export', model, '--arpa', join(disk, 'new.arpa.gz')] },
    { name: 'prune', args: disk => ['prune', plain, '--out', join(disk, 'new'), '--prune', '0,0,1'] },
    { name: 'vector --html', args: disk => ['vector', model, held, '--html', join(disk, 'new.html')] },
    { name: 'baseline --out', args: disk => baselineArgs(text, held, join(disk, 'new')) },
    {
      name: 'baseline, models',
      args: () => baselineArgs(text, held, join(folder, 'baseline')),
      options: temporary => ({ temporary }),
    },
    {
      name: 'train, more than memory',
      args: disk => ['train', longText(folder, seed), '--out', join(disk, 'new'), ...longArgs],
    },
  ];
}

function longText(folder: string, seed: number): string {
  const path = join(folder, 'long.txt');
  return existsSync(path) ? path : writeText(path, { sentences: 400_000, types: TYPES, seed });
}

function baselineArgs(train: string, other: string, out: string): string[] {
  const texts = ['--train', train, '--valid', other, '--test', other];
  return ['baseline', ...texts, '--out', out, '--orders', '2', '--classes', '0', '--resamples', '100', '--force'];
}

async function tryStep({ name, args, options }: Step, disk: SmallDisk, model: string): Promise<FullDiskCase> {
  const kept = join(disk.path, 'model');
  cpSync(model, kept, { recursive: true });
  const answer = await answerOf(kept);
  const wrong: string[] = [];
  let failures = 0;
  for (const free of FREE) {
    const before = await listing(disk.path);
    disk.leave(free);
    const result = await kneser(args(disk.path), options?.(disk.path));
    disk.leave();
    if (result.code === 0) break;
    failures++;
    const problems = [judgeFailure(result, 1, /disk is full/)];
    if ((await listing(disk.path)) !== before) problems.push('left files behind');
    const after = await answerOf(kept).catch(String);
    if (after !== answer) problems.push(`the earlier model says ${after}`);
    wrong.push(...problems.filter(problem => problem !== undefined).map(problem => `${free} bytes free: ${problem}`));
  }
  if (failures === 0) wrong.push('never ran out of disk');
  if (failures === FREE.length) wrong.push('never had enough disk');
  for (const name of ['model', 'new', 'new.arpa', 'new.arpa.gz', 'new.html']) {
    rmSync(join(disk.path, name), { recursive: true, force: true });
  }
  return { name, failures, wrong };
}

const SENTENCES = ['word1 word2 word3', 'word5 nothing word1'];

/** The scores of some sentences, as text. */
async function answerOf(model: string): Promise<string> {
  await using opened = await LanguageModel.open(model);
  return JSON.stringify(await Promise.all(SENTENCES.map(sentence => opened.score(sentence))));
}
