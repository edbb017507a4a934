import type { IdStream } from '../../count/id-stream.js';
import { layoutLength, textNgrams } from '../../count/layout.js';
import type { SpilledWords } from '../../count/spilled-words.js';
import { buildVocabulary } from '../../count/vocabulary.js';
import { HELD_OUT_SHARE, IDS_SHARE, SMALL_TEXT } from '../plan/budget.js';
import type { ReadText, TextIds } from '../resume/checkpoints.js';
import type { BuildContext } from './context.js';
import type { CountSource } from './count-source.js';
import type { TokenizedText } from './tokenize.js';

/** A text as a source of counts, with the streams of its word indices; `vocabulary.ids` maps a word index to an id. */
export interface NumberedText extends CountSource {
  readonly streams: TextIds;
}

/** The text that an interrupted build stored; `undefined` if there is none. */
export async function restore(context: BuildContext): Promise<NumberedText | undefined> {
  const { checkpoints } = context.workspace;
  if (!checkpoints?.resumed) return undefined;
  const ids = context.idStream('tokens', IDS_SHARE);
  const heldOut = context.idStream('held-out', HELD_OUT_SHARE);
  return numbered(context, await checkpoints.loadText({ ids, heldOut }), { ids, heldOut });
}

/**
 * Chooses the words that the model knows, and stores the text for `restore` unless it is small.
 *
 * - Input: the tokenized text.
 * - Output: the vocabulary (a frequent word has a smaller id than a rare one) and the word indices of the text.
 * - When: after `tokenize.ts`, before anything is counted. The text is stored in the background while counting begins.
 *
 * @throws KNESER_LIMIT if words were spilled and those to choose from do not fit into memory.
 */
export function run(context: BuildContext, text: TokenizedText): NumberedText {
  const { stream, changes, skipped, spilled } = text;
  const { workspace, plan } = context;
  const { ids, heldOut } = spilled ? resolveSpilled(context, text, spilled) : text;
  const figures: ReadText = {
    vocabulary: buildVocabulary(stream, plan.vocabulary),
    sentences: stream.sentences,
    tokens: stream.tokens,
    heldOut: stream.heldOut,
    heldOutTokens: stream.heldOutTokens,
    replaced: stream.replaced + changes.replaced,
    dropped: stream.dropped,
    skipped,
  };
  const result = numbered(context, figures, { ids, heldOut });
  if (result.ngrams.length >= SMALL_TEXT) {
    workspace.checkpoints?.saveText(figures, result.streams, () => context.checkAborted());
  }
  return result;
}

function numbered({ plan }: BuildContext, text: ReadText, streams: TextIds): NumberedText {
  const length = layoutLength(text.tokens, text.sentences, plan.order);
  return { ...text, streams, ngrams: textNgrams(streams.ids, plan.order, length) };
}

/** Adds the most frequent of the spilled words to the list of words, and replaces the provisional numbers of their tokens by word indices. */
function resolveSpilled(
  context: BuildContext,
  { stream, ids, heldOut }: TokenizedText,
  [counted, others]: NonNullable<TokenizedText['spilled']>,
): TextIds {
  const { vocabulary } = context.plan;
  const limit = vocabulary.kind === 'limit' ? vocabulary.limit : Infinity;
  const atLeast = vocabulary.kind === 'frequency' ? vocabulary.atLeast : 1;
  stream.chooseSpilled(limit, atLeast, Math.floor(context.workspace.memory / 4));
  const resolve = (from: IdStream, words: SpilledWords, to: IdStream): IdStream => {
    words.resolve(from, stream.words, to);
    from.close();
    words.close();
    return to;
  };
  return {
    ids: resolve(ids, counted, context.idStream('tokens-resolved', IDS_SHARE)),
    heldOut: resolve(heldOut, others, context.idStream('held-out-resolved', HELD_OUT_SHARE)),
  };
}
