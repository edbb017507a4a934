import { Charsmap } from '../subwords/charsmap.js';
import type { ModelFile } from './model-file.js';
import type { UserDefined } from './user-defined.js';

const MARK = '▁';

/**
 * SentencePiece's normalization of a text. At each place the longest rule that matches is applied; user-defined pieces are kept
 * unchanged; repeated spaces become one, and spaces at both ends are removed; a mark `▁` is put at the beginning or the end; the
 * other spaces become marks.
 *
 * @returns a function from a text, which must not be empty, to the normalized text: '' for a text of spaces only.
 */
export function createNormalizer(
  { normalizer, marksEnd }: ModelFile,
  userDefined: UserDefined | undefined,
): (text: string) => string {
  const { charsmap, addsMark, removesExtraSpace, escapesSpace } = normalizer;
  const map = charsmap.length > 0 ? Charsmap.read(charsmap, 'normalizer_spec.precompiled_charsmap') : undefined;
  const mark = escapesSpace ? MARK : ' ';

  /** The text with rules applied and spaces removed, before the mark is added; `undefined` for a text of spaces only. */
  function replaced(text: string): string | undefined {
    let result = '';
    // text[kept, at) is to be copied as it is.
    let kept = 0;
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
      result += text.slice(kept, at);
      kept = next;
      if (part !== ' ') hasOnlySpaces = false;
      if (isAfterSpace) part = withoutSpaces(part);
      if (part === '') continue;
      result += part === ' ' ? mark : part.replaceAll(' ', mark);
      isAfterSpace = removesExtraSpace && part.endsWith(' ');
    }
    return hasOnlySpaces ? undefined : result + text.slice(kept);
  }

  return text => {
    let result = replaced(text);
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

/** A text without the spaces that begin it. */
function withoutSpaces(text: string): string {
  let from = 0;
  while (text.charCodeAt(from) === SPACE) from++;
  return text.slice(from);
}
