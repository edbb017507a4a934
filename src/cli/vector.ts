import { Option, type Command } from 'commander';
import { stat } from 'node:fs/promises';
import { standard, STDIN } from '../base/node/standard-streams.js';
import { writeAtomically } from '../base/node/atomic.js';
import { checkPath } from '../base/check.js';
import { checkAborted, KneserError, writeError } from '../base/errors.js';
import { heatScale, heatStep, readable, valueAt } from '../report/heat.js';
import type { LanguageModel } from '../model/language-model.js';
import type { VectorOptions, VectorScore } from '../model/scoring/vector.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import type { Input } from '../text/formats/input.js';
import { addDocumentFlags, TEXT_FILE } from './documents.js';
import { interruption } from './interruption.js';
import { figure, print, printJsonLine, warn } from './output.js';
import { addModelFlags, openOptions, type ModelFlags } from './smoothing.js';
import { parseWhole } from './values.js';

const HELP = `
The value of a token is the mean perplexity of the windows of tokens that contain it. A line of output has the perplexity of the
sentence, then each token with its value, separated by tabs. On a terminal the sentence is coloured by value.

Examples:
  echo 'the cat sat on the mat' | kneser vector model --json
  kneser vector model story.txt --html story.html`;

/** Flags of `kneser vector`. */
interface VectorFlags extends ModelFlags, VectorOptions, DocumentOptions {
  readonly json?: boolean;
  readonly html?: string;
}

/** `kneser vector`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .argument('[file]', TEXT_FILE, STDIN)
    .option('-w, --window <n>', 'length of a window [tokens]', parseWhole, 3)
    .addOption(
      new Option(
        '--context <which>',
        'history of a token: the whole sentence before it (text), or only its window, after <s> (window)',
      )
        .choices(['text', 'window'])
        .default('text'),
    )
    .option('--relative', 'divide the values of a sentence by their mean')
    .option(
      '--bins <k>',
      'print k values for each sentence, the means of k equal spans, not one for each token',
      parseWhole,
    )
    .addOption(new Option('--json', 'print one JSON object on each line').conflicts('html'))
    .option('--html <file>', 'write a web page instead: heat map, charts, the longest n-gram of each token');
  addModelFlags(command);
  addDocumentFlags(command).addHelpText('after', HELP).action(run);
}

async function run(path: string, file: string, flags: VectorFlags): Promise<void> {
  const { html, json, window, context, relative, bins } = flags;
  const { checkVectorOptions } = await import('../model/scoring/vector.js');
  checkVectorOptions({ window, context, relative, bins });
  const { expandInputs } = await import('../text/formats/input.js');
  const inputs = await expandInputs([file], flags, warn);
  if (html !== undefined) {
    await refuseFolder(html);
    const { refuseInput } = await import('../documents/output.js');
    await refuseInput(html, 'html', [path, ...inputs.map(input => input.path)]);
  }
  const { LanguageModel } = await import('../model/language-model.js');
  const model = await LanguageModel.open(path, openOptions(flags));
  try {
    const scores = vectorsOf(model, inputs, flags);
    if (html !== undefined) {
      await writePage(html, { text: file === STDIN ? 'standard input' : file, model: path, options: flags }, scores);
      return;
    }
    const paint = json ? undefined : await painter();
    for await (const score of scores) {
      const { tokens, vector, perplexity } = score;
      if (json) await printJsonLine({ tokens, vector, perplexity });
      else await print(paint ? paint(score) : formatVector(score));
    }
  } finally {
    await model.close();
  }
}

/** Yields the vector of each sentence as soon as its line is complete. */
async function* vectorsOf(
  model: LanguageModel,
  inputs: readonly Input[],
  options: VectorOptions & DocumentOptions,
): AsyncGenerator<VectorScore> {
  const { readModelLines, SCORED_ALONE } = await import('./lines.js');
  for await (const { line, model: scoring } of readModelLines(model, inputs, options, SCORED_ALONE)) {
    for (const sentence of model.sentences(line)) {
      const score = await scoring.scoreVector(sentence, options);
      if (score.tokens.length > 0 || !model.info.options.skipBlank) yield score;
    }
  }
}

/** A line of output: the perplexity of the sentence, then each token with its value, or the values of the bins. */
function formatVector({ tokens, vector, perplexity }: VectorScore): string {
  const values = Array.from(vector, value => figure(value, 4));
  const isByToken = tokens.length === vector.length;
  return (
    [figure(perplexity, 2), ...values.map((value, i) => (isByToken ? `${tokens[i]} ${value}` : value))].join('\t') +
    '\n'
  );
}

/** Background colours from the lowest values (no colour) to the highest: ColorBrewer's YlOrRd. Black text is readable on each. */
const COLOURS = [undefined, '#fed976', '#feb24c', '#fd8d3c', '#fc4e2a', '#e31a1c'];

/** Makes the function that formats a sentence in colour, with the scale below it; `undefined` if standard output shows no colours. */
async function painter(): Promise<((score: VectorScore) => string) | undefined> {
  const { default: ansis } = await import('ansis');
  if (!ansis.isSupported() || !(standard.stdout.isTTY || 'FORCE_COLOR' in process.env)) return undefined;
  const colour = (text: string, step: number): string => {
    const hex = COLOURS[step];
    return hex === undefined ? text : ansis.bgHex(hex).black(text);
  };
  return ({ tokens, vector, perplexity }) => {
    const scale = heatScale([vector]);
    const words = tokens.map((token, t) =>
      colour(visible(token), heatStep(valueAt(vector, t, tokens.length), scale, COLOURS.length)),
    );
    const steps = COLOURS.map((_, step) => colour('  ', step)).join('');
    const ends = tokens.length === 0 ? '' : `   ${readable(scale.low)} ▕${steps}▏ ${readable(scale.high)}`;
    return `${words.join(' ')}\n${ansis.dim(`perplexity ${figure(perplexity, 2)}`)}${ends}\n\n`;
  };
}

/** A token whose control characters are replaced by U+FFFD, since a terminal would execute them. */
function visible(token: string): string {
  return token.replace(/\p{Cc}/gu, '\ufffd');
}

async function refuseFolder(path: string): Promise<void> {
  checkPath('html', path);
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory()) {
    throw new KneserError('KNESER_OUTPUT_EXISTS', `${path}: is a folder; name a file with --html`);
  }
}

async function writePage(
  path: string,
  about: { readonly text: string; readonly model: string; readonly options: VectorOptions },
  scores: AsyncIterable<VectorScore>,
): Promise<void> {
  const lines: VectorScore[] = [];
  const signal = interruption();
  for await (const score of scores) {
    checkAborted(signal, 'scoring');
    lines.push(score);
  }
  const { vectorPage } = await import('../report/vector-page.js');
  try {
    await writeAtomically(path, vectorPage({ ...about, lines }));
  } catch (error) {
    throw writeError(path, error);
  }
}
