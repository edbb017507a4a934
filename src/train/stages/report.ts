import { estimateDiscounts } from '../../smoothing/discounts.js';
import type { Manifest } from '../../tables/manifest.js';
import { contiguous, formatPattern } from '../../tables/pattern.js';
import { replacedWarning, skippedWarning } from '../../text/formats/corpus.js';
import { FIRST_WORD } from '../../text/tokens.js';
import { WORDS_A_CLASS } from '../plan/budget.js';
import { clusteringSizes } from '../plan/mixture-options.js';
import type { BuildContext } from './context.js';
import type { SourceFigures } from './count-source.js';
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
    /** The name of the table, as in `TableInfo`. */
    readonly pattern: string;
    /** Distinct n-grams. */
    readonly types: number;
    /** Whether the discounts are the fallback 0.5, 1, 1.5. */
    readonly fallback: boolean;
  }[];
  /** Documents that were left out since they lack the field or column with the text, with `missing: 'skip'`. */
  readonly skipped: number;
  /** Warnings about parts of the text that were replaced or left out: one sentence for each kind, with a count. */
  readonly warnings: readonly string[];
  /** What was made otherwise than asked: discounts that could not be estimated, with the reason and the remedy; fewer classes. */
  readonly notes: readonly string[];
}

/** The figures of a finished training. */
export function reportOf(context: BuildContext, text: SourceFigures, manifest: Manifest): BuildReport {
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
    skipped: text.skipped ?? 0,
    warnings: warningsOf(context, text),
    notes: [...discountNotes(manifest), ...classNotes(context, manifest)],
  };
}

/** One sentence for each thing in the text that was replaced, left out or missing. */
function warningsOf({ plan }: BuildContext, text: SourceFigures): string[] {
  const { replaced, dropped, skipped = 0, heldOutTokens } = text;
  const warnings = [...(text.warnings ?? [])];
  if (skipped > 0) warnings.push(skippedWarning(skipped));
  const unseen = plan.vocabulary.kind === 'words' ? unseenWords(text) : undefined;
  if (unseen !== undefined) warnings.push(unseen);
  if (replaced > 0) warnings.push(replacedWarning(replaced));
  if (plan.holdOut > 0 && heldOutTokens === 0) {
    warnings.push('too few sentences to hold any out: no weights were tuned; run kneser tune on other text');
  }
  if (dropped > 0) warnings.push(`${dropped} literal <s> or </s> tokens were dropped`);
  return warnings;
}

/** A warning if most words of the given vocabulary do not occur in the text. */
function unseenWords({ vocabulary }: SourceFigures): string | undefined {
  const frequencies = vocabulary.frequencies.subarray(FIRST_WORD);
  const { length } = frequencies;
  const unseen = frequencies.reduce((count, frequency) => count + (frequency === 0 ? 1 : 0), 0);
  if (2 * unseen <= length) return undefined;
  return (
    `${unseen} of the ${length} words of the vocabulary (${Math.floor((100 * unseen) / length)} %) never occur in the text; ` +
    'check that they are written like the tokens of the text'
  );
}

/** The note on classes that were asked for and not made, if there are any. */
function classNotes({ plan }: BuildContext, { clusterings, modelM, vocabulary }: Manifest): string[] {
  const asked = clusteringSizes(plan.classes);
  const made = clusterings.map(({ classes }) => classes);
  if (made.join() === asked.join()) return [];
  const lacks = plan.modelM > 0 && !modelM ? ', and Model M was left out' : '';
  return [
    `classes ${asked.join(', ')}: a vocabulary of ${vocabulary} types has ${made.join(', ') || 'none'}${lacks}, ` +
      `because each class has ${WORDS_A_CLASS} words or more`,
  ];
}

/** The note on discounts that could not be estimated, if there are any. */
function discountNotes({ tables, order, tokens, vocabulary }: Manifest): string[] {
  const fallbacks = tables.filter(({ countsOfCounts }) => estimateDiscounts(countsOfCounts).fallback);
  if (fallbacks.length === 0) return [];
  return [fallbackNote({ tables: fallbacks, highest: formatPattern(contiguous(order)), tokens, types: vocabulary })];
}
