import { Charsmap } from '../subwords/charsmap.js';
import type { ModelFile } from './model-file.js';
import type { UserDefined } from './user-defined.js';

const MARK = '▁';

/**
 * SentencePiece's normalization of a text. User-defined pieces stay unchanged; elsewhere, at each place, the longest rule that matches
 * is applied. Then, as the options say, repeated spaces become one, spaces at both ends are removed, other spaces become the mark `▁`,
 * and a mark is put at the beginning or the end.
 *
 * @returns a function from a text, which must not be empty, to the normalized text. With `removesExtraSpace` a text of spaces only
 * becomes empty.
 */
export function createNormalizer(
  { normalizer, marksEnd }: ModelFile,
  userDefined: UserDefined | undefined,
): (text: string) => string {
  const { charsmap, addsMark, removesExtraSpace, escapesSpace } = normalizer;
  const map = charsmap.length > 0 ? Charsmap.read(charsmap, 'normalizer_spec.precompiled_charsmap') : undefined;
  const mark = escapesSpace ? MARK : ' ';

  /** Applies the rules and removes spaces, except at the end; `undefined` if only spaces would be left and `removesExtraSpace`. */
  function withRules(text: string): string | undefined {
    let result = '';
    // result is the normalized text[0, copied); text[copied, at) stays unchanged.
    let copied = 0;
    let isAfterSpace = removesExtraSpace;
    let hasOnlySpaces = removesExtraSpace;
    for (let at = 0, next = 0; at < text.length; at = next) {
      const unit = text.charCodeAt(at);
      const length = userDefined ? userDefined.matchAt(text, at) : 0;
      let part: string | undefined;
      if (length > 0) {
        next = at + length;
        part = text.slice(at, next);
      } else {
        part = map?.longest(text, at);
        next = part === undefined ? at + ((unit & 0xfc00) === 0xd800 ? 2 : 1) : at + (map?.matched ?? 0);
        if (part === undefined && unit !== SPACE) {
          isAfterSpace = false;
          hasOnlySpaces = false;
          continue;
        }
        part ??= ' ';
      }
      result += text.slice(copied, at);
      copied = next;
      if (part !== ' ') hasOnlySpaces = false;
      if (isAfterSpace) part = withoutFirstSpaces(part);
      if (part === '') continue;
      result += part === ' ' ? mark : part.replaceAll(' ', mark);
      isAfterSpace = removesExtraSpace && part.endsWith(' ');
    }
    return hasOnlySpaces ? undefined : result + text.slice(copied);
  }

  return text => {
    let result = withRules(text);
    if (result === undefined) return '';
    if (addsMark && !marksEnd) result = mark + result;
    if (removesExtraSpace) {
      let end = result.length;
      while (end > 0 && result.charCodeAt(end - 1) === mark.charCodeAt(0)) end--;
      result = result.slice(0, end);
    }
    return addsMark && marksEnd ? result + mark : result;
  };
}

const SPACE = 0x20;

/** A text without the spaces at its beginning. */
function withoutFirstSpaces(text: string): string {
  let from = 0;
  while (text.charCodeAt(from) === SPACE) from++;
  return text.slice(from);
}
