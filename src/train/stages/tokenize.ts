import { checkTokens } from '../../count/layout.js';
import type { IdStream } from '../../count/id-stream.js';
import { SpilledWords } from '../../count/spilled-words.js';
import { TokenStream } from '../../count/token-stream.js';
import { requireTokens } from '../../count/vocabulary.js';
import { KneserError } from '../../base/errors.js';
import { callerItems } from '../../base/caller-items.js';
import { createFeeder } from '../../text/feeder.js';
import { checkSentences, feedSentence, type Sentence, type Sentences } from '../../text/sentences.js';
import { isTokenizerFile, type TextChanges } from '../../text/tokenization.js';
import { MOST_TOKEN_BYTES } from '../../text/tokenizer.js';
import type { TokenSink } from '../../text/tokenizer.js';
import { ordered, REVERSE_MARK } from '../../text/word-order.js';
import { splitTokens } from '../../text/tokens.js';
import { WordList } from '../../text/word-list.js';
import {
  BYTES_A_WORD,
  HELD_OUT_SHARE,
  IDS_SHARE,
  overBudget,
  TEXT_SHARE,
  TOKEN_SHARE,
  WORDS_SHARE,
} from '../plan/budget.js';
import type { BuildContext } from './context.js';
import type { BuildText, TextSource, TextThreads } from './workspace.js';

/** The name of sentences in messages. */
const SENTENCES = 'the sentences given';
/** A text of at least this many bytes is tokenized on several threads, if its tokenizer is slow. */
const LONG_TEXT = 1 << 22;
/** Memory that a thread needs for the tables of a large tokenizer [bytes]. */
const MEMORY_A_TOKENIZER = 1 << 28;
/** Sentences between two checks of the memory that words take. */
const SENTENCES_A_CHECK = 1024;

/** Wraps an error that the caller's own sentences threw; `train` throws its cause, so that it is not reported as a failure of the library. */
export class CallerError extends Error {}

/** A text as word indices, which are the indices of words in `stream.words`: 1, 2, 3 … in the order in which words were first seen. */
export interface TokenizedText {
  /** The words, how often each occurs, and the figures of the text. */
  readonly stream: TokenStream;
  /** The word indices of the sentences that are counted. */
  readonly ids: IdStream;
  /** The word indices of the sentences that are held out to learn weights from. */
  readonly heldOut: IdStream;
  /** Changes that tokenizing made to the text before the stream saw it. */
  readonly changes: TextChanges;
  /** Documents without text that were left out. */
  readonly skipped: number;
  /** The words that did not fit into memory, of counted and of held-out sentences; `undefined` if all fitted. */
  readonly spilled: SpilledPair | undefined;
}

type SpilledPair = readonly [counted: SpilledWords, heldOut: SpilledWords];

/**
 * Tokenizes a text.
 *
 * - Input: the files or sentences of the training.
 * - Output: the text as word indices, with the list of its words.
 * - When: the first stage. `choose-vocabulary.ts` stores its result and restores it.
 *
 * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED, CallerError
 */
export async function run(context: BuildContext, text: BuildText): Promise<TokenizedText> {
  const reading = new Reading(context);
  if ('sentences' in text) await reading.readSentences(text.sentences);
  else await reading.readSources(text.sources);
  const { stream, ids, heldOut, changes, spilled } = reading;
  requireTokens(stream, 'sources' in text ? text.sources.map(source => source.name).join(', ') : SENTENCES);
  context.plan.tokenization.splitter.forget?.();
  reading.checkMemory();
  const { skipped } = reading;
  return { stream, ids, heldOut, changes, skipped, spilled };
}

/** A text while it is read. */
class Reading {
  readonly ids: IdStream;
  readonly heldOut: IdStream;
  readonly stream: TokenStream;
  /** Gives tokens to `stream`, in the model's word order. */
  private readonly sink: TokenSink;
  readonly changes: TextChanges = { replaced: 0, extraBytes: 0, extraCharacters: 0 };
  /** Documents without text that were left out. */
  skipped = 0;
  spilled: SpilledPair | undefined;

  constructor(private readonly context: BuildContext) {
    const { vocabulary, tokenization, lowercase, skipBlank, reserved, holdOut } = context.plan;
    const { order } = tokenization;
    const words = new WordList();
    if (vocabulary.kind === 'words') {
      addWords(words, vocabulary.words, lowercase);
      if (order?.hasMark) words.addWord(REVERSE_MARK);
    }
    this.ids = context.idStream('tokens', IDS_SHARE);
    this.heldOut = context.idStream('held-out', HELD_OUT_SHARE);
    const holdOutEvery = holdOut > 0 ? Math.round(1 / holdOut) : 0;
    const closed = vocabulary.kind === 'words';
    this.stream = new TokenStream(words, this.ids, this.heldOut, {
      holdOutEvery,
      lowercase,
      skipBlank,
      reserved,
      closed,
    });
    this.sink = ordered(order, this.stream);
  }

  async readSentences(sentences: Sentences): Promise<void> {
    const { context, stream } = this;
    checkSentences(sentences);
    stream.open(SENTENCES);
    for await (const sentence of markCallerErrors(sentences, context.work.signal)) {
      context.checkAborted();
      feedSentence(sentence, context.plan.tokenization, this.sink);
      if (stream.sentences % SENTENCES_A_CHECK === 0) this.checkMemory();
      await context.pause();
    }
  }

  async readSources(sources: readonly TextSource[]): Promise<void> {
    const { context, stream, changes } = this;
    const { tokenization } = context.plan;
    const known = sources.every(source => source.bytes !== undefined);
    const total = known ? sources.reduce((sum, source) => sum + (source.bytes ?? 0), 0) : undefined;
    const longestToken = Math.min(MOST_TOKEN_BYTES, Math.floor(context.workspace.memory * TOKEN_SHARE));
    const collect = context.collectEvery(TEXT_SHARE);
    let done = 0;
    const threads = this.startThreads(total);
    for (const source of sources) {
      const feeder = threads ? undefined : createFeeder(tokenization, this.sink, changes, source.name, longestToken);
      stream.open(source.name, source.isPlain && tokenization.info.sentences === 'lines' ? 'line' : 'sentence');
      const onRead = (read: number): void => void (done += read);
      const onSkip = (documents: number): void => void (this.skipped += documents);
      for await (const bytes of source.read(onRead, onSkip)) {
        context.checkAborted();
        if (threads) await threads.feed(source.name, bytes);
        feeder?.feed(bytes);
        this.checkMemory();
        collect(bytes.length);
        context.report({ stage: 'tokenize', done, total, unit: 'bytes' });
      }
      await threads?.end(source.name);
      feeder?.end();
    }
    threads?.close();
  }

  /**
   * Starts threads that tokenize, if the tokenizer is slower than counting and the text is long enough to be worth starting threads.
   *
   * @param total the size of the text [bytes], if it is known.
   */
  private startThreads(total = Infinity): TextThreads | undefined {
    const { workspace, plan } = this.context;
    const { info } = plan.tokenization;
    const isSlow = isTokenizerFile(info.tokenizer) || info.tokenizer === 'words' || info.sentences === 'segment';
    const threads = Math.min(workspace.threads, Math.floor(workspace.memory / MEMORY_A_TOKENIZER));
    if (!isSlow || threads < 2 || total < LONG_TEXT || !workspace.startTokenizing) return undefined;
    const file = plan.tokenizerFile;
    return this.context.closeAtEnd(workspace.startTokenizing(threads, { info, file }, this.sink, this.changes));
  }

  /**
   * Refuses a text with more tokens than 32-bit counts can hold. If its words take more than half of the memory, writes all further new
   * words to the disk if the model keeps only frequent words (`limit`, `frequency`), and otherwise refuses the text.
   */
  checkMemory(): void {
    const { stream, context } = this;
    const { workspace, plan } = context;
    checkTokens(stream.tokens, stream.sentences, plan.order);
    const used = stream.words.memory + stream.words.size * (BYTES_A_WORD + 4 * workspace.threads);
    // Words that were in the list before spilling began stay there.
    if (used <= workspace.memory * WORDS_SHARE || this.spilled) return;
    const { scratch } = workspace;
    if (scratch && (plan.vocabulary.kind === 'limit' || plan.vocabulary.kind === 'frequency')) {
      const spill = (name: string): SpilledWords =>
        context.closeAtEnd(new SpilledWords(workspace.temporary(name), scratch));
      this.spilled = [spill('words'), spill('held-out-words')];
      stream.spill(...this.spilled);
      return;
    }
    throw overBudget({
      option: 'memory',
      subject: `the ${stream.words.size} different words of the text`,
      bytes: used,
      share: WORDS_SHARE,
      memory: workspace.memory,
      instead: 'keep the most frequent words (--vocab-limit N), or name them (--vocab FILE)',
    });
  }
}

async function* markCallerErrors(sentences: Sentences, signal: AbortSignal | undefined): AsyncGenerator<Sentence> {
  try {
    yield* callerItems(sentences, signal, 'training');
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new CallerError('the sentences given failed', { cause });
  }
}

/** Adds the words of a closed vocabulary to a list. @throws KNESER_OPTION */
function addWords(list: WordList, words: Iterable<string>, lowercase: boolean): void {
  for (const word of words) {
    if (splitTokens(word).length !== 1 || word.includes('\n')) {
      throw new KneserError('KNESER_OPTION', `vocabulary: ${JSON.stringify(word)} is not one word`);
    }
    list.addWord(lowercase ? word.toLowerCase() : word);
  }
}
