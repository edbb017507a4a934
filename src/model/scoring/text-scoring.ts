import { PendingBytes } from '../../base/pending-bytes.js';
import type { SentenceEnds } from '../../smoothing/batch.js';
import { createFeeder } from '../../text/feeder.js';
import { canonicalSurface } from '../../text/surface.js';
import type { Tokenization } from '../../text/tokenization.js';
import type { LoadedWords } from '../lookup/words.js';
import { inGroups } from './in-groups.js';
import type { TokenScores } from './pieces.js';
import { MOST_TOKENS, sentenceTooLong } from './score.js';
import type { TaskScorer } from './sentence-scoring.js';
import { IdSink } from './text-reader.js';

/** Whole sentences of a text as ids, with the bytes of the tokens that the vocabulary lacks. */
export interface IdSentences {
  /** The ids of the tokens, with `EOS` after each sentence; the id of a token outside the vocabulary has the bit `OOV`. */
  readonly ids: Uint32Array;
  /** The tokens outside the vocabulary as UTF-8, one after another. */
  readonly unknown: Uint8Array;
  /** By token outside the vocabulary, the end of its bytes in `unknown`. */
  readonly unknownEnds: Uint32Array;
}

/** Sentences and the scores of their tokens; without `</s>` if sentences are scored without their ends. */
export interface ScoredSentences extends IdSentences {
  readonly scores: TokenScores;
}

/** Collects the sentences of a text. */
class SentenceSink extends IdSink {
  /** The bytes of the tokens outside the vocabulary. */
  private readonly unknownBytes = new PendingBytes();
  /** By such token, the end of its bytes. */
  private unknownEnds: number[] = [];
  // How many ids, bytes and tokens of these belong to whole sentences.
  private wholeIds = 0;
  private wholeBytes = 0;
  private wholeUnknown = 0;

  /** @param lowercase whether the model lower-cases tokens. */
  constructor(
    words: LoadedWords,
    skipBlank: boolean,
    private readonly lowercase: boolean,
  ) {
    super(words, skipBlank);
  }

  override token(bytes: Uint8Array, from: number, to: number, hash: number): void {
    if (this.lineTokens === MOST_TOKENS) throw sentenceTooLong(`more than ${MOST_TOKENS}`);
    super.token(bytes, from, to, hash);
  }

  override line(): void {
    super.line();
    this.wholeIds = this.length;
    this.wholeBytes = this.unknownBytes.length;
    this.wholeUnknown = this.unknownEnds.length;
  }

  /** Returns the whole sentences that were collected, in memory of their own, and keeps the beginning of the next sentence. */
  takeSentences(): IdSentences {
    const { unknownBytes, unknownEnds, wholeIds, wholeBytes, wholeUnknown } = this;
    const all = this.take();
    const ids = all.slice(0, wholeIds);
    for (let i = wholeIds; i < all.length; i++) this.push(all[i]);
    const taken = {
      ids,
      unknown: unknownBytes.bytes.slice(0, wholeBytes),
      unknownEnds: Uint32Array.from(unknownEnds.slice(0, wholeUnknown)),
    };
    unknownBytes.bytes.copyWithin(0, wholeBytes, unknownBytes.length);
    unknownBytes.length -= wholeBytes;
    this.unknownEnds = unknownEnds.slice(wholeUnknown).map(end => end - wholeBytes);
    this.wholeIds = this.wholeBytes = this.wholeUnknown = 0;
    return taken;
  }

  /** Keeps a token outside the vocabulary, as the model reads it. */
  protected override unknown(token: Uint8Array): void {
    this.unknownBytes.add(canonicalSurface(token, this.lowercase)?.bytes ?? token);
    this.unknownEnds.push(this.unknownBytes.length);
  }
}

/**
 * Reads the sentences of a text, as soon as each is complete, without making strings.
 *
 * @param text the bytes of the text.
 * @param source the name of the text in messages.
 * @param options of the model's manifest.
 * @throws KNESER_LIMIT for a sentence of more than {@link MOST_TOKENS} tokens.
 */
export async function* readSentences(
  text: AsyncIterable<Uint8Array>,
  source: string,
  words: LoadedWords,
  tokenization: Tokenization,
  { skipBlank, lowercase }: { readonly skipBlank: boolean; readonly lowercase: boolean },
): AsyncGenerator<IdSentences> {
  const sink = new SentenceSink(words, skipBlank, lowercase);
  const feeder = createFeeder(tokenization, sink, words, source);
  for await (const bytes of text) {
    feeder.feed(bytes);
    const taken = sink.takeSentences();
    if (taken.ids.length > 0) yield taken;
  }
  feeder.end();
  yield sink.takeSentences();
}

/**
 * Scores the sentences of a text, many at a time.
 *
 * - Input: sentences as ids.
 * - Output: groups of them with their scores, in the order of the input, with the same bits as the scores of `LanguageModel.score`.
 */
export function scoreText(
  sentences: AsyncIterable<IdSentences>,
  ends: SentenceEnds,
  scorer: TaskScorer,
): AsyncGenerator<ScoredSentences, void, void> {
  return inGroups(
    sentences,
    ({ ids }) => ids.length,
    async parts => {
      const group = joined(parts);
      return { ...group, scores: await scorer.scoreTokens({ ids: group.ids, history: 0, ends }) };
    },
    scorer,
  );
}

/** All sentences of several parts. */
function joined(parts: readonly IdSentences[]): IdSentences {
  const sizeOf = (of: (part: IdSentences) => ArrayLike<number>): number =>
    parts.reduce((sum, part) => sum + of(part).length, 0);
  const ids = new Uint32Array(sizeOf(part => part.ids));
  const unknown = new Uint8Array(sizeOf(part => part.unknown));
  const unknownEnds = new Uint32Array(sizeOf(part => part.unknownEnds));
  let [atId, atByte, atEnd] = [0, 0, 0];
  for (const part of parts) {
    ids.set(part.ids, atId);
    unknown.set(part.unknown, atByte);
    for (const end of part.unknownEnds) unknownEnds[atEnd++] = atByte + end;
    atId += part.ids.length;
    atByte += part.unknown.length;
  }
  return { ids, unknown, unknownEnds };
}
