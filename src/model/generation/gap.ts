import type { Pause } from '../../base/turn.js';
import { log10, exp10 } from '../../base/elementary.js';
import { OOV, type BatchLayout } from '../../smoothing/batch.js';
import type { Splitter } from '../../text/splitter.js';
import { EOS, FIRST_WORD, UNK, UNK_WORD } from '../../text/tokens.js';
import type { LoadedWords } from '../lookup/words.js';
import type { Prediction } from '../prediction/prediction.js';
import type { Predictor } from '../prediction/predictor.js';
import type { BatchScorer } from '../scoring/scorer.js';
import { beginsWith, endsIn, mayBeginWith } from './letters.js';

/** How many unfinished fillers of several tokens are kept after each token. */
const BEAM = 200;
/** How many last tokens are tried for each unfinished filler: the tokens with the highest p(token | left) · p(right | token). */
const LAST_TOKENS = 100;

/** The bytes of a character that later tokens finish, in a text. */
const UNFINISHED = /\ufffd{1,3}$/;

/** The text around a gap. */
export interface Gap {
  /** The ids of the words before the gap, oldest first; ids may carry the mark `OOV`. */
  readonly left: readonly number[];
  /** The ids of the words after the gap. */
  readonly right: readonly number[];
  /** Whether `<s>` stands before the left side. */
  readonly start: boolean;
}

/** A filler that the caller gives. */
export interface GivenFiller {
  /** Its tokens, also those outside the vocabulary. */
  readonly tokens: readonly string[];
  /** The ids of its tokens; they may carry the mark `OOV`. */
  readonly ids: readonly number[];
}

/** The fillers to find. */
export interface GapSearch {
  /** The fewest and the most tokens of a filler. */
  readonly lengths: readonly [number, number];
  /** The most fillers to return. */
  readonly top: number;
  /** Whether fillers with `<unk>` are returned. */
  readonly unknown: boolean;
  /** The fillers to choose from; without it, every filler. */
  readonly options: readonly GivenFiller[] | undefined;
  /** The text with which a filler must begin; may be empty. */
  readonly startsWith: string;
  /** The text with which a filler must end; may be empty. */
  readonly endsWith: string;
}

/** The parts of a model that filling a gap needs. */
export interface GapModel {
  readonly order: number;
  /** One more than the largest id. */
  readonly ids: number;
  readonly words: LoadedWords;
  readonly splitter: Splitter;
  readonly scorer: BatchScorer;
  readonly predictor: Predictor;
  /** An empty layout for batches of the scorer. */
  readonly layout: BatchLayout;
  /** Called between steps of at most a batch of words; the caller awaits the promise that it returns. */
  readonly pause?: Pause | undefined;
}

/** A filler, or the first tokens of one. */
interface Filler {
  /** The ids of its tokens. */
  readonly ids: readonly number[];
  /** Its tokens, if the caller gave them. */
  readonly tokens?: readonly string[];
  /** log10 of its score, as {@link fillGap} defines it; of an unfinished filler, log10 p of its tokens. */
  readonly score: number;
  /** The length of the longest n-gram of the model that ends at its last token [tokens]. */
  readonly matched: number;
}

/** A filler that was scored between both sides. */
interface ScoredFiller extends Filler {
  /** The part of `score` that the words after the filler have. */
  readonly after: number;
}

/**
 * The most probable fillers of a gap. The score of a filler u between the words l and r is p(u | l) · Π p(r_i | l u r_<i), over those of
 * the words r_1, r_2, …, `</s>` whose probability depends on u: at most order − 1. Fillers of one token are all scored, so that the result
 * is exact; longer fillers are found by a beam, whose last step also weighs the right side. The probability of a filler is its score over
 * the sum of the scores of all fillers that were looked at: among them `<unk>`, and longer ones with `<unk>` if they are wanted.
 */
export function* fillGap(model: GapModel, gap: Gap, search: GapSearch): Generator<Promise<void>, Prediction[], void> {
  const [least, most] = search.lengths;
  const fillers: Filler[] = [];
  if (search.options) {
    const scored = yield* score(
      model,
      gap,
      search.options.map(({ ids }) => ids),
    );
    search.options.forEach(({ tokens }, i) => fillers.push({ ...scored[i], tokens }));
  } else {
    for (let length = least; length <= most; length++) {
      const candidates = length === 1 ? oneToken(model, search) : yield* severalTokens(model, gap, search, length);
      for (const filler of yield* score(model, gap, candidates)) fillers.push(filler);
    }
  }
  const highest = fillers.reduce((max, filler) => Math.max(max, filler.score), -Infinity);
  let total = 0;
  for (const filler of fillers) total += exp10(filler.score - highest);
  const listed = fillers.filter(({ ids, score }) => score > -Infinity && (search.unknown || !ids.includes(UNK)));
  listed.sort((a, b) => b.score - a.score || compareIds(a.ids, b.ids));
  return listed.slice(0, search.top).map(({ ids, score, matched, tokens: given }) => {
    const tokens = given ? [...given] : ids.map(id => model.words.word(id));
    const log10Prob = score - highest - log10(total);
    return { token: tokens.join(' '), tokens, probability: exp10(log10Prob), log10Prob, matched };
  });
}

/** Compares lists of ids number by number, whether or not they are marked `OOV`; the beginning of a list comes before the list. */
function compareIds(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((id, i) => (id & ~OOV) !== (b[i] & ~OOV));
  return at < 0 || at >= b.length ? a.length - b.length : (a[at] & ~OOV) - (b[at] & ~OOV);
}

/** Every filler of one token that has the wanted letters, with `<unk>` for the sum. */
function oneToken(model: GapModel, search: GapSearch): (readonly number[])[] {
  return allowed(model, { ...search, unknown: true }, [], true).map(id => [id]);
}

/**
 * The ids of the words that may follow the tokens `before` of a filler, given the wanted beginning and end. `<unk>`, which has no letters,
 * may stand where none are wanted.
 *
 * @param isLast whether the word is the filler's last.
 */
function allowed(
  { ids, words, splitter }: GapModel,
  { startsWith, endsWith, unknown }: GapSearch,
  before: readonly number[],
  isLast: boolean,
): number[] {
  const tokens = before.map(id => words.word(id));
  const isBegun = startsWith === '' || beginsWith(splitter.join(tokens), startsWith);
  const isFree = isBegun && (!isLast || endsWith === '');
  const found = unknown && isFree ? [UNK] : [];
  for (let id = FIRST_WORD; id < ids; id++) {
    if (!isFree) {
      const text = splitter.join([...tokens, words.word(id)]);
      const begins = isLast ? beginsWith(text, startsWith) : mayBeginWith(text.replace(UNFINISHED, ''), startsWith);
      if (!begins || (isLast && !endsIn(text, endsWith))) continue;
    }
    found.push(id);
  }
  return found;
}

/** Candidates with `length` tokens: the best beginnings of a beam search, each with the last tokens that fit both sides best. */
function* severalTokens(
  model: GapModel,
  gap: Gap,
  search: GapSearch,
  length: number,
): Generator<Promise<void>, (readonly number[])[], void> {
  let beams: Filler[] = [{ ids: [], score: 0, matched: 1 }];
  for (let at = 0; at < length - 1; at++) {
    const longer: Filler[] = [];
    for (const beam of beams) {
      const dense = yield* distribution(model, gap, beam.ids);
      const scores = allowed(model, search, beam.ids, false).map(id => ({ id, score: beam.score + log10(dense[id]) }));
      scores.sort((a, b) => b.score - a.score || a.id - b.id);
      for (const { id, score } of scores.slice(0, BEAM)) longer.push({ ids: [...beam.ids, id], score, matched: 1 });
    }
    beams = longer.sort((a, b) => b.score - a.score).slice(0, BEAM);
  }
  // By word id, log10 of p(right side | token) without other words before the token.
  const alone = { left: [], right: gap.right, start: false };
  const fit = new Float64Array(model.ids).fill(-Infinity);
  const tokens = oneToken(model, { ...search, startsWith: '', endsWith: '' });
  for (const { ids, after } of yield* score(model, alone, tokens)) fit[ids[0]] = after;
  const found: number[][] = [];
  for (const beam of beams) {
    const dense = yield* distribution(model, gap, beam.ids);
    const last = allowed(model, search, beam.ids, true);
    const values = new Map(last.map(id => [id, log10(dense[id]) + fit[id]]));
    last.sort((a, b) => (values.get(b) ?? 0) - (values.get(a) ?? 0) || a - b);
    for (const id of last.slice(0, LAST_TOKENS)) found.push([...beam.ids, id]);
  }
  return found;
}

/** By word id, p of the word after the left side and the first tokens of a filler. */
function* distribution(
  { predictor, order, pause }: GapModel,
  gap: Gap,
  filler: readonly number[],
): Generator<Promise<void>, Float64Array, void> {
  const history = [...gap.left, ...filler];
  const nearest = Uint32Array.from(history.slice(Math.max(0, history.length - (order - 1))));
  const next = yield* predictor.after(nearest, gap.start && history.length < order - 1);
  const dense = next.spread().dense();
  const pausing = pause?.();
  if (pausing) yield pausing;
  return dense;
}

/** Scores fillers between both sides, as {@link fillGap} defines the score. */
function* score(
  { order, words, scorer, layout, pause }: GapModel,
  { left, right, start }: Gap,
  fillers: readonly (readonly number[])[],
): Generator<Promise<void>, ScoredFiller[], void> {
  const history = left.slice(Math.max(0, left.length - (order - 1)));
  const withStart = start && left.length < order - 1;
  const nearest = [...right, EOS].slice(0, order - 1);
  /** Marked as `OOV` if the model knows no text with `<unk>`. */
  const unknown = words.idOf(UNK_WORD);
  const sums = new Float64Array(fillers.length);
  const after = new Float64Array(fillers.length);
  const matched = new Uint8Array(fillers.length);
  /** By word of the batch, the index of its filler. */
  let owners: number[] = [];
  /** By word of the batch, how far it is behind the last token of its filler [words]; negative before this token. */
  let places: number[] = [];
  const add = function* (): Generator<Promise<void>, void, void> {
    const scores = yield* scorer.score(layout.batch);
    owners.forEach((owner, t) => {
      sums[owner] += scores.log10Probs[t];
      if (places[t] > 0) after[owner] += scores.log10Probs[t];
      if (places[t] === 0) matched[owner] = scores.matched[t];
    });
    owners = [];
    places = [];
    layout.clear();
    const pausing = pause?.();
    if (pausing) yield pausing;
  };
  layout.reset();
  for (let i = 0; i < fillers.length; i++) {
    const filler = fillers[i];
    // A batch has room for the history before each of its words, so only a filler that begins a batch needs no check.
    if (owners.length > 0 && owners.length + filler.length + nearest.length > layout.batch.targets.length) yield* add();
    layout.begin(withStart);
    for (const id of history) layout.pushHistory(id);
    for (const [t, id] of [...filler, ...nearest].entries()) {
      if (layout.full) yield* add();
      layout.push(id === UNK ? unknown : id);
      owners.push(i);
      places.push(t - (filler.length - 1));
    }
  }
  if (owners.length > 0) yield* add();
  return fillers.map((ids, i) => ({ ids, score: sums[i], after: after[i], matched: matched[i] }));
}
