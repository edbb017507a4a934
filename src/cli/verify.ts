import { KneserError } from '../base/errors.js';
import { verify, type VerifyReport } from '../tools/verify/verify.js';
import { print, printTable, whole } from './output.js';
import { ProgressDisplay } from './progress.js';

/** The options of `kneser verify`. */
export interface VerifyFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `kneser verify`. @throws KNESER_DAMAGED where anything is, after it was printed. */
export async function runVerify(path: string, flags: VerifyFlags): Promise<void> {
  const display = await ProgressDisplay.create(flags.quiet ?? false);
  let report: VerifyReport;
  try {
    report = await verify(path, display ? { onProgress: progress => display.show(progress) } : {});
  } finally {
    display?.end();
  }
  if (flags.json) await print(JSON.stringify(report) + '\n');
  else await printChecks(path, report);
  const { sound, found } = report;
  if (!sound) throw new KneserError('KNESER_DAMAGED', `${path}: ${whole(found)} findings; the model is damaged`);
}

async function printChecks(path: string, { checks, findings, found, sound, seconds }: VerifyReport): Promise<void> {
  const rows = checks.map(({ check, checked, damaged }) => [check, whole(checked), whole(damaged)]);
  await printTable(['', 'checked', 'damaged'], rows);
  await print(sound ? `\n${path}: all is right, ${seconds.toFixed(1)} s\n` : '\n');
  for (const { part, problem } of findings) await print(`${part}: ${problem}\n`);
  if (found > findings.length) await print(`and ${whole(found - findings.length)} more\n`);
}
