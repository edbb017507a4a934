import { Merges } from '../subwords/merges.js';
import { byteToken, findCutMark, type Model } from '../subwords/model.js';
import { refuse } from '../subwords/refuse.js';
import { checkText, readVocabulary, type Fields } from './fields.js';

/** Byte-pair encoding as in GPT-2, Llama and others: the characters of a piece are symbols, which are merged by rank. A symbol is a token id. */
export function readBpe(fields: Fields): Model {
  const dropout = fields.take('dropout') ?? 0;
  if (dropout !== 0) refuse(`${fields.at('dropout')}: random tokens are not supported; set it to null`);
  const unknownToken = fields.optionalText('unk_token');
  const prefix = fields.optionalText('continuing_subword_prefix') ?? '';
  const suffix = fields.optionalText('end_of_word_suffix') ?? '';
  const fusesUnknown = fields.flag('fuse_unk', false);
  const fallsBack = fields.flag('byte_fallback', false);
  const ignoresMerges = fields.flag('ignore_merges', false);
  const vocabulary = readVocabulary(fields);
  const tokens = [...vocabulary.keys()];
  const ids = new Map(tokens.map((token, i) => [token, i]));
  const { merges, products } = readMerges(fields, ids, prefix);
  /** The id of the token of each byte (256 entries); -1 if there is none. */
  const byteIds = Int32Array.from({ length: 256 }, (_, byte) => ids.get(byteToken(byte)) ?? -1);
  const unknown = unknownToken === undefined ? undefined : ids.get(unknownToken);
  /** Int32Array [65536]: the id of the token that is one UTF-16 unit, by this unit; -1 if there is none. */
  const unitIds = new Int32Array(1 << 16).fill(-1);
  for (const [token, id] of ids) if (token.length === 1) unitIds[token.charCodeAt(0)] = id;
  const isPlain = prefix === '' && suffix === '';
  let symbols = new Int32Array(256);
  let length = 0;

  /** Adds the tokens of a character's bytes if each byte has one. @returns whether it did */
  function addBytes(text: string): boolean {
    const utf8 = encoder.encode(text);
    for (const byte of utf8) if (byteIds[byte] < 0) return false;
    for (const byte of utf8) symbols[length++] = byteIds[byte];
    return true;
  }

  function unknownId(): number {
    return (
      unknown ?? refuse(`the text holds an unknown character, and unk_token ${unknownToken} is not in the vocabulary`)
    );
  }

  /** Sets `symbols[0, length)` to the characters of a piece. */
  function addCharacters(piece: string): void {
    // A character, with its prefix and suffix, can become as many symbols as it has bytes.
    const most = piece.length * (3 + prefix.length * 3) + suffix.length * 3 + 1;
    if (symbols.length < most) symbols = new Int32Array(most * 2);
    length = 0;
    // The library adds an unknown token only before the next known character, or at the end of the piece: byte tokens of characters
    // in between come before it.
    let pending = -1;
    for (let at = 0, next = 0; at < piece.length; at = next) {
      let id = isPlain ? unitIds[piece.charCodeAt(at)] : -1;
      next = at + 1;
      if (id < 0) {
        next = at + ((piece.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
        const character = piece.slice(at, next);
        const symbol = (at > 0 ? prefix : '') + character + (next === piece.length ? suffix : '');
        id = ids.get(symbol) ?? -1;
        if (id < 0) {
          if (fallsBack && addBytes(symbol)) continue;
          // Without an unknown token the library leaves the character out.
          if (unknownToken === undefined) continue;
          if (pending >= 0 && !fusesUnknown) symbols[length++] = pending;
          pending = unknownId();
          continue;
        }
      }
      if (pending >= 0) {
        symbols[length++] = pending;
        pending = -1;
      }
      symbols[length++] = id;
    }
    if (pending >= 0) symbols[length++] = pending;
  }

  return {
    tokens,
    tokenize(piece, put) {
      const whole = ignoresMerges ? ids.get(piece) : undefined;
      if (whole !== undefined) {
        put(whole);
        return;
      }
      addCharacters(piece);
      length = merges.apply(symbols, length);
      for (let i = 0; i < length; i++) put(symbols[i]);
    },
    cutMark: isPlain && !ignoresMerges ? findCutMark(text => ids.has(text), products) : undefined,
  };
}

const encoder = new TextEncoder();

/** Reads the field `merges`. @returns the merges, and the text that each of them makes (`products`) */
function readMerges(
  fields: Fields,
  ids: ReadonlyMap<string, number>,
  prefix: string,
): { merges: Merges; products: readonly string[] } {
  const path = fields.at('merges');
  const entries = fields.list('merges').filter(entry => typeof entry !== 'string' || !entry.startsWith('#version'));
  const isText = typeof entries[0] === 'string';
  const pairs = new Int32Array(entries.length * 2);
  const results = new Int32Array(entries.length);
  const products: string[] = [];
  const idOf = (token: string): number =>
    ids.get(token) ?? refuse(`${path}: ${JSON.stringify(token)} is not in the vocabulary`);
  entries.forEach((entry, rank) => {
    const parts: unknown = isText && typeof entry === 'string' ? entry.split(' ') : isText ? undefined : entry;
    if (!Array.isArray(parts) || parts.length !== 2) refuse(`${path}[${rank}]: is not a pair of tokens`);
    const [left, right] = (parts as readonly unknown[]).map(part => checkText(part, `${path}[${rank}]`));
    if (!right.startsWith(prefix)) refuse(`${path}[${rank}]: ${JSON.stringify(right)} does not begin with ${prefix}`);
    const product = left + right.slice(prefix.length);
    pairs[rank * 2] = idOf(left);
    pairs[rank * 2 + 1] = idOf(right);
    results[rank] = idOf(product);
    products.push(product);
  });
  return {
    merges: new Merges(
      pairs,
      results.map((_, rank) => rank),
      results,
    ),
    products,
  };
}
