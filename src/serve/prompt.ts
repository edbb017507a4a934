import type { Pause } from '../base/turn.js';
import { log } from '../base/elementary.js';
import { BatchLayout, OOV } from '../smoothing/batch.js';
import { BOS, EOS, NONE, UNK } from '../text/tokens.js';
import type { NextWords } from '../model/prediction/next-words.js';
import type { ServedModel } from './served-model.js';

/** Words that are scored together. */
const BATCH_WORDS = 256;

/** log10 p as ln p; −9999 for a token of probability 0, since JSON has no infinity. */
export function naturalLog(log10Prob: number): number {
  return log10Prob === -Infinity ? IMPOSSIBLE : log10Prob * Math.LN10;
}

/** ln p of a token of probability 0, as in OpenAI's interface. */
const IMPOSSIBLE = -9999;

/**
 * ln p of each token of a prompt after the tokens before it in its sentence. A prompt begins a sentence, and so does the token after `</s>` and after `<s>`;
 * `<s>` itself, which is never predicted, has NaN.
 */
export async function scorePrompt(model: ServedModel, ids: Uint32Array, pause: Pause): Promise<Float64Array> {
  const scores = new Float64Array(ids.length).fill(NaN);
  const layout = new BatchLayout(model.order, BATCH_WORDS);
  const places = new Uint32Array(BATCH_WORDS);
  let begins = false;
  for (let i = 0; i <= ids.length; i++) {
    if (i === ids.length || layout.full) {
      const { length } = layout.batch;
      const scored = model.scoreBatch(layout.batch);
      const log10Probs = scored instanceof Float64Array ? scored : await scored;
      for (let t = 0; t < length; t++) scores[places[t]] = naturalLog(log10Probs[t]);
      layout.clear();
      const pausing = pause();
      if (pausing) await pausing;
    }
    if (i === ids.length) break;
    const id = ids[i];
    if (id === BOS) {
      begins = true;
      continue;
    }
    if (begins) layout.begin(true);
    begins = false;
    places[layout.batch.length] = i;
    layout.push(id === UNK ? (OOV | UNK) >>> 0 : id);
  }
  return scores;
}

/** The history of the next token: the last order − 1 tokens of the sentence that is not complete. */
export class History {
  private readonly reach: number;
  private ids: number[] = [];

  constructor(order: number) {
    this.reach = order - 1;
  }

  push(id: number): void {
    if (id === BOS || id === EOS) {
      this.ids = [];
      return;
    }
    this.ids.push(id);
    if (this.ids.length > this.reach) this.ids.shift();
  }

  get words(): Uint32Array {
    return Uint32Array.from(this.ids);
  }
}

/** The most probable tokens of a distribution, by falling probability, without `<unk>`, with ln p. */
export function topTokens(next: NextWords, count: number): [id: number, ln: number][] {
  return next.top(count, UNK).map(({ word, probability }) => [word, probability > 0 ? log(probability) : IMPOSSIBLE]);
}

/** By token of a prompt, the most probable tokens at its place; `null` for `<s>`. */
export async function topOfPrompt(
  model: ServedModel,
  ids: Uint32Array,
  scores: Float64Array,
  count: number,
  pause: Pause,
): Promise<(Record<string, number> | null)[]> {
  const tops: (Record<string, number> | null)[] = [];
  const history = new History(model.order);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id === BOS) {
      tops.push(null);
    } else {
      const found = model.nextWords(history.words);
      const next = found instanceof Promise ? await found : found;
      tops.push(topMap(model, topTokens(next, count), id, scores[i]));
      const pausing = pause();
      if (pausing) await pausing;
    }
    history.push(id);
  }
  return tops;
}

/**
 * The most probable tokens as an object, together with the token that stands there. Its ln p is the same number in both places, so that clients can
 * compare them.
 */
export function topMap(
  model: ServedModel,
  top: readonly (readonly [id: number, ln: number])[],
  id: number,
  ln: number,
): Record<string, number> {
  const map: Record<string, number> = Object.create(null) as Record<string, number>;
  for (const [each, value] of top) map[model.token(each)] = each === id ? ln : value;
  if (id !== UNK && id !== NONE) map[model.token(id)] ??= ln;
  return map;
}
