import { refuse } from '../subwords/refuse.js';
import { byteOf } from '../subwords/model.js';
import { bytesOfCharacters } from './byte-level.js';
import { Fields, readPattern } from './fields.js';
import { compile } from './normalizers.js';
import { translate } from './oniguruma.js';

/** Makes tokens into the parts of a text, which stand one after another. */
type Step = (tokens: readonly string[]) => readonly string[];

/** The decoder of a file: what makes tokens a text, as PyPI's `tokenizers` does. */
export interface Decoder {
  readonly join: (tokens: readonly string[]) => string;
  /** Whether the text has spaces between tokens that are part of no token. */
  readonly isSpaced: boolean;
}

/**
 * Makes the decoder of a file. Without one, spaces stand between the tokens.
 *
 * @param value the field `decoder`, null for none.
 * @throws KNESER_TOKENIZER
 */
export function readDecoder(value: unknown): Decoder {
  if (value === null || value === undefined) return { join: tokens => tokens.join(' '), isSpaced: true };
  const steps = readSteps(value, 'decoder');
  return {
    join: tokens => steps.reduce((parts, { step }) => step(parts), tokens).join(''),
    isSpaced: steps.some(({ type }) => type === 'WordPiece' || type === 'BPEDecoder'),
  };
}

interface TypedStep {
  readonly type: string;
  readonly step: Step;
}

function readSteps(value: unknown, path: string): TypedStep[] {
  const fields = Fields.of(value, path);
  const type = fields.oneOf('type', DECODERS);
  if (type !== 'Sequence') return [{ type, step: STEPS[type](fields) }];
  return fields.list('decoders').flatMap((one, i) => readSteps(one, `${fields.at('decoders')}[${i}]`));
}

/** By type of decoder, how its step is made of its fields. */
const STEPS: Readonly<Record<string, (fields: Fields) => Step>> = {
  ByteLevel: () => byteLevelText,
  ByteFallback: () => withoutByteTokens,
  Fuse: () => tokens => [tokens.join('')],
  Metaspace: metaspace,
  WordPiece: fields => wordPiece(fields.text('prefix'), fields.flag('cleanup')),
  BPEDecoder: fields => {
    const suffix = markOf(fields, 'suffix');
    return tokens => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '));
  },
  Replace: replace,
  Strip: fields => strip(fields.character('content'), fields.count('start'), fields.count('stop')),
  CTC: fields => ctc(fields.text('pad_token'), markOf(fields, 'word_delimiter_token'), fields.flag('cleanup')),
};

/** The types of decoders. */
export const DECODERS: readonly string[] = [...Object.keys(STEPS), 'Sequence'].sort();

const encoder = new TextEncoder();
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Reads tokens in the byte-level alphabet. A token with another character stands for itself. */
function byteLevelText(tokens: readonly string[]): string[] {
  return [
    lossy.decode(Uint8Array.from(tokens.flatMap(token => bytesOfCharacters(token) ?? [...encoder.encode(token)]))),
  ];
}

/** Makes runs of byte tokens (`<0xE2>`) text. If the bytes of a run are no UTF-8, each of them becomes U+FFFD. */
function withoutByteTokens(tokens: readonly string[]): string[] {
  const parts: string[] = [];
  let run: number[] = [];
  const endRun = (): void => {
    if (run.length === 0) return;
    try {
      parts.push(strict.decode(Uint8Array.from(run)));
    } catch {
      parts.push(...run.map(() => '\ufffd'));
    }
    run = [];
  };
  for (const token of tokens) {
    const byte = byteOf(token);
    if (byte >= 0) {
      run.push(byte);
      continue;
    }
    endRun();
    parts.push(token);
  }
  endRun();
  return parts;
}

/** A text that becomes a space: the empty one would stand between all characters. */
function markOf(fields: Fields, name: string): string {
  const mark = fields.text(name);
  if (mark === '') refuse(`${fields.at(name)}: is the empty string, which is not supported`);
  return mark;
}

function metaspace(fields: Fields): Step {
  const mark = fields.character('replacement');
  const never = fields.take('add_prefix_space') === false || fields.take('prepend_scheme') === 'never';
  return tokens => tokens.map((token, i) => token.replaceAll(mark, i === 0 && !never ? '' : ' '));
}

function wordPiece(prefix: string, cleans: boolean): Step {
  return tokens =>
    tokens.map((token, i) => {
      const text = i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      return cleans ? cleaned(text) : text;
    });
}

/** What `cleanup` replaces, in this order. */
const CLEANED: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

function cleaned(text: string): string {
  return CLEANED.reduce((done, [from, to]) => done.replaceAll(from, to), text);
}

function replace(fields: Fields): Step {
  const { literal, regex, path } = readPattern(fields);
  const content = fields.text('content');
  const { source, matchesEmpty } = translate(regex ?? '', path);
  if (literal === '' || (literal === undefined && matchesEmpty)) {
    refuse(`${path}: can match the empty string, which is not supported`);
  }
  const pattern = literal ?? compile(source, path);
  return tokens => tokens.map(token => token.replaceAll(pattern, () => content));
}

/** Removes up to `start` characters `content` from the beginning of each token, and up to `stop` from its end. */
function strip(content: string, start: number, stop: number): Step {
  return tokens =>
    tokens.map(token => {
      const characters = Array.from(token);
      let [from, to] = [0, characters.length];
      while (from < start && characters[from] === content) from++;
      while (characters.length - to < stop && to > from && characters[to - 1] === content) to--;
      return characters.slice(from, to).join('');
    });
}

/** Leaves out repeated tokens and the blank, as in the output of a speech recognizer. */
function ctc(blank: string, delimiter: string, cleans: boolean): Step {
  return tokens =>
    tokens
      .filter((token, i) => i === 0 || token !== tokens[i - 1])
      .map(token => token.replaceAll(blank, ''))
      .map(token => (cleans ? cleaned(token).replaceAll(delimiter, ' ') : token))
      .filter(token => token !== '');
}
