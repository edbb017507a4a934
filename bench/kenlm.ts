/**
 * `npm run bench:kenlm -- [--train FILE --test FILE] …`: compares kneser with KenLM: the time and memory of training and of scoring, as whole
 * commands, and the speed of scoring once the model is loaded.
 */
import { accessSync, constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareBrown } from '../corpora/brown.js';
import { printTable } from '../src/cli/output.js';
import { MAX_ORDER } from '../src/tables/pattern.js';
import { machine, runCommand, UsageError, wholeNumber } from './command.js';
import type { Usage } from './child.js';
import { Comparison, type Growth, type Measured, type Perplexities, type Settings, type Trie } from './comparison.js';
import { median } from './median.js';

const USAGE = `usage: KENLM_BIN=FOLDER npm run bench:kenlm -- [--train FILE --test FILE] [--order 5] [--runs 3]
         [--memory 4G] [--kenlm-memory 8G] [--trie] [--skip] [--growth] [--json]
  --train, --test  text files, a sentence a line (default: the Brown corpus)
  --order          length of the longest n-grams
  --runs           number of measurements, of which the medians are shown
  --memory         kneser train --memory
  --kenlm-memory   lmplz -S
  --trie           also build KenLM's quantised trie, for its size
  --skip           also count all skip patterns of the order
  --growth         also train on the text's first eighth
  --json           print JSON, with every run, instead of a table
`;

const NO_KENLM = `set KENLM_BIN to the folder that holds KenLM's programs lmplz, build_binary and query:
  KENLM_BIN=FOLDER npm run bench:kenlm
KenLM is not part of kneser. Its homepage, https://kheafield.com/code/kenlm/, says how to get and build it.`;

/** The largest accepted relative difference of perplexities: KenLM stores logarithms in single precision. */
const TOLERANCE = 1e-5;

await runCommand('bench:kenlm', async (folder, signal) => {
  const { values } = parseArgs({
    options: {
      train: { type: 'string' },
      test: { type: 'string' },
      order: { type: 'string', default: '5' },
      runs: { type: 'string', default: '3' },
      memory: { type: 'string', default: '4G' },
      'kenlm-memory': { type: 'string', default: '8G' },
      trie: { type: 'boolean', default: false },
      skip: { type: 'boolean', default: false },
      growth: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const kenlm = findKenlm();
  const runs = wholeNumber('--runs', values.runs, 1, 1000);
  const settings: Settings = {
    kenlm,
    ...(await texts(values.train, values.test, folder)),
    order: wholeNumber('--order', values.order, 2, MAX_ORDER),
    memory: values.memory,
    kenlmMemory: values['kenlm-memory'],
  };
  const comparison = new Comparison(settings, folder, signal);
  // Reading both texts also puts them into the cache of the system, for both tools.
  const unknown = await comparison.prepare();
  const kneserRuns: Measured[] = [];
  const kenlmRuns: Measured[] = [];
  let trie: Trie | undefined;
  const skips: Usage[] = [];
  const growth: Growth[] = [];
  for (let i = 0; i < runs; i++) {
    process.stderr.write(`run ${i + 1} of ${runs} …\n`);
    const kneserTraining = await comparison.trainKneser();
    const kenlmTraining = await comparison.trainKenlm();
    if (values.skip) skips.push(await comparison.trainSkips());
    if (values.growth) growth.push(await comparison.growth());
    if (values.trie) trie ??= await comparison.buildTrie();
    await comparison.removeArpa();
    // kneser and KenLM score by turns, twice each, and the faster time counts: the first may have read files from the disk.
    const first = { kneser: await comparison.scoreKneser(), kenlm: await comparison.scoreKenlm() };
    const kneserScoring = faster(first.kneser, await comparison.scoreKneser());
    const kenlmScoring = faster(first.kenlm, await comparison.scoreKenlm());
    const kneserSteady = await comparison.steadyKneser();
    const kenlmSteady = await comparison.steadyKenlm(kenlmScoring.perplexities.tokens);
    kneserRuns.push({
      ...kneserTraining,
      ...kneserScoring,
      steadyTokensPerSecond: kneserSteady.one,
      steadyTokensPerSecondAllCores: kneserSteady.all,
    });
    kenlmRuns.push({ ...kenlmTraining, ...kenlmScoring, steadyTokensPerSecond: kenlmSteady });
  }
  const agree = kneserRuns.every(({ perplexities }, i) => perplexitiesAgree(perplexities, kenlmRuns[i].perplexities));
  const notes = unknown > 0 ? [unknownNote(unknown)] : [];
  const { train, test, order, memory, kenlmMemory } = settings;
  const text = values.train === undefined ? 'Brown corpus' : `${train} → ${test}`;
  if (values.json) {
    const setting = { ...machine(), text, order, memory, kenlmMemory, runs };
    const report = {
      ...setting,
      notes,
      agree,
      kneser: kneserRuns,
      kenlm: kenlmRuns,
      trie: trie ?? null,
      skips,
      growth,
    };
    process.stdout.write(JSON.stringify(report, undefined, 2) + '\n');
  } else {
    process.stdout.write(`${Object.values(machine()).join(', ')}\n`);
    process.stdout.write(`${text}, order ${order}, --memory ${memory}, lmplz -S ${kenlmMemory}\n`);
    process.stdout.write(`${runs > 1 ? `medians of ${runs} runs` : 'one run'}\n\n`);
    await printTable(
      ['', 'kneser', 'KenLM', 'kneser / KenLM'],
      rows({ kneser: kneserRuns, kenlm: kenlmRuns, trie, skips, growth }),
    );
    const verdict = agree ? 'agree' : 'DIFFER';
    process.stdout.write(`\nThe perplexities ${verdict} (tokens and OOV equal, figures to ${TOLERANCE * 100} %).\n`);
    for (const note of notes) process.stdout.write(`Note: ${note}\n`);
  }
  if (agree || unknown > 0) return 0;
  process.stderr.write('bench:kenlm: the perplexities of kneser and KenLM differ\n');
  return 1;
});

/** The measurement that took less time. */
function faster<T extends { readonly score: Usage }>(a: T, b: T): T {
  return a.score.seconds <= b.score.seconds ? a : b;
}

function unknownNote(unknown: number): string {
  return (
    `the texts have ${unknown} tokens <unk>. kneser counts and scores them as a word; lmplz --skip_symbols reads them ` +
    'as white space, and query as words outside the vocabulary. So the tools count different tokens, and their ' +
    'perplexities cannot be compared and need not agree.'
  );
}

function findKenlm(): string {
  const { KENLM_BIN } = process.env;
  if (!KENLM_BIN) throw new UsageError(NO_KENLM);
  const folder = resolve(KENLM_BIN);
  for (const program of ['lmplz', 'build_binary', 'query']) {
    try {
      accessSync(join(folder, program), constants.X_OK);
    } catch {
      throw new UsageError(`${join(folder, program)}: is missing or not executable\n${NO_KENLM}`);
    }
  }
  return folder;
}

/** The paths of the training text and of the test text: the files of the flags, or the Brown corpus. */
async function texts(train: string | undefined, test: string | undefined, folder: string) {
  if (train !== undefined && test !== undefined) return { train, test };
  if (train !== test) throw new UsageError(`give both --train and --test, or neither\n${USAGE.trimEnd()}`);
  const brown = await prepareBrown(folder);
  return { train: brown.train, test: brown.heldOut };
}

function perplexitiesAgree(a: Perplexities, b: Perplexities): boolean {
  const isNear = (x: number | null, y: number | null): boolean =>
    x === null || y === null ? x === y : Math.abs(x / y - 1) <= TOLERANCE;
  return (
    a.oov === b.oov &&
    a.tokens === b.tokens &&
    isNear(a.perplexity, b.perplexity) &&
    isNear(a.perplexityExcludingOov, b.perplexityExcludingOov)
  );
}

/** A figure of a run; `null` if it is not known. */
type Figure = (measured: Measured) => number | null;

/** The speed of scoring with a loaded model on one thread [tokens/s]. */
function steadySpeed(run: Measured): number | null {
  return run.steadyTokensPerSecond;
}

/** The figures of all runs. */
interface Runs {
  readonly kneser: Measured[];
  readonly kenlm: Measured[];
  readonly trie: Trie | undefined;
  readonly skips: Usage[];
  readonly growth: Growth[];
}

/** The rows of the table: the medians of each figure by both tools, and their ratio. */
function rows({ kneser, kenlm, trie, skips, growth }: Runs): string[][] {
  const compare = (name: string, figure: Figure, digits: number, scale = 1): string[] => {
    const [ofKneser, ofKenlm] = [medianOrNull(kneser.map(figure)), medianOrNull(kenlm.map(figure))];
    const ratio = ofKneser !== null && ofKenlm !== null ? shown(ofKneser / ofKenlm, 2) : 'n/a';
    return [name, shown(ofKneser, digits, scale), shown(ofKenlm, digits, scale), ratio];
  };
  const onlyKenlm = (name: string, figure: Figure, digits: number): string[] => [
    name,
    '',
    shown(medianOrNull(kenlm.map(figure)), digits),
    '',
  ];
  const bytes = median(kneser.map(run => run.modelBytes));
  const trieRow = (size: number): string[] => [
    '  the same (KenLM: trie -q 8 -b 8 -a 22), MB',
    shown(bytes, 2, 1e-6),
    shown(size, 2, 1e-6),
    shown(bytes / size, 2),
  ];
  const lmplz = medianOrNull(kenlm.map(run => run.trainParts?.lmplz.seconds ?? null));
  const skipSeconds = median(skips.map(run => run.seconds));
  const skipRow = [
    '  train with all skip patterns, s (KenLM: lmplz, which has none)',
    shown(skipSeconds, 2),
    shown(lmplz, 2),
    lmplz === null ? 'n/a' : shown(skipSeconds / lmplz, 2),
  ];
  const growthRow = [
    '  seconds a byte: whole text ÷ its first eighth (kneser only)',
    shown(median(growth.map(({ beginning, all }) => all / beginning)), 2),
    '',
    '',
  ];
  return [
    compare('train, s', run => run.train.seconds, 2),
    onlyKenlm('  of it lmplz, s', run => run.trainParts?.lmplz.seconds ?? null, 2),
    onlyKenlm('  of it build_binary, s', run => run.trainParts?.buildBinary.seconds ?? null, 2),
    ...(skips.length > 0 ? [skipRow] : []),
    ...(growth.length > 0 ? [growthRow] : []),
    compare('train, peak RSS, MB', run => run.train.peakBytes, 1, 1e-6),
    compare('model on disk, MB', run => run.modelBytes, 2, 1e-6),
    ...(trie ? [trieRow(trie.bytes)] : []),
    compare('score, whole command, s', run => run.score.seconds, 2),
    compare('score, whole command, peak RSS, MB', run => run.score.peakBytes, 1, 1e-6),
    compare('score, model loaded, one thread, tokens/s', steadySpeed, 0),
    compare(
      '  the same, a thread for each core (KenLM: one thread), tokens/s',
      run => run.steadyTokensPerSecondAllCores ?? steadySpeed(run),
      0,
    ),
    compare('tokens, </s> counted', run => run.perplexities.tokens, 0),
    compare('OOV', run => run.perplexities.oov, 0),
    compare('perplexity', run => run.perplexities.perplexity, 4),
    compare('perplexity without OOV', run => run.perplexities.perplexityExcludingOov, 4),
  ];
}

/** The median; `null` if one of the values is `null`, and NaN without values. */
function medianOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter(value => value !== null);
  return known.length < values.length ? null : median(known);
}

/** A value times `scale`, with `digits` decimals. */
function shown(value: number | null, digits: number, scale = 1): string {
  if (value === null || !Number.isFinite(value)) return 'n/a';
  return (value * scale).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
