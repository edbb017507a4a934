import type { Command } from 'commander';
import { KneserError } from '../base/errors.js';
import type { VerifyReport } from '../tools/verify/verify.js';
import { print, printTable, whole } from './output.js';
import { withProgress } from './progress.js';

const HELP = `
Checks every file, block, row and count of a model, and whether its probabilities add up to one. The exit code is 0 if nothing is
damaged, else 1.

Example:
  kneser verify model`;

/** Flags of `kneser verify`. */
interface VerifyFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser verify`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run);
}

/** @throws KNESER_DAMAGED for a damaged model, after its findings were printed. */
async function run(path: string, flags: VerifyFlags): Promise<void> {
  const { verify } = await import('../tools/verify/verify.js');
  const report = await withProgress(flags.quiet ?? false, progress => verify(path, progress));
  if (flags.json) await print(JSON.stringify(report) + '\n');
  else await printChecks(path, report);
  const { sound, found } = report;
  if (!sound)
    throw new KneserError(
      'KNESER_DAMAGED',
      `${path}: ${whole(found)} ${found === 1 ? 'finding' : 'findings'}; the model is damaged`,
    );
}

async function printChecks(path: string, { checks, findings, found, sound, seconds }: VerifyReport): Promise<void> {
  const rows = checks.map(({ check, checked, damaged }) => [check, whole(checked), whole(damaged)]);
  await printTable(['', 'checked', 'damaged'], rows);
  await print(sound ? `\n${path}: all is right, ${seconds.toFixed(1)} s\n` : '\n');
  for (const { part, problem } of findings) await print(`${part}: ${problem}\n`);
  if (found > findings.length) await print(`and ${whole(found - findings.length)} more\n`);
}
