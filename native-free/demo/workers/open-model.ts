import type { PagedModel as LanguageModel } from '../../../src/model/paged-model.js';
import type { Prediction } from '../../../src/model/prediction/prediction.js';
import type { VectorScore } from '../../../src/model/scoring/vector.js';
import type { Reading, Suggestions, Suggestion, Vote } from '../protocol.js';

/** Number of suggestions shown. */
const SUGGESTIONS = 7;
/** Completions of a half-typed word are looked for among this many most probable words. */
const CANDIDATES = 1000;
/** Number of sentences whose scores are remembered, so that only the sentence being typed is scored again. */
const REMEMBERED = 2000;
/** Tokenizers whose tokens are words, which can be inserted in a text. */
const WORDS = ['whitespace', 'words'];
/** The end of a text, if it may be the beginning of a word. */
const PARTIAL = { whitespace: /[^\0\t\n\v\f\r ]*$/, words: /[\p{L}\p{M}\p{N}'’_]*$/u };

/** The scores of a sentence, and the places of its tokens in it. */
interface ReadSentence {
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** The indices of the tokens that were found in the text. */
  readonly found: readonly number[];
  readonly score: VectorScore;
}

/** An open model, with the questions that the page asks it. */
export class OpenModel {
  private remembered = new Map<string, ReadSentence>();

  constructor(readonly model: LanguageModel) {}

  /** Scores each sentence of a text. */
  async read(text: string): Promise<Reading> {
    const read: { readonly at: number; readonly sentence: ReadSentence }[] = [];
    const remembered = new Map<string, ReadSentence>();
    let at = 0;
    for (const line of text.split('\n')) {
      let done = 0;
      for (const sentence of this.model.sentences(line)) {
        // Normalisation may have changed a sentence: tokens that cannot be found in the text have no colour.
        const begin = line.indexOf(sentence, done);
        if (begin < 0 || sentence === '') continue;
        done = begin + sentence.length;
        const known = this.remembered.get(sentence) ?? (await this.readSentence(sentence));
        if (remembered.size < REMEMBERED) remembered.set(sentence, known);
        read.push({ at: at + begin, sentence: known });
      }
      at += line.length + 1;
    }
    this.remembered = remembered;
    return joined(read);
  }

  /** The most probable words after a line of text. */
  async suggest(before: string): Promise<Suggestions> {
    const { tokenizer } = this.model.info.options.tokenization;
    const none: Suggestions = { context: [], partial: '', items: [], tokenizer };
    if (this.model.info.smoothing === 'backoff') return { ...none, tokenizer: '' };
    if (!WORDS.includes(tokenizer)) return none;
    const partial = PARTIAL[tokenizer as keyof typeof PARTIAL].exec(before)?.[0] ?? '';
    if (partial !== '') {
      const begun = this.model.info.options.lowercase ? partial.toLowerCase() : partial;
      const history = this.history(before.slice(0, before.length - partial.length));
      const candidates = await this.model.predict(history, { top: CANDIDATES });
      const fitting = candidates
        .filter(({ token }) => token.startsWith(begun) && token !== begun)
        .slice(0, SUGGESTIONS);
      if (fitting.length > 0) {
        const least = candidates.indexOf(fitting[fitting.length - 1]) + 1;
        const explained = await this.model.predict(history, { top: least, explain: true });
        const context = await this.context(history);
        const items = fitting.map(each => suggestion(explained[candidates.indexOf(each)], context));
        return { ...none, context, partial, items };
      }
    }
    const history = this.history(before);
    const predicted = await this.model.predict(history, { top: SUGGESTIONS, explain: true });
    const context = await this.context(history);
    return { ...none, context, items: predicted.map(each => suggestion(each, context)) };
  }

  /** The sentence in which a line of text ends; empty if the last one is complete. */
  private history(before: string): string {
    if (!/\s$/.test(before)) return this.model.sentences(before).at(-1) ?? '';
    // Whether a sentence is complete can only be told once the next one begins.
    const last = this.model.sentences(`${before}A`).at(-1) ?? '';
    return last.endsWith('A') ? last.slice(0, -1) : last;
  }

  /** The words of the history that the model's order reaches. */
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
    let done = 0;
    for (const [i, token] of score.tokens.entries()) {
      const begin = text.indexOf(token, done);
      if (begin < 0) continue;
      done = begin + token.length;
      from.push(begin);
      to.push(done);
      found.push(i);
    }
    return { from, to, found, score };
  }
}

/** Joins the scores of sentences, each with its place in the text, to the scores of the text. */
function joined(read: readonly { readonly at: number; readonly sentence: ReadSentence }[]): Reading {
  const length = read.reduce((sum, { sentence }) => sum + sentence.found.length, 0);
  const reading: Reading = {
    from: new Uint32Array(length),
    to: new Uint32Array(length),
    first: new Uint32Array(length),
    values: new Float64Array(length),
    log10Probs: new Float64Array(length),
    matched: new Uint8Array(length),
    oov: new Uint8Array(length),
  };
  let at = 0;
  for (const { at: begin, sentence } of read) {
    const { from, to, found, score } = sentence;
    const first = at;
    for (const [i, token] of found.entries()) {
      reading.from[at] = begin + from[i];
      reading.to[at] = begin + to[i];
      reading.first[at] = first;
      reading.values[at] = score.vector[token];
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

/** The words of a context that a pattern keeps. Before the first word of the context is the beginning of the sentence. */
function wordsOf(pattern: string, context: readonly string[]): Vote['words'] {
  const length = pattern.length - 1;
  return Array.from({ length }, (_, i) =>
    pattern[i] === '_' ? undefined : (context[context.length - length + i] ?? '(start)'),
  );
}
