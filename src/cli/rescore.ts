import { Option, type Command } from 'commander';
import { KneserError } from '../base/errors.js';
import type { NBestList } from '../decoding/nbest.js';
import type { RescoreOptions, TuneRescoringReport } from '../decoding/rescore.js';
import type { Input } from '../text/formats/input.js';
import { given } from './given.js';
import { figure, print, printJsonLine, printTable, warn } from './output.js';
import { addModelFlags, openOptions, type ModelFlags } from './smoothing.js';
import { parseNumber } from './values.js';

const HELP = `
The files have n-best lists: JSON lines {"id": …, "candidates": [{"text": …, "score": …}]}, Moses (id ||| text ||| features ||| score)
or SRILM (a file a list). total = score + weight * ln 10 * (log10 p + oov * unknown tokens) + bonus * tokens. Prints the best text of each list.

Examples:
  kneser rescore model nbest.jsonl --weight 0.5 --word-bonus 1.5
  kneser rescore model nbest.jsonl --tune references.txt --metric wer`;

/** Flags of `kneser rescore`. */
interface RescoreFlags
  extends ModelFlags, Pick<RescoreOptions, 'weight' | 'wordBonus' | 'oov' | 'normalize' | 'keepFirstUnless'> {
  readonly tune?: string;
  readonly metric?: TuneRescoringReport['metric'];
  readonly json?: boolean;
}

/** `kneser rescore`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .argument('<file...>', 'n-best lists; - for standard input')
    .option('--weight <alpha>', "weight of the model's ln p (default: 0.5)", parseNumber('0.5'))
    .option('--word-bonus <beta>', 'added for each token (default: 0)', parseNumber('1.5'))
    .option('--oov <offset>', 'added to log10 p for each unknown token (default: -10)', parseNumber('-10'))
    .addOption(
      new Option('--normalize <how>', 'tokens: divide totals by the number of tokens (default: none)').choices([
        'none',
        'tokens',
      ]),
    )
    .option(
      '--keep-first-unless <gap>',
      'keep the first candidate unless another has this much more total for each token [ln]',
      parseNumber('0.5'),
    )
    .option('--tune <file>', 'find the weights for these references, one a line for each list, and print error rates')
    .addOption(
      new Option(
        '--metric <name>',
        'with --tune: word errors, character errors, or exact texts (default: wer)',
      ).choices(['wer', 'cer', 'exact']),
    )
    .option('--json', 'print one JSON object for each list, with all candidates by falling total');
  addModelFlags(command).addHelpText('after', HELP).action(run);
}

async function run(path: string, files: readonly string[], flags: RescoreFlags): Promise<void> {
  const { weight, wordBonus, oov, normalize, keepFirstUnless, tune, metric, json } = flags;
  const misplaced = tune === undefined ? given({ metric }) : given({ weight, wordBonus, keepFirstUnless });
  const name = Object.keys(misplaced).at(0);
  if (name !== undefined) {
    throw new KneserError(
      'KNESER_OPTION',
      `${name}: ${tune === undefined ? 'belongs to --tune' : 'excludes --tune, which finds the weights'}`,
    );
  }
  const { expandInputs } = await import('../text/formats/input.js');
  const inputs = await expandInputs(files, {}, warn);
  const references = tune === undefined ? [] : await linesOf(await expandInputs([tune], {}, warn));
  const { LanguageModel } = await import('../model/language-model.js');
  const { rescore, tuneRescoring } = await import('../decoding/rescore.js');
  const { wordsIn } = await import('./lines.js');
  await using opened = await LanguageModel.open(path, openOptions(flags));
  const model = opened.shouldLoad(25 * wordsIn(inputs)) ? await opened.load() : opened;
  const shared = { model, lists: listsOf(inputs), ...given({ oov, normalize }), onWarning: warn };
  if (tune !== undefined) {
    const report = await tuneRescoring({ ...shared, references, ...given({ metric }) });
    if (json) await printJsonLine({ ...report });
    else await printReport(report);
    return;
  }
  for await (const list of rescore({ ...shared, ...given({ weight, wordBonus, keepFirstUnless }) })) {
    if (json) await printJsonLine({ ...list });
    else await print(`${list.candidates[0].text}\n`);
  }
}

async function* listsOf(inputs: readonly Input[]): AsyncGenerator<NBestList, void, void> {
  const { NBestReader } = await import('../decoding/nbest.js');
  const { readListLines } = await import('./lines.js');
  for (const input of inputs) {
    const reader = new NBestReader(input.path);
    for await (const line of readListLines([input], 'text')) {
      const list = reader.add(line);
      if (list) yield list;
    }
    const last = reader.end();
    if (last) yield last;
  }
}

async function linesOf(inputs: readonly Input[]): Promise<string[]> {
  const { readListLines } = await import('./lines.js');
  const lines: string[] = [];
  for await (const line of readListLines(inputs, 'text')) lines.push(line);
  return lines;
}

async function printReport({
  metric,
  lists,
  first,
  tuned,
  oracle,
  weight,
  wordBonus,
}: TuneRescoringReport): Promise<void> {
  await printTable(
    [`${lists} lists`, metric === 'exact' ? 'not exact' : metric],
    [
      ['first candidates', figure(first, 4)],
      [`--weight ${weight} --word-bonus ${wordBonus}`, figure(tuned, 4)],
      ['best candidates (oracle)', figure(oracle, 4)],
    ],
  );
}
