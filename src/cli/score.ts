import type { TableReading } from '../model/api.js';
import type { Score } from '../model/scoring/score.js';
import type { TextCache } from '../smoothing/cache.js';
import { LanguageModel } from '../model/language-model.js';
import type { SmoothingOptions } from '../smoothing/index.js';
import { openOptions } from './smoothing.js';
import type { DocumentOptions } from '../text/formats/documents.js';
import { expandInputs, STDIN, type Input } from '../text/formats/input.js';
import { readLines } from './lines.js';
import { figure, print, printJsonLine } from './output.js';

/** The options of `kneser score`. */
export interface ScoreFlags extends SmoothingOptions, DocumentOptions {
  readonly json?: boolean;
  readonly tables: TableReading;
  readonly cache?: boolean;
}

/** `kneser score`. */
export async function runScore(path: string, file: string | undefined, flags: ScoreFlags): Promise<void> {
  const inputs = await expandInputs([file ?? STDIN], flags);
  const model = await LanguageModel.open(path, openOptions(flags));
  try {
    let text: Input | undefined;
    let cache: TextCache | undefined;
    for await (const { line, input, model: scoring } of readLines(model, inputs, flags)) {
      if (flags.cache && input !== text) cache = model.createCache();
      text = input;
      for (const sentence of model.sentences(line)) {
        const score = await scoring.score(sentence, { cache });
        if (score.tokens.length === 1 && model.info.options.skipBlank) continue;
        if (flags.json) await printJsonLine({ ...score });
        else await print(formatScore(score));
      }
    }
  } finally {
    await model.close();
  }
}

/** A sentence's log10 p and perplexity, then each token with its log10 p and matched length; `*` marks an OOV. */
function formatScore(score: Score): string {
  const tokens = score.tokens.map((token, i) => {
    const oov = score.oov[i] ? '*' : '';
    return `${token}${oov} ${score.log10Probs[i].toFixed(4)} ${score.matched[i]}`;
  });
  return `${score.log10Prob.toFixed(4)}\t${figure(score.perplexity, 2)}\t${tokens.join('\t')}\n`;
}
