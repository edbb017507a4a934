import type { TableReading } from '../model/api.js';
import { LanguageModel } from '../model/language-model.js';
import { PerplexitySum, type Perplexity } from '../model/scoring/perplexity.js';
import type { SmoothingOptions } from '../smoothing/index.js';
import { mentionWeights, openOptions } from './smoothing.js';
import type { DocumentOptions } from '../text/formats/documents.js';
import { expandInputs } from '../text/formats/input.js';
import { documentOptions } from './options.js';
import { figure, print, printTable, whole, warnOfReplaced } from './output.js';
import { ProgressDisplay } from './progress.js';

/** The options of `kneser perplexity`. */
export interface PerplexityFlags extends SmoothingOptions, DocumentOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly tables: TableReading;
  readonly threads?: number;
  readonly cache?: boolean;
}

/** `kneser perplexity`. */
export async function runPerplexity(path: string, paths: readonly string[], flags: PerplexityFlags): Promise<void> {
  const inputs = await expandInputs(paths, flags);
  const model = await LanguageModel.open(path, openOptions(flags));
  // Progress is for people who wait; results on a terminal come soon enough without it.
  const display = process.stderr.isTTY ? await ProgressDisplay.create(flags.quiet ?? false) : undefined;
  try {
    const totalBytes = inputs.reduce((sum, input) => sum + (input.bytes ?? NaN), 0);
    let done = 0;
    const total = new PerplexitySum();
    const files: ({ file: string } & Perplexity)[] = [];
    let replaced = 0;
    for (const { path: file } of inputs) {
      const sum = await model.sumOfFile(file, {
        ...documentOptions(flags),
        expectedBytes: totalBytes,
        cache: flags.cache ?? false,
        ...(flags.threads === undefined ? {} : { threads: flags.threads }),
        onRead: read => {
          done += read;
          display?.update('scoring', done, Number.isNaN(totalBytes) ? undefined : totalBytes, 'bytes');
        },
        onLoad: share => display?.update('loading tables', share, 1, 'of the model'),
      });
      total.add(sum);
      replaced += sum.replaced;
      files.push({ file, ...sum.figures() });
    }
    display?.end();
    if (!flags.quiet) mentionWeights(model.info, flags);
    warnOfReplaced(replaced);
    const figures = total.figures();
    if (figures.tokens === 0) process.stderr.write('kneser: warning: there is no text to measure\n');
    if (flags.json) await print(JSON.stringify({ files, total: figures }) + '\n');
    else await printFigures([...files, { file: 'total', ...figures }]);
  } finally {
    display?.end();
    await model.close();
  }
}

async function printFigures(rows: readonly ({ file: string } & Perplexity)[]): Promise<void> {
  await printTable(
    ['file', 'sentences', 'tokens', 'OOV', 'perplexity', 'without OOV', 'bits/token', 'bits/char', 'bits/byte'],
    rows.map(row => [
      row.file,
      whole(row.sentences),
      whole(row.tokens),
      whole(row.oov),
      figure(row.perplexity, 3),
      figure(row.perplexityExcludingOov, 3),
      figure(row.bitsPerToken, 4),
      figure(row.bitsPerCharacter, 4),
      figure(row.bitsPerByte, 4),
    ]),
  );
}
