import type { Pause } from '../base/turn.js';
import { EOS_WORD } from '../text/tokens.js';

/** Texts that differ are the same again where so many characters are, apart from white space, case and accents. */
const SAME = 3;
/** The next such place is looked for at most this far ahead in both texts together [UTF-16 units]. */
const REACH = 32;
/** Steps between pauses. */
const STEPS = 1 << 12;

/**
 * The places in a text that belong to places in the text that its tokens make. The second has other white space, other case or normalized characters, a line
 * feed for the mark `</s>`, and marks in place of what the tokenizer does not know.
 *
 * @param made the text of the tokens. @param offsets places in it, in ascending order [UTF-16 units].
 */
export async function placesIn(
  text: string,
  made: string,
  offsets: readonly number[],
  pause: Pause,
): Promise<readonly number[]> {
  if (made === text) return offsets;
  const places: number[] = [];
  let [i, j] = [0, 0];
  /** The end of white space in which no line ends. */
  let noLine = 0;
  for (let step = 0; places.length < offsets.length; step++) {
    if (step % STEPS === 0) {
      const pausing = pause();
      if (pausing) await pausing;
    }
    // An accent that was left out, or composed with its letter, belongs to the character before.
    while (i < made.length && made[i] !== text[j] && isAccent(text, j)) j++;
    if (i < made.length && !isSpace(made, i)) {
      const word = afterSpace(text, j);
      if (word > j && i > 0 && !isSpace(made, i - 1) && !isSame(made, i, text, word)) {
        // The rest of this word belongs to the character before, of which the tokenizer made several.
        i = endOfWord(made, i);
        while (places.length < offsets.length && offsets[places.length] < i) places.push(j);
        continue;
      }
      j = word;
    } else if (made[i] === '\n' && j >= noLine) {
      const end = endOfLine(text, j);
      if (end === j) noLine = afterSpace(text, j);
      j = end;
    }
    const [behind, place] = i < made.length ? next(made, i, text, j) : [i, j];
    // Characters that the tokens left out stand before the next token.
    const isLeftOut = behind === i && i < made.length;
    while (!isLeftOut && places.length < offsets.length && offsets[places.length] <= i) places.push(j);
    [i, j] = [behind, place];
  }
  return places;
}

/** The places behind two characters that belong together, or where the texts are the same again. */
function next(made: string, i: number, text: string, j: number): [i: number, j: number] {
  if (isSpace(made, i)) {
    if (made[i] === '\n' && text.startsWith(EOS_WORD, j)) return [i + 1, afterMark(text, j)];
    return [i + 1, isSpace(text, j) ? j + 1 : j];
  }
  if (isSame(made, i, text, j)) return [i + 1, j + 1];
  for (let sum = 1; sum <= REACH; sum++) {
    // Equal steps come first: most characters are normalized to one.
    for (let more = sum % 2; more <= sum; more += 2) {
      const [less, rest] = [(sum - more) / 2, (sum + more) / 2];
      if (areSame(made, i + less, text, j + rest)) return [i + less, j + rest];
      if (areSame(made, i + rest, text, j + less)) return [i + rest, j + less];
    }
  }
  return [endOfWord(made, i), endOfWord(text, j)];
}

/** Whether the next characters that are not white space are the same; the ends of both texts are. */
function areSame(a: string, i: number, b: string, j: number): boolean {
  if (i > a.length || j > b.length || isInside(a, i) || isInside(b, j)) return false;
  for (let count = 0; count < SAME; count++, i++, j++) {
    i = afterSpace(a, i);
    j = afterSpace(b, j);
    if (i >= a.length || j >= b.length) return i >= a.length && j >= b.length;
    if (!isSame(a, i, b, j)) return false;
  }
  return true;
}

function isSame(a: string, i: number, b: string, j: number): boolean {
  return a[i] === b[j] || (j < b.length && plain(a[i]) === plain(b[j]));
}

/** By UTF-16 unit, what {@link plain} makes of it. */
const PLAIN = new Map<string, string>();

/** The first letter of a character that is taken apart, in lower case. */
function plain(character: string): string {
  let letter = PLAIN.get(character);
  if (letter === undefined) PLAIN.set(character, (letter = character.normalize('NFKD')[0].toLowerCase()));
  return letter;
}

const SPACE = /\s/;

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || (code >= 9 && code <= 13) || (code >= 0x80 && SPACE.test(text[at]));
}

const ACCENT = /\p{M}/u;

function isAccent(text: string, at: number): boolean {
  return text.charCodeAt(at) >= 0x300 && ACCENT.test(text[at]);
}

/** Whether a place is between the halves of a character. */
function isInside(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}

function afterSpace(text: string, at: number): number {
  while (isSpace(text, at)) at++;
  return at;
}

function endOfWord(text: string, at: number): number {
  while (at < text.length && !isSpace(text, at)) at++;
  return at;
}

/** Where a sentence ends: at the line feed or the mark behind white space, else at once. */
function endOfLine(text: string, from: number): number {
  let at = from;
  while (isSpace(text, at) && text[at] !== '\n') at++;
  return text[at] === '\n' || text.startsWith(EOS_WORD, at) ? at : from;
}

/** The place behind a mark `</s>`, and behind the line feed that belongs to it. */
function afterMark(text: string, from: number): number {
  let at = from + EOS_WORD.length;
  while (isSpace(text, at) && text[at] !== '\n') at++;
  return text[at] === '\n' ? at + 1 : from + EOS_WORD.length;
}
