import { estimateDiscounts } from '../../smoothing/discounts.js';
import type { Manifest } from '../../tables/manifest.js';
import { contiguous, formatPattern } from '../../tables/pattern.js';
import type { NumberedText } from './choose-vocabulary.js';
import type { BuildContext } from './context.js';
import { fallbackNote } from './fallback-note.js';

/** Figures of a finished training, wherever the model is. */
export interface BuildReport {
  /** Length of the longest n-grams. */
  readonly order: number;
  /** Sentences that were counted. */
  readonly sentences: number;
  /** Tokens that were counted, `</s>` included. */
  readonly tokens: number;
  /** Types with `</s>` and `<unk>`, without `<s>`. */
  readonly vocabulary: number;
  /** The tables of the model, shorter contexts first. */
  readonly tables: readonly {
    /** As in `TableInfo`. */
    readonly pattern: string;
    /** Distinct n-grams. */
    readonly types: number;
    /** Whether the discounts are the fallback 0.5, 1, 1.5. */
    readonly fallback: boolean;
  }[];
  /** What the text held that was replaced or left out: one sentence each, with a count. */
  readonly warnings: readonly string[];
  /** Which discounts could not be estimated, why, and what to do: at most one text. */
  readonly notes: readonly string[];
}

/** The figures of a finished training. */
export function reportOf(context: BuildContext, text: NumberedText, manifest: Manifest): BuildReport {
  const { order, sentences, tokens, vocabulary, tables } = manifest;
  return {
    order,
    sentences,
    tokens,
    vocabulary,
    tables: tables.map(table => ({
      pattern: table.pattern,
      types: table.pattern === '1' ? vocabulary : table.rows,
      fallback: estimateDiscounts(table.countsOfCounts).fallback,
    })),
    warnings: warningsOf(context, text),
    notes: notesOf(manifest),
  };
}

/** One sentence for each thing in the text that was replaced, left out or missing. */
function warningsOf({ options }: BuildContext, { replaced, dropped, heldOutTokens }: NumberedText): string[] {
  const warnings: string[] = [];
  if (replaced > 0) warnings.push(`${replaced} invalid UTF-8 sequences were read as U+FFFD`);
  if (options.holdOut && heldOutTokens === 0) {
    warnings.push('too few sentences to hold any out: no weights were tuned; run kneser tune on other text');
  }
  if (dropped > 0) warnings.push(`${dropped} literal <s> or </s> tokens were dropped`);
  return warnings;
}

/** The note on discounts that could not be estimated, if there are any. */
function notesOf({ tables, order, tokens, vocabulary }: Manifest): string[] {
  const fallbacks = tables.filter(({ countsOfCounts }) => estimateDiscounts(countsOfCounts).fallback);
  if (fallbacks.length === 0) return [];
  return [fallbackNote({ tables: fallbacks, highest: formatPattern(contiguous(order)), tokens, types: vocabulary })];
}
