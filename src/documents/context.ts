import { orNull, perplexityOf } from '../model/scoring/perplexity.js';
import type { TokenScores } from '../model/scoring/pieces.js';
import type { TokenScoring } from '../model/token-scoring.js';
import { TextCache } from '../smoothing/cache/text-cache.js';
import type { ContextFigures } from './figures.js';
import { scoreDocuments, type ScoredTokens } from './scored.js';

/**
 * Measures how much the text of another member (the context) helps to predict a document. The document is scored twice: with an empty
 * cache (perplexity `cold`), and with a cache that has read the context (perplexity `after`). ConSens is 2/(1 + e^−r) − 1 with
 * r = ln(cold / after), which equals (cold − after)/(cold + after).
 *
 * @param context the text of that member; `undefined` if the document lacks the member, so that all figures are null.
 */
export async function contextFigures(
  model: TokenScoring,
  { ids }: ScoredTokens,
  sentences: number,
  context: string | undefined,
): Promise<ContextFigures> {
  const none: ContextFigures = { coldPerplexity: null, perplexity: null, consens: null };
  const { weights, clusterings } = model.parts;
  if (context === undefined || ids.length === sentences || !weights) return none;
  const cache = new TextCache(weights.cache, clusterings.at(0)?.classes);
  const coldPerplexity = perplexityWith(await model.score(ids, cache));
  cache.reset();
  const reading = scoreDocuments([[{ index: 0, text: context }]], { model, unit: 'lines', byToken: true });
  for await (const some of reading) {
    for (const { byToken, sentences } of some) {
      if (byToken && byToken.ids.length > sentences) await model.score(byToken.ids, cache);
    }
  }
  const perplexity = perplexityWith(await model.score(ids, cache));
  const consens = (coldPerplexity - perplexity) / (coldPerplexity + perplexity);
  return { coldPerplexity: orNull(coldPerplexity), perplexity: orNull(perplexity), consens: orNull(consens) };
}

/** The perplexity of scored tokens. */
function perplexityWith({ log10Probs }: TokenScores): number {
  return perplexityOf(
    log10Probs.reduce((sum, log10Prob) => sum + log10Prob, 0),
    log10Probs.length,
  );
}
