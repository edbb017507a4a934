import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomNumbers } from '../../../src/base/random.js';
import { modelDigest } from '../content.js';
import { countJob, writeJob } from '../../support/spark-job.js';
import { generateText, inFolder } from './stage.js';

/** A command other than train that is killed, and the output that it must have written at last. */
interface Other {
  readonly name: string;
  readonly args: (out: string) => readonly string[];
  readonly digest: (path: string) => Promise<string>;
  /** Whether its output is a set of weights of the model itself. */
  readonly inPlace?: boolean;
}

const OTHERS: readonly Other[] = [
  { name: 'prune', args: out => ['prune', 'model', '-o', out, '--prune', '0,1', '--force'], digest: modelDigest },
  { name: 'merge', args: out => ['merge', 'model', 'model*2', '-o', out, '--force'], digest: modelDigest },
  { name: 'subtract', args: out => ['subtract', 'both', 'model', '-o', out, '--force'], digest: modelDigest },
  { name: 'counts', args: out => ['import', 'counts.tsv', '-o', out, '--force'], digest: modelDigest },
  { name: 'spark import', args: out => ['spark', 'import', 'job', '-o', out, '--force'], digest: modelDigest },
  { name: 'mix', args: out => ['mix', 'model', 'model', '-o', out, '--force'], digest: modelDigest },
  { name: 'export', args: out => ['export', 'model', '--arpa', `${out}/model.arpa`], digest: fileIn('model.arpa') },
  { name: 'import', args: out => ['import', 'model.arpa', '-o', out, '--force'], digest: modelDigest },
  { name: 'tune', args: out => ['tune', out, 'valid.txt', '--quiet'], digest: modelDigest, inPlace: true },
];

function fileIn(name: string): (path: string) => Promise<string> {
  return async path => (await readFile(join(path, name), 'utf8')).replace(/\s+$/, '');
}

/** Kills the commands other than train. Their output must be whole or missing, and the next run must succeed. */
export async function killOthers(
  times: number,
  seed: number,
): Promise<{ figures: Record<string, number>; failures: string[] }> {
  const random = randomNumbers(seed);
  const failures: string[] = [];
  const figures: Record<string, number> = {};
  await inFolder(async stage => {
    await writeFile(stage.at('text.txt'), generateText(40_000));
    await writeFile(stage.at('valid.txt'), generateText(2_000));
    await stage.succeed(['train', 'text.txt', '--out', 'model', '--order', '3', '--quiet']);
    await stage.succeed(['export', 'model', '--arpa', 'model.arpa', '--quiet']);
    await stage.succeed(['merge', 'model', 'model*2', '-o', 'both', '--quiet']);
    await writeFile(stage.at('counts.tsv'), (await stage.succeed(['counts', 'model'])).stdout);
    const sentences = generateText(4_000).split('\n').filter(Boolean);
    await mkdir(stage.at('job'));
    writeJob(stage.at('job'), countJob({ sentences: sentences.map(line => line.split(' ')), order: 3 }));
    const answer = (await stage.ask('model')).stdout;
    for (const { name, args, digest, inPlace = false } of OTHERS) {
      const prepare = async (): Promise<string> => {
        const out = stage.fresh(name);
        if (inPlace) await cp(stage.at('model'), stage.at(out), { recursive: true });
        else await mkdir(stage.at(out));
        return out;
      };
      const first = await prepare();
      const { milliseconds } = await stage.succeed(args(first));
      const expected = await digest(stage.at(first));
      figures[name] = times;
      for (let i = 0; i < times; i++) {
        const out = await prepare();
        const check = (holds: boolean, failure: string): void => {
          if (!holds) failures.push(`${name}: ${failure}`);
        };
        await stage.run(args(out), { after: ((i + random()) / times) * milliseconds });
        const after = await digest(stage.at(out)).catch(() => undefined);
        if (inPlace) check((await stage.ask(out)).code === 0, 'the model does not answer');
        else check(after === undefined || after === expected, 'what was written is neither whole nor missing');
        await stage.succeed(args(out));
        check((await digest(stage.at(out))) === expected, 'the next run makes something else');
        const names = await readdir(stage.at(out), { recursive: true });
        check(!names.some(path => /(^|\/)\.|tmp|training/.test(path)), `left behind: ${names.join()}`);
        await rm(stage.at(out), { recursive: true, force: true });
      }
      check(failures, name, (await stage.ask('model')).stdout === answer, 'the model was changed');
    }
    const left = await readdir(stage.temporary);
    if (left.length > 0) failures.push(`left behind: ${left.join()}`);
  });
  return { figures, failures };
}

function check(failures: string[], name: string, holds: boolean, failure: string): void {
  if (!holds) failures.push(`${name}: ${failure}`);
}
