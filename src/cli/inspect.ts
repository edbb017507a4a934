import type { TokenizationInfo } from '../text/tokenization.js';
import { LanguageModel } from '../score/model.js';
import { printReport } from './tune.js';
import { bytes, figure, print, printTable, whole } from './output.js';

/** `kneser inspect`. */
export async function runInspect(path: string, flags: { readonly json?: boolean }): Promise<void> {
  const model = await LanguageModel.open(path);
  try {
    const { info } = model;
    if (flags.json) {
      await print(JSON.stringify(info) + '\n');
      return;
    }
    await print(
      `${path}: order ${info.order}, ${whole(info.sentences)} sentences, ${whole(info.tokens)} tokens, ` +
        `vocabulary ${whole(info.vocabulary)}, ${bytes(info.bytes)}, format ${info.version}, made ${info.created}\n` +
        `tokens: ${describe(info.options.tokenization)}\n\n`,
    );
    await printTable(
      ['pattern', 'types', 'tokens', 'D1', 'D2', 'D3+', ''],
      info.tables.map(table => [
        table.pattern,
        whole(table.types),
        whole(table.tokens),
        ...table.discounts.map(discount => figure(discount, 5)),
        table.fallback ? 'fallback' : '',
      ]),
    );
    for (const { name, ...report } of info.weights) {
      await print('\n');
      await printReport(name, report);
    }
  } finally {
    await model.close();
  }
}

/** `words (de), sentences: segment, normalize: NFC`. */
function describe({ tokenizer, locale, sentences, normalize }: TokenizationInfo): string {
  return `${tokenizer}${locale === undefined ? '' : ` (${locale})`}, sentences: ${sentences}, normalize: ${normalize}`;
}
