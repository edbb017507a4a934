import { KneserError } from '../base/errors.js';
import { AnsweringThread } from '../base/node/answering-thread.js';
import { PendingBytes } from '../base/pending-bytes.js';
import type { TextChanges } from './tokenization.js';
import type { TextPart, TokenizedPart, TokenizingPlan } from './tokenizing-thread.js';
import type { TokenSink } from './tokenizer.js';
import { NEWLINE } from './tokens.js';
import { hashBytes } from './word-list.js';

/** The approximate length of a part, in bytes: parts end with a line. */
const PART_BYTES = 1 << 18;
/** The most parts for each thread that are waiting or being tokenized. */
const MOST_PARTS_A_THREAD = 3;

/**
 * Tokenizes texts in threads: cuts the texts into parts at line ends, and gives the tokens of all parts to a sink in the order of the
 * texts, as a single thread would.
 */
export class TokenizingThreads {
  private readonly threads: readonly TokenizingThread[];
  /** Parts that are waiting or being tokenized, in the order of the text. */
  private readonly underWay: { readonly thread: TokenizingThread; readonly part: Promise<TokenizedPart> }[] = [];
  /** Bytes that no thread has yet. */
  private readonly pending = new PendingBytes();
  /** How many parts were given to the threads in turn. */
  private turn = 0;
  /** The thread that has the beginning of the line with which `pending` begins. */
  private owner: TokenizingThread | undefined;

  /** @param changes the counts to which the changes of the texts are added. */
  constructor(
    count: number,
    plan: TokenizingPlan,
    private readonly sink: TokenSink,
    private readonly changes: TextChanges,
  ) {
    this.threads = Array.from({ length: count }, () => new TokenizingThread(plan));
  }

  /** Takes the next bytes of a text. Resolves when there is room for more. @throws the errors of the tokenization */
  async feed(source: string, bytes: Uint8Array): Promise<void> {
    const { pending } = this;
    pending.add(bytes);
    if (pending.length < PART_BYTES) return;
    const end = pending.view().lastIndexOf(NEWLINE) + 1;
    // All parts of a line that is longer than a part go to one thread (`owner`).
    await this.send(source, end > 0 ? end : pending.length, false);
  }

  /** Ends a text, and waits until the sink has all of its tokens. @throws the errors of the tokenization */
  async end(source: string): Promise<void> {
    await this.send(source, this.pending.length, true);
    while (this.underWay.length > 0) await this.takeFirst();
  }

  /** Ends the threads. */
  close(): void {
    for (const thread of this.threads) thread.close();
  }

  /** Sends the first `length` pending bytes to a thread, and waits while too many parts are under way. */
  private async send(source: string, length: number, isLast: boolean): Promise<void> {
    const { pending, threads, underWay } = this;
    const thread = this.owner ?? threads[this.turn++ % threads.length];
    const bytes = pending.view().slice(0, length);
    pending.bytes.copyWithin(0, length, pending.length);
    pending.length -= length;
    this.owner = isLast || bytes.at(-1) === NEWLINE ? undefined : thread;
    const part = thread.tokenize({ source, bytes, isLast });
    // The promise is awaited later; without this line, a failure before then would count as unhandled.
    part.catch(() => undefined);
    underWay.push({ thread, part });
    while (underWay.length > threads.length * MOST_PARTS_A_THREAD) await this.takeFirst();
  }

  /** Waits for the first part of `underWay`, and gives its tokens to the sink. */
  private async takeFirst(): Promise<void> {
    const first = this.underWay.shift();
    if (!first) return;
    const { sink, changes } = this;
    const part = await first.part;
    const tokens = first.thread.addNewTokens(part);
    for (const index of part.indices) {
      if (index === 0) {
        sink.line();
        continue;
      }
      const { bytes, hash } = tokens[index - 1];
      sink.token(bytes, 0, bytes.length, hash);
    }
    changes.replaced += part.changes.replaced;
    changes.extraBytes += part.changes.extraBytes;
    changes.extraCharacters += part.changes.extraCharacters;
    if (part.failure) throw new KneserError(part.failure.code, part.failure.message);
  }
}

/** A token of a thread's list. */
interface ListedToken {
  readonly bytes: Uint8Array;
  readonly hash: number;
}

/** A thread, and a copy of its list of distinct tokens. */
class TokenizingThread {
  private readonly thread: AnsweringThread<TextPart, TokenizedPart>;
  /** The list: the token with index `i` is at `i - 1`. */
  private tokens: ListedToken[] = [];

  constructor(plan: TokenizingPlan) {
    this.thread = new AnsweringThread(new URL('./tokenizing-worker.js', import.meta.url), plan, 'tokenizing');
  }

  tokenize(part: TextPart): Promise<TokenizedPart> {
    return this.thread.ask(part);
  }

  /** Adds the new tokens of a part to the list. @returns the list */
  addNewTokens({ bytes, ends, isFresh }: TokenizedPart): readonly ListedToken[] {
    if (isFresh) this.tokens = [];
    let from = 0;
    for (const end of ends) {
      this.tokens.push({ bytes: bytes.subarray(from, end), hash: hashBytes(bytes, from, end) });
      from = end;
    }
    return this.tokens;
  }

  close(): void {
    void this.thread.close(new Error('tokenizing was stopped'));
  }
}
