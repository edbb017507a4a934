import { callBack } from '../../base/call-back.js';
import { log10 } from '../../base/elementary.js';
import { checkAborted, KneserError } from '../../base/errors.js';
import { hashRandom } from '../../base/hash-random.js';
import { withJsonArrays } from '../../base/json.js';
import { pauses } from '../../base/turn.js';
import { callerItems } from '../../base/caller-items.js';
import { OOV } from '../../smoothing/batch.js';
import type { Sentence } from '../../text/sentences.js';
import { joinAfter, seam, type Join } from '../../text/text-stream.js';
import { EOS, EOS_WORD, UNK, UNK_WORD } from '../../text/tokens.js';
import { beamSearch } from './beam.js';
import { Drawing } from './draw.js';
import { Mirostat } from './mirostat.js';
import type { GeneratedText, GenerateOptions } from './options.js';
import { historyOf, type TextSource } from './source.js';

/** The default of `maxTokens`. */
const DEFAULT_MAX_TOKENS = 200;
/** The default of `mirostatRate`. */
const DEFAULT_MIROSTAT_RATE = 0.1;
/** Each text has this many random numbers of its own, so that no text depends on the length of another. */
const NUMBERS_A_TEXT = 2 ** 27;
/** If mirostat's μ is above the surprise of a uniform draw for this many tokens in a row, the target cannot be reached. */
const OUT_OF_REACH = 100;

/** The beginning of a text. */
interface Beginning {
  readonly text: string;
  readonly tokens: readonly string[];
  /** The ids of its words; ids may carry the mark `OOV`. */
  readonly ids: readonly number[];
}

/** Draws texts, or finds the most probable texts. The caller has checked the options. */
export async function* generate(
  source: TextSource,
  options: GenerateOptions,
): AsyncGenerator<GeneratedText, void, void> {
  checkOrder(source, options);
  const maker = new TextMaker(source, options);
  const { count = 1, sentences = Infinity, tokens = Infinity } = options;
  const beginnings = callerItems(options.beginnings ?? [[]], options.signal, 'generating');
  if (sentences === Infinity && tokens === Infinity) {
    for await (const beginning of beginnings) {
      const begun = maker.begin(beginning);
      for (let n = 0; n < count; n++) yield* maker.textsFrom(begun);
    }
  } else {
    const all: Beginning[] = [];
    for await (const beginning of beginnings) all.push(maker.begin(beginning));
    let drawn = 0;
    for (let n = 0; n < sentences && drawn < tokens && all.length > 0; n++) {
      for await (const text of maker.textsFrom(all[n % all.length])) {
        drawn += text.tokens.length;
        yield text;
      }
    }
  }
  maker.warnOfUnknown();
}

/** @throws KNESER_WORD_ORDER */
function checkOrder({ parts }: TextSource, { beginnings }: GenerateOptions): void {
  const { order } = parts.tokenization;
  if (!order || (order.name !== 'shuffle' && !beginnings)) return;
  const why =
    order.name === 'shuffle'
      ? 'which nothing can turn back into the order of a text'
      : 'so that its texts do not begin with their first words; leave beginnings out';
  throw new KneserError('KNESER_WORD_ORDER', `the word order of this model is ${order.name}, ${why}`);
}

/** Makes the texts of one call of `generate`. They share mirostat's bound, and are counted so that each has other random numbers. */
class TextMaker {
  private readonly mirostat: Mirostat | undefined;
  private readonly drawing: Drawing;
  private readonly join: Join;
  private readonly pause: () => Promise<void> | undefined;
  /** Number of texts drawn so far. */
  private texts = 0;
  /** Number of words of beginnings that are outside the vocabulary. */
  private unknown = 0;
  /** For how many tokens in a row mirostat's target has been out of reach; −1 after the warning. */
  private beyond = 0;

  constructor(
    private readonly source: TextSource,
    private readonly options: GenerateOptions,
  ) {
    const { mirostat, mirostatRate = DEFAULT_MIROSTAT_RATE, mirostatVersion = 2 } = options;
    if (mirostat !== undefined) {
      this.mirostat = new Mirostat(mirostat, mirostatRate, mirostatVersion, source.parts.manifest.vocabulary);
    }
    const drawn = options.greedy ? { topK: 1, ...(options.unknown ? { unknown: true } : {}) } : options;
    this.drawing = new Drawing(drawn, this.mirostat);
    this.join =
      options.text === 'tokens'
        ? tokens => tokens.join(' ')
        : tokens => source.parts.tokenization.splitter.join(tokens);
    this.pause = pauses(() => checkAborted(options.signal, 'generating'));
  }

  /** Tokenizes a beginning. */
  begin(beginning: Sentence): Beginning {
    const tokens = this.source.tokenize(beginning);
    const ids = tokens.map(token => this.source.words.idOf(token));
    for (const id of ids) if (id >= OOV) this.unknown++;
    return { text: typeof beginning === 'string' ? beginning : this.join(tokens), tokens, ids };
  }

  /** Draws one text from a beginning, or finds the most probable texts. */
  async *textsFrom(beginning: Beginning): AsyncGenerator<GeneratedText, void, void> {
    checkAborted(this.options.signal, 'generating');
    if (this.options.beam === undefined) yield await this.draw(beginning);
    else yield* this.search(beginning, this.options.beam);
  }

  /** Warns if beginnings had words outside the vocabulary. */
  warnOfUnknown(): void {
    if (this.unknown === 0) return;
    callBack(
      this.options.onWarning,
      `tokens of the beginnings that are unknown to the model, and were read as <unk>: ${this.unknown}`,
    );
  }

  private async draw(beginning: Beginning): Promise<GeneratedText> {
    const { source, drawing, mirostat, options } = this;
    const { order } = source.parts;
    const most = options.maxTokens ?? DEFAULT_MAX_TOKENS;
    const first = this.texts++ * NUMBERS_A_TEXT;
    if (!Number.isSafeInteger(first + NUMBERS_A_TEXT)) {
      throw new KneserError(
        'KNESER_LIMIT',
        `sentences: at most ${2 ** 26} texts are drawn in one run; use another seed`,
      );
    }
    const seed = options.seed ?? 1;
    let nextIndex = first;
    const random = (): number => hashRandom(seed, nextIndex++);
    const words: number[] = [];
    const probabilities: number[] = [];
    const kept: number[] = [];
    const mu: number[] = [];
    let history = historyOf(beginning.ids, order);
    for (let length = beginning.ids.length; words.length < most; length++) {
      const found = source.nextWords(history, length < order - 1);
      const next = found instanceof Promise ? await found : found;
      if (mirostat) this.watch(mirostat, mu);
      const drawn = drawing.draw(next, random);
      words.push(drawn.word);
      probabilities.push(drawn.probability);
      kept.push(drawn.kept);
      if (drawn.word === EOS) break;
      history = appended(history, drawn.word, order);
      const pause = this.pause();
      if (pause) await pause;
    }
    return this.textOf(beginning, words, Float64Array.from(probabilities, log10), {
      kept: Uint32Array.from(kept),
      ...(mirostat ? { mu: Float64Array.from(mu) } : {}),
    });
  }

  /** Appends μ to `all` before a draw, and warns once if μ shows that the target is out of reach. */
  private watch({ mu }: Mirostat, all: number[]): void {
    all.push(mu);
    if (this.beyond < 0) return;
    const most = Math.log2(this.source.parts.manifest.vocabulary);
    this.beyond = mu > most ? this.beyond + 1 : 0;
    if (this.beyond < OUT_OF_REACH) return;
    this.beyond = -1;
    callBack(
      this.options.onWarning,
      `mirostat: the target of ${this.options.mirostat} bits is above the entropy of the model and cannot be reached: ` +
        `for ${OUT_OF_REACH} tokens no type was left out; choose a lower target`,
    );
  }

  private async *search(beginning: Beginning, width: number): AsyncGenerator<GeneratedText, void, void> {
    const { maxTokens: most = DEFAULT_MAX_TOKENS, unknown = false } = this.options;
    const steps = beamSearch(this.source, beginning.ids, { width, most, unknown });
    for (;;) {
      const step = await steps.next();
      if (step.done) {
        for (const { words, log10Probs } of step.value) yield this.textOf(beginning, words, log10Probs, {});
        return;
      }
      const pause = this.pause();
      if (pause) await pause;
    }
  }

  private textOf(
    beginning: Beginning,
    words: readonly number[],
    log10Probs: Float64Array,
    more: Pick<GeneratedText, 'kept' | 'mu'>,
  ): GeneratedText {
    const tokens = words.map(word => this.tokenOf(word));
    const read = tokens.at(-1) === EOS_WORD ? tokens.slice(0, -1) : tokens;
    const { text, tokens: before } = beginning;
    const added = joinAfter(this.join, before, this.source.parts.tokenization.order?.undo(read) ?? read);
    return withJsonArrays({
      text: text + seam(this.join, text, before)(added),
      ...(this.options.beginnings ? { beginning: text } : {}),
      tokens,
      log10Probs: withJsonArrays(log10Probs),
      log10Prob: log10Probs.reduce((sum, own) => sum + own, 0),
      ...more,
    });
  }

  private tokenOf(word: number): string {
    return word === EOS ? EOS_WORD : word === UNK ? UNK_WORD : this.source.words.word(word);
  }
}

/** The history after one more word: its last order − 1 words. */
function appended(history: Uint32Array, word: number, order: number): Uint32Array {
  const length = Math.min(order - 1, history.length + 1);
  const longer = new Uint32Array(length);
  if (length === 0) return longer;
  longer.set(history.subarray(history.length + 1 - length));
  longer[length - 1] = word;
  return longer;
}
