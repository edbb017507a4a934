import { Charsmap } from '../subwords/charsmap.js';
import { refuse } from '../subwords/refuse.js';
import { category, complement, contains, EXTENDING, intersection, PREPENDED, range, union } from './code-points.js';
import type { CodePoints } from './code-points.js';
import type { Fields } from './fields.js';

/**
 * The normalizer `Precompiled`: applies SentencePiece's rules to one grapheme cluster after another, as PyPI's `tokenizers` does.
 *
 * A cluster of fewer than six bytes of UTF-8 is replaced as a whole by the replacement of its shortest prefix that has a rule: the rest
 * of the cluster is lost, as in that library. In longer clusters, and in clusters of which no prefix has a rule, the rules are applied
 * to each character by itself.
 */
export function readPrecompiled(fields: Fields): (text: string) => string {
  const path = fields.at('precompiled_charsmap');
  const map = Charsmap.read(fromBase64(fields.text('precompiled_charsmap'), path), path);
  return text => {
    // result is the normalized text[0, copied).
    let result = '';
    let copied = 0;
    for (let at = 0, end = 0; at < text.length; at = end) {
      end = clusterEnd(text, at);
      const cluster = text.slice(at, end);
      const whole = encoder.encode(cluster).length < 6 ? map.shortest(cluster) : undefined;
      if (whole !== undefined) {
        result += text.slice(copied, at) + whole;
        copied = end;
        continue;
      }
      if (cluster.length === 1) continue;
      for (const character of cluster) {
        const replacement = map.shortest(character);
        if (replacement !== undefined) {
          result += text.slice(copied, at) + replacement;
          copied = at + character.length;
        }
        at += character.length;
      }
    }
    return copied === 0 ? text : result + text.slice(copied);
  };
}

const encoder = new TextEncoder();

function fromBase64(text: string, path: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0));
  } catch {
    refuse(`${path}: is not base64`);
  }
}

/** Characters before and after which a cluster always ends (Grapheme_Cluster_Break Control, CR and LF). */
const ENDS_CLUSTER = lazily(() => {
  const control = union(
    ...['Cc', 'Cf', 'Zl', 'Zp'].map(name => category(name) ?? []),
    range(0x2065),
    range(0xfff0, 0xfff8),
  );
  return intersection(control, complement(union(EXTENDING(), PREPENDED())));
});

function lazily(make: () => CodePoints): () => CodePoints {
  let made: CodePoints | undefined;
  return () => (made ??= make());
}

const ZERO_WIDTH_JOINER = 0x200d;

/**
 * The offset at which the grapheme cluster (UAX 29) from `from` on ends. Some clusters of six bytes or more (flags, joined emoji,
 * conjuncts of Indic scripts) are cut into smaller ones, which does not matter: their characters are replaced one by one anyway.
 */
function clusterEnd(text: string, from: number): number {
  let point = text.codePointAt(from) ?? 0;
  let at = from + (point > 0xffff ? 2 : 1);
  if (point === 0x0d) return text.charCodeAt(at) === 0x0a ? at + 1 : at;
  for (let next = text.codePointAt(at); next !== undefined; next = text.codePointAt(at)) {
    // Between two ASCII characters a cluster always ends (CR LF was handled above).
    if (next < 0x80 && point < 0x80) return at;
    if (!joins(point, next) && !joinsEmoji(text, at)) return at;
    point = next;
    at += next > 0xffff ? 2 : 1;
  }
  return at;
}

/** Whether two neighbouring code points belong to one cluster. */
function joins(point: number, next: number): boolean {
  if (contains(ENDS_CLUSTER(), point) || contains(ENDS_CLUSTER(), next)) return false;
  if (contains(EXTENDING(), next) || contains(PREPENDED(), point)) return true;
  return joinsHangul(point, next);
}

/** Matches a pictograph that a zero-width joiner joins to a pictograph before it (rule GB11 of UAX 29). */
const JOINED_EMOJI =
  /(?<=\p{Extended_Pictographic}(?:(?!\u200d)[\p{Grapheme_Extend}\p{Emoji_Modifier}])*\u200d)\p{Extended_Pictographic}/uy;

/** Whether the pictograph at an offset belongs to the cluster before it. */
function joinsEmoji(text: string, at: number): boolean {
  if (text.charCodeAt(at - 1) !== ZERO_WIDTH_JOINER) return false;
  JOINED_EMOJI.lastIndex = at;
  return JOINED_EMOJI.test(text);
}

/** Whether two neighbouring code points belong to one Hangul syllable: L leading consonant, V vowel, T trailing consonant, LV, LVT. */
function joinsHangul(point: number, next: number): boolean {
  const kindOf = (code: number): string => {
    if ((code >= 0x1100 && code <= 0x115f) || (code >= 0xa960 && code <= 0xa97c)) return 'L';
    if ((code >= 0x1160 && code <= 0x11a7) || (code >= 0xd7b0 && code <= 0xd7c6)) return 'V';
    if ((code >= 0x11a8 && code <= 0x11ff) || (code >= 0xd7cb && code <= 0xd7fb)) return 'T';
    if (code >= 0xac00 && code <= 0xd7a3) return (code - 0xac00) % 28 === 0 ? 'LV' : 'LVT';
    return '';
  };
  const follows: Readonly<Record<string, readonly string[]>> = {
    L: ['L', 'V', 'LV', 'LVT'],
    LV: ['V', 'T'],
    V: ['V', 'T'],
    LVT: ['T'],
    T: ['T'],
  };
  const kind = kindOf(point);
  return kind !== '' && follows[kind].includes(kindOf(next));
}
