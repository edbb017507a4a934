import { stat } from 'node:fs/promises';
import { writeAtomically } from '../base/node/atomic.js';
import { KneserError, writeError } from '../base/errors.js';
import { heatScale, heatStep, readable, valueAt } from '../report/heat.js';
import type { TableReading } from '../model/api.js';
import { LanguageModel } from '../model/language-model.js';
import type { SmoothingOptions } from '../smoothing/index.js';
import type { VectorOptions, VectorScore } from '../model/scoring/vector.js';
import type { DocumentOptions } from '../text/formats/documents.js';
import { expandInputs, STDIN, type Input } from '../text/formats/input.js';
import { readLines } from './lines.js';
import { figure, print, printJsonLine } from './output.js';
import { openOptions } from './smoothing.js';

/** The options of `kneser vector`. */
export interface VectorFlags extends SmoothingOptions, VectorOptions, DocumentOptions {
  readonly json?: boolean;
  readonly html?: string;
  readonly tables: TableReading;
}

/** `kneser vector`. */
export async function runVector(path: string, file: string, flags: VectorFlags): Promise<void> {
  const { html, json } = flags;
  const inputs = await expandInputs([file], flags);
  if (html !== undefined) await refuseFolder(html);
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

/** The vectors of all lines, each as soon as its line is complete. */
async function* vectorsOf(
  model: LanguageModel,
  inputs: readonly Input[],
  options: VectorOptions & DocumentOptions,
): AsyncGenerator<VectorScore> {
  for await (const { line, model: scoring } of readLines(model, inputs, options)) {
    for (const sentence of model.sentences(line)) {
      const score = await scoring.scoreVector(sentence, options);
      if (score.tokens.length > 0 || !model.info.options.skipBlank) yield score;
    }
  }
}

/** A sentence's perplexity, then each token with its value, or the values of the bins. */
function formatVector({ tokens, vector, perplexity }: VectorScore): string {
  const values = Array.from(vector, value => value.toFixed(4));
  const isByToken = tokens.length === vector.length;
  return (
    [figure(perplexity, 2), ...values.map((value, i) => (isByToken ? `${tokens[i]} ${value}` : value))].join('\t') +
    '\n'
  );
}

/** From no heat to most, in ColorBrewer's YlOrRd. Black is easy to read on each. */
const COLOURS = [undefined, '#fed976', '#feb24c', '#fd8d3c', '#fc4e2a', '#e31a1c'];

/** How a sentence is shown in colour with its scale under it, where whoever reads the output sees colours. */
async function painter(): Promise<((score: VectorScore) => string) | undefined> {
  const { default: ansis } = await import('ansis');
  if (!ansis.isSupported() || !(process.stdout.isTTY || 'FORCE_COLOR' in process.env)) return undefined;
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

/** A token without what a terminal would obey. */
function visible(token: string): string {
  return token.replace(/\p{Cc}/gu, '\ufffd');
}

async function refuseFolder(path: string): Promise<void> {
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
  for await (const score of scores) lines.push(score);
  const { vectorPage } = await import('../report/vector-page.js');
  try {
    await writeAtomically(path, vectorPage({ ...about, lines }));
  } catch (error) {
    throw writeError(path, error);
  }
}
