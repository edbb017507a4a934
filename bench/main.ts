/**
 * `npm run bench -- [SUITE…] [--json] [--quick]`: measures the speed of the parts of kneser on the Brown corpus.
 */
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { blockSuite } from './block.js';
import { machine, runCommand, UsageError } from './command.js';
import { formatsSuite } from './formats.js';
import { predictSuite } from './predict.js';
import { scoreSuite } from './score.js';
import { sortSuite } from './sort.js';
import { measure, type Effort, type Result, type Suite } from './suite.js';
import { prepareText } from './text.js';
import { tokenizeSuite } from './tokenize.js';
import { tokenizersSuite } from './tokenizers.js';

const SUITES: readonly Suite[] = [
  tokenizeSuite,
  tokenizersSuite,
  formatsSuite,
  sortSuite,
  blockSuite,
  scoreSuite,
  predictSuite,
];

const USAGE = `usage: npm run bench -- [SUITE...] [--json] [--quick]
  SUITE    only suites whose name contains this: ${SUITES.map(({ name }) => name).join(', ')}
  --json   print JSON instead of a table
  --quick  a part of the text and a fraction of a second for each case: shows that the suites work; the figures mean little
`;

const FULL: Effort = { warmUp: 0.5, seconds: 5 };
const QUICK: Effort = { warmUp: 0, seconds: 0.1 };
const QUICK_SENTENCES = 2000;

await runCommand('bench', async (folder, signal) => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const unknown = positionals.find(part => !SUITES.some(({ name }) => name.includes(part)));
  if (unknown !== undefined) throw new UsageError(`there is no suite ${unknown}\n${USAGE.trimEnd()}`);
  const suites = SUITES.filter(({ name }) => positionals.length === 0 || positionals.some(part => name.includes(part)));
  const effort = values.quick ? QUICK : FULL;
  const text = await prepareText(folder, values.quick ? QUICK_SENTENCES : Infinity, signal);
  const results: Result[] = [];
  for (const { name, prepare } of suites) {
    process.stderr.write(`${name} …\n`);
    const { cases, close } = await prepare(text);
    try {
      for (const measured of cases) results.push(await measure(name, measured, effort, signal));
    } finally {
      await close?.();
    }
  }
  if (values.json) {
    process.stdout.write(JSON.stringify({ ...machine(), quick: values.quick ?? false, results }, undefined, 2) + '\n');
    return 0;
  }
  process.stdout.write(`${Object.values(machine()).join(', ')}\n`);
  await printTable(
    ['benchmark', 'ops/s', '± %', 'throughput'],
    results.map(({ suite, name, hz, rme, throughput, unit }) => [
      `${suite}: ${name}`,
      rounded(hz),
      rme.toFixed(1),
      `${rounded(throughput)} ${unit}/s`,
    ]),
  );
  return 0;
});

/** A number with four significant digits, and commas between thousands. */
function rounded(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString('en-US');
}
