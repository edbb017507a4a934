import type { ModelInfo } from '../../../src/model/api.js';
import type { Prediction, PredictOptions } from '../../../src/model/prediction/prediction.js';
import type { VectorScore } from '../../../src/model/scoring/vector.js';
import type { GenerateOptions } from '../../../src/model/generation/options.js';
import { EOS_WORD } from '../../../src/text/tokens.js';
import { CLOSING_MARK, OPENING_MARK } from '../marks.js';
import type { Reading, Suggestions, Suggestion, Vote, WriteOptions } from '../protocol.js';

/** The most suggestions. */
const SUGGESTIONS = 7;
/** The most words that are written at once. */
const WRITTEN = 60;
/** The mark of a gap, and what matches it: longer rows of the same character are a gap, too. */
const GAP = '___';
const GAPS = /_{3,}/g;
/** Matches the beginning of a text that needs no space before it. */
const NO_SPACE_BEFORE = new RegExp(`^${CLOSING_MARK}`, 'u');
/** Matches the spaces before closing and after opening punctuation marks. */
const SPACES_AT_MARKS = new RegExp(` (?=${CLOSING_MARK})|(?<=${OPENING_MARK}) `, 'gu');
/** How many words after a gap are shown. */
const SHOWN_AFTER = 3;
/** The most sentences whose scores are remembered. While the user types, only the changed sentence is scored again. */
const REMEMBERED = 2000;
/** The tokenizers whose tokens are words: only these can be inserted into a text. */
const WORD_TOKENIZERS = ['whitespace', 'words'];
/** By tokenizer: matches the end of a text that may be the beginning of a word. */
const PARTIAL = { whitespace: /[^\0\t\n\v\f\r ]*$/, words: /[\p{L}\p{M}\p{N}'’_]*$/u };

/** The scores of a sentence, and the offsets of its tokens. The arrays have one entry for each token that was found in the sentence. */
interface ReadSentence {
  /** The offset in the sentence where the token begins [UTF-16 code units]. */
  readonly from: readonly number[];
  /** The offset in the sentence after the token [UTF-16 code units]. */
  readonly to: readonly number[];
  /** The index of the token in `score`. */
  readonly found: readonly number[];
  readonly score: VectorScore;
}

/** The parts of a model that the page uses. */
export interface ReadableModel {
  readonly info: Pick<ModelInfo, 'order' | 'smoothing' | 'options'>;
  sentences(line: string): string[];
  score(sentence: string, options: { readonly end: boolean }): Promise<{ readonly tokens: readonly string[] }>;
  scoreVector(sentence: string, options: object): Promise<VectorScore>;
  predict(history: string, options: PredictOptions): Promise<Prediction[]>;
  generate(options: GenerateOptions): AsyncIterable<{ readonly text: string; readonly tokens: readonly string[] }>;
}

/** An open model, with the methods that answer the calls of the page. */
export class OpenModel<Model extends ReadableModel = ReadableModel> {
  /** The sentences of the last text, by their text. */
  private remembered = new Map<string, ReadSentence>();

  constructor(readonly model: Model) {}

  /** Scores each sentence of a text. */
  async read(text: string): Promise<Reading> {
    const read: PlacedSentence[] = [];
    const remembered = new Map<string, ReadSentence>();
    let lineStart = 0;
    for (const line of text.split('\n')) {
      let searchFrom = 0;
      for (const sentence of this.model.sentences(line)) {
        // Normalisation may have changed a sentence. A sentence or token that is not found in the text has no colour.
        const begin = line.indexOf(sentence, searchFrom);
        if (begin < 0 || sentence === '') continue;
        searchFrom = begin + sentence.length;
        const known = this.remembered.get(sentence) ?? (await this.readSentence(sentence));
        if (remembered.size < REMEMBERED) remembered.set(sentence, known);
        read.push({ start: lineStart + begin, sentence: known });
      }
      lineStart += line.length + 1;
    }
    this.remembered = remembered;
    return joined(read);
  }

  /** The most probable words at the caret of a line, or in its gap. @param before the line up to the caret. @param after the rest. */
  async suggest(before: string, after: string): Promise<Suggestions> {
    const { tokenization, wordOrder } = this.model.info.options;
    const { tokenizer } = tokenization;
    const none: Suggestions = { context: [], partial: '', items: [], tokenizer };
    if (!WORD_TOKENIZERS.includes(tokenizer) || wordOrder) return none;
    const gap = gapOf(before + after, before.length);
    if (gap) return { ...none, ...(await this.fill(before + after, gap)) };
    const partial = PARTIAL[tokenizer as keyof typeof PARTIAL].exec(before)?.[0] ?? '';
    if (partial !== '') {
      const beginning = this.model.info.options.lowercase ? partial.toLowerCase() : partial;
      const history = this.history(before.slice(0, before.length - partial.length));
      const found = await this.model.predict(history, { prefix: partial, top: SUGGESTIONS + 1, explain: true });
      const completions = found.filter(({ token }) => token !== beginning).slice(0, SUGGESTIONS);
      if (completions.length > 0) {
        const context = await this.context(history);
        return { ...none, context, partial, items: completions.map(each => suggestion(each, context)) };
      }
    }
    const history = this.history(before);
    const predicted = await this.model.predict(history, { top: SUGGESTIONS, explain: true });
    const context = await this.context(history);
    return { ...none, context, items: predicted.map(each => suggestion(each, context)) };
  }

  /** The most probable words in a gap of a line. */
  private async fill(
    line: string,
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<Pick<Suggestions, 'context' | 'items' | 'gap'>> {
    // Other gaps of the line end the text on their side.
    const left = line.slice(0, from).split(GAPS).at(-1) ?? '';
    const right = line.slice(to).split(GAPS)[0];
    const history = this.history(left);
    const rest = this.model.sentences(`A${right}`)[0].slice(1);
    const found = await this.model.predict(`${history} ${GAP} ${rest}`, { gap: GAP, top: SUGGESTIONS });
    const { tokens } = await this.model.score(rest, { end: false });
    return {
      context: await this.context(history),
      items: found.map(({ token, probability }) => ({ token, probability, votes: [] })),
      gap: { from, to, after: tokens.slice(0, SHOWN_AFTER) },
    };
  }

  /** Continues a line of text up to the end of the sentence. @returns the text to add, with the space or line end after a finished sentence. */
  async write(before: string, { temperature, mirostat, seed }: WriteOptions): Promise<string> {
    const { tokenizer, sentences } = this.model.info.options.tokenization;
    const isOfWords = WORD_TOKENIZERS.includes(tokenizer);
    const unfinished = this.history(before);
    const history = isOfWords ? unfinished.trimEnd() : unfinished;
    const texts = this.model.generate({
      ...(history === '' ? {} : { beginnings: [history] }),
      ...(temperature === 1 ? {} : { temperature }),
      ...(mirostat === 0 ? {} : { mirostat }),
      maxTokens: WRITTEN,
      seed,
    });
    for await (const { text, tokens } of texts) {
      const rest = text.slice(history.length);
      const added = isOfWords ? spacedAsText(rest.trimStart(), tokenizer) : rest;
      const isApart = isOfWords && /\S$/.test(before) && !NO_SPACE_BEFORE.test(added);
      const end = sentences === 'lines' ? '\n' : ' ';
      return `${isApart ? ' ' : ''}${added}${tokens.at(-1) === EOS_WORD ? end : ''}`;
    }
    return '';
  }

  /** The unfinished sentence at the end of a line of text; empty if the last sentence is complete. */
  private history(before: string): string {
    if (!/\s$/.test(before)) return this.model.sentences(before).at(-1) ?? '';
    // Only the beginning of the next sentence tells whether a sentence is complete, so the line gets one more word, "A".
    const last = this.model.sentences(`${before}A`).at(-1) ?? '';
    return last.endsWith('A') ? last.slice(0, -1) : last;
  }

  /** The last words of the history, as many as the order of the model uses. */
  private async context(history: string): Promise<string[]> {
    const { tokens } = await this.model.score(history, { end: false });
    return tokens.slice(Math.max(0, tokens.length - this.model.info.order + 1));
  }

  private async readSentence(sentence: string): Promise<ReadSentence> {
    const score = await this.model.scoreVector(sentence, {});
    const { lowercase } = this.model.info.options;
    const lower = lowercase ? sentence.toLowerCase() : sentence;
    const text = lower.length === sentence.length ? lower : sentence;
    const from: number[] = [];
    const to: number[] = [];
    const found: number[] = [];
    let searchFrom = 0;
    for (const [i, token] of score.tokens.entries()) {
      const begin = text.indexOf(token, searchFrom);
      if (begin < 0) continue;
      searchFrom = begin + token.length;
      from.push(begin);
      to.push(searchFrom);
      found.push(i);
    }
    return { from, to, found, score };
  }
}

/** Words with spaces between them as a text: with the tokenizer `words`, punctuation marks stand close to their words. */
function spacedAsText(text: string, tokenizer: string): string {
  return tokenizer === 'words' ? text.replaceAll(SPACES_AT_MARKS, '') : text;
}

/** The gap of a line that ends at the caret or is the nearest before it, else the first; `undefined` if the line has none. */
function gapOf(line: string, caret: number): { readonly from: number; readonly to: number } | undefined {
  const gaps = Array.from(line.matchAll(GAPS), ({ index, 0: mark }) => ({ from: index, to: index + mark.length }));
  return gaps.findLast(({ from }) => from < caret) ?? gaps[0];
}

/** A sentence and its offset in the text [UTF-16 code units]. */
interface PlacedSentence {
  readonly start: number;
  readonly sentence: ReadSentence;
}

/** Joins the scores of the sentences of a text to the scores of the text. */
function joined(read: readonly PlacedSentence[]): Reading {
  const length = read.reduce((sum, { sentence }) => sum + sentence.found.length, 0);
  const reading: Reading = {
    from: new Uint32Array(length),
    to: new Uint32Array(length),
    firstInSentence: new Uint32Array(length),
    perplexities: new Float64Array(length),
    log10Probs: new Float64Array(length),
    matched: new Uint8Array(length),
    oov: new Uint8Array(length),
  };
  let at = 0;
  for (const { start, sentence } of read) {
    const { from, to, found, score } = sentence;
    const first = at;
    for (const [i, token] of found.entries()) {
      reading.from[at] = start + from[i];
      reading.to[at] = start + to[i];
      reading.firstInSentence[at] = first;
      reading.perplexities[at] = score.vector[token];
      reading.log10Probs[at] = score.log10Probs[token];
      reading.matched[at] = score.matched[token];
      reading.oov[at] = score.oov[token] ? 1 : 0;
      at++;
    }
  }
  return reading;
}

function suggestion({ token, probability, explanation }: Prediction, context: readonly string[]): Suggestion {
  const votes = (explanation?.patterns ?? []).map(part => ({
    pattern: part.pattern,
    words: wordsOf(part.pattern, context),
    share: part.probability / probability,
  }));
  return { token, probability, votes };
}

/** The words of a context that a pattern keeps, with `(start)` for positions before the sentence. */
function wordsOf(pattern: string, context: readonly string[]): Vote['words'] {
  const length = pattern.length - 1;
  return Array.from({ length }, (_, i) =>
    pattern[i] === '_' ? undefined : (context[context.length - length + i] ?? '(start)'),
  );
}
