import type { Score, TableReading } from '../score/api.js';
import type { LoadedModel } from '../loaded-model.js';
import { LanguageModel } from '../model.js';
import type { SmoothingOptions } from '../score/parts.js';
import { openOptions } from './smoothing.js';
import type { DocumentOptions } from '../text/documents.js';
import { expandInputs, STDIN } from '../text/input.js';
import { LineReader } from '../text/lines.js';
import { figure, print, printJsonLine, warnOfReplaced } from './output.js';

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
    let scored = 0;
    let replaced = 0;
    let scoring: LanguageModel | LoadedModel = model;
    for (const input of inputs) {
      const reader = new LineReader(input.path, flags);
      const cache = flags.cache ? model.createCache() : undefined;
      for await (const line of reader.lines()) {
        if (scoring === model && model.shouldLoad(scored + line.length / 5)) scoring = await model.load();
        for (const sentence of model.sentences(line)) {
          const score = await scoring.score(sentence, { cache });
          if (score.tokens.length === 1 && model.info.options.skipBlank) continue;
          scored += score.tokens.length;
          if (flags.json) await printJsonLine({ ...score });
          else await print(formatScore(score));
        }
      }
      replaced += reader.replaced;
    }
    warnOfReplaced(replaced);
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
