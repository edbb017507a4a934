import { InvalidArgumentError, type Command } from 'commander';
import { STDIN } from '../base/node/standard-streams.js';
import type { LanguageModel } from '../model/language-model.js';
import type { Explanation, Prediction } from '../model/prediction/prediction.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { addDocumentFlags, TEXT_FILE } from './documents.js';
import { figure, print, printJsonLine, printTable, warn } from './output.js';
import { addModelFlags, openOptions, type ModelFlags } from './smoothing.js';
import { given } from './given.js';
import { exact, parseWhole } from './values.js';

const HELP = `
Prints for each line of input its most probable next tokens: probability, log10 p, and the length of the longest n-gram of the
model that ends with the token. An empty line asks how sentences begin.

With --gap the probability of a filler is its share of all fillers. Fillers of one token are found exactly, longer ones by beam search.

Examples:
  echo 'the cat sat on the' | kneser predict model --top 3
  echo 'the cat sat on the' | kneser predict model --prefix ma
  echo 'the cat ___ on the mat' | kneser predict model --gap ___`;

/** Flags of `kneser predict`. */
interface PredictFlags extends ModelFlags, DocumentOptions {
  readonly top: number;
  readonly start: boolean;
  readonly unknown?: boolean;
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly prefix?: string;
  readonly gap?: string;
  readonly gapLength?: readonly [number, number];
  readonly options?: string;
  readonly startsWith?: string;
  readonly endsWith?: string;
}

/** Predicting the next token from tables on disk takes about as long as scoring this many words. */
const WORDS_A_PREDICTION = 60;
/** With `--explain`, the number of patterns that are printed for each token: those with the largest parts of its probability. */
const PATTERNS_SHOWN = 3;

/** Reads lengths of fillers, such as `2` or `1-3`. */
function parseLengths(text: string): [number, number] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('It takes a number of tokens such as 2, or a range such as 1-3.');
  const [from, to = match[1]] = match.slice(1) as [string, string | undefined];
  return [exact(from), exact(to)];
}

/** `kneser predict`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .argument('[file]', `lines to continue, each a history: ${TEXT_FILE}`, STDIN)
    .option('-k, --top <k>', 'number of tokens to predict for each line', parseWhole, 10)
    .option('--no-start', 'put no <s> before a line: it need not be the beginning of a sentence')
    .option('--unknown', 'list <unk> too, which stands for all unknown words')
    .option('--explain', 'show how much each pattern contributes to a probability')
    .option('--prefix <text>', 'predict only words that begin with this')
    .option(
      '--gap <mark>',
      'lines are whole sentences with this mark, such as ___: predict the tokens in its place from the words on both sides',
    )
    .option('--gap-length <n>', 'tokens of a filler: 2, or 1-3 (default: 1)', parseLengths)
    .option('--options <file>', 'with --gap: choose from the fillers in this file, one a line')
    .option('--starts-with <text>', 'with --gap: only fillers that begin with this')
    .option('--ends-with <text>', 'with --gap: only fillers that end with this')
    .option('--json', 'print one JSON object on each line');
  addModelFlags(command);
  addDocumentFlags(command).addHelpText('after', HELP).action(run);
}

async function run(path: string, file: string, flags: PredictFlags): Promise<void> {
  const { top, start, unknown = false, explain = false, json, prefix, gap, gapLength, startsWith, endsWith } = flags;
  const { expandInputs } = await import('../text/formats/input.js');
  const { readListLines, readModelLines } = await import('./lines.js');
  let options: string[] | undefined;
  if (flags.options !== undefined) {
    options = [];
    const files = await expandInputs([flags.options], {}, warn);
    for await (const line of readListLines(files)) if (line.trim() !== '') options.push(line.trim());
  }
  const asked = { top, start, unknown, explain, ...given({ prefix, gap, gapLength, options, startsWith, endsWith }) };
  const { checkPredictOptions } = await import('../model/prediction/prediction.js');
  checkPredictOptions(asked);
  const inputs = await expandInputs([file], flags, warn);
  const { LanguageModel } = await import('../model/language-model.js');
  const model = await LanguageModel.open(path, openOptions(flags));
  try {
    if (options && !unknown) await warnOfUnknown(model, options);
    const cost = gap === undefined || options ? WORDS_A_PREDICTION : model.info.vocabulary;
    const lines = readModelLines(model, inputs, flags, { ofLine: () => cost });
    for await (const { line: history, model: predicting } of lines) {
      const predictions = await predicting.predict(history, asked);
      if (json) await printJsonLine({ history, predictions });
      else await printPredictions(history, predictions);
    }
  } finally {
    await model.close();
  }
}

/** Warns of fillers that are left out because of tokens outside the vocabulary. */
async function warnOfUnknown(model: LanguageModel, fillers: readonly string[]): Promise<void> {
  let unknown = 0;
  for (const filler of fillers) {
    const { oov } = await model.score(filler, { start: false, end: false });
    if (oov.some(Boolean)) unknown++;
  }
  if (unknown === 0) return;
  warn(
    `fillers of --options that are left out, because the model lacks a token of them: ${unknown} of ${fillers.length}`,
  );
}

/** Prints the history, a table of its next tokens, and an empty line. */
async function printPredictions(history: string, predictions: readonly Prediction[]): Promise<void> {
  await print(`${history}\n`);
  const explained = predictions[0]?.explanation !== undefined;
  await printTable(
    ['token', 'probability', 'log10 p', 'matched', ...(explained ? ['from'] : [])],
    predictions.map(({ token, probability, log10Prob, matched, explanation }) => [
      token,
      figure(probability, 6),
      figure(log10Prob, 4),
      String(matched),
      ...(explanation ? [mainPatterns(explanation, probability)] : []),
    ]),
  );
  await print('\n');
}

/** The patterns with the largest parts of a probability, each with its part in percent. */
function mainPatterns({ patterns }: Explanation, probability: number): string {
  return patterns
    .slice(0, PATTERNS_SHOWN)
    .map(part => `${part.pattern} ${figure((100 * part.probability) / probability, 0)} %`)
    .join(', ');
}
