import type { TableReading } from '../model/api.js';
import type { Explanation, Prediction } from '../model/prediction/prediction.js';
import { LanguageModel } from '../model/language-model.js';
import type { SmoothingOptions } from '../smoothing/index.js';
import type { DocumentOptions } from '../text/formats/documents.js';
import { expandInputs, STDIN } from '../text/formats/input.js';
import { readLines } from './lines.js';
import { figure, print, printJsonLine, printTable } from './output.js';
import { openOptions } from './smoothing.js';

/** The options of `kneser predict`. */
export interface PredictFlags extends SmoothingOptions, DocumentOptions {
  readonly top: number;
  readonly start: boolean;
  readonly unknown?: boolean;
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly tables: TableReading;
}

/** A prediction from blocks takes about as long as scoring so many words. */
const WORDS_A_PREDICTION = 60;
/** Patterns that are shown of those that gave a token its probability. */
const PATTERNS_SHOWN = 3;

/** `kneser predict`. */
export async function runPredict(path: string, file: string | undefined, flags: PredictFlags): Promise<void> {
  const { top: k, start, unknown = false, explain = false, json } = flags;
  const inputs = await expandInputs([file ?? STDIN], flags);
  const model = await LanguageModel.open(path, openOptions(flags));
  try {
    const lines = readLines(model, inputs, flags, () => WORDS_A_PREDICTION);
    for await (const { line: history, model: predicting } of lines) {
      const predictions = await predicting.predict(history, { k, start, unknown, explain });
      if (json) await printJsonLine({ history, predictions });
      else await printPredictions(history, predictions);
    }
  } finally {
    await model.close();
  }
}

/** The history, a table of what may come next, and an empty line. */
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

/** The patterns that give most of a probability, and which part of it. */
function mainPatterns({ patterns }: Explanation, probability: number): string {
  return patterns
    .slice(0, PATTERNS_SHOWN)
    .map(part => `${part.pattern} ${figure((100 * part.probability) / probability, 0)} %`)
    .join(', ');
}
