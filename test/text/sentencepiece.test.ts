import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { field, message, pieceMessage, sentencePieceModel } from '#kneser/bench/sentencepiece-model.js';
import { readSentencePiece } from '#kneser/src/text/sentencepiece/engine.js';
import { TextStream } from '#kneser/src/text/text-stream.js';
import { tokenizerRefusal } from '../support/refusal.js';

/** A model by its parts, and the reference's tokens: see `fixtures/tokenizers/sentencepiece_cases.py`. */
interface Case {
  readonly name: string;
  /** Names of `parts`, whose bytes are the file one after another. */
  readonly parts: readonly string[];
  readonly opens?: false;
  readonly tokens?: readonly (readonly string[])[];
  /** Of the JSON of the tokens of every line. */
  readonly sha256?: string;
}

interface Fixture {
  readonly sentencepiece: string;
  readonly lines: readonly string[];
  readonly parts: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
}

const { lines, parts, cases } = JSON.parse(
  brotliDecompressSync(
    readFileSync(new URL('../fixtures/tokenizers/sentencepiece.json.br', import.meta.url)),
  ).toString(),
) as Fixture;

const bytesOf = (one: Case): Uint8Array => Buffer.concat(one.parts.map(name => Buffer.from(parts[name], 'base64')));

function open(bytes: Uint8Array): ReturnType<typeof readSentencePiece<string>> {
  return readSentencePiece(bytes, token => token);
}

function tokensOf(engine: ReturnType<typeof open>, line: string): string[] {
  const tokens: string[] = [];
  engine.tokenize(line, token => tokens.push(token));
  return tokens;
}

/** Cases that the library opens and kneser refuses: the name of the case, and the message. */
const REFUSED: readonly (readonly [name: RegExp, message: RegExp])[] = [
  [/^bpe, edited: scores NaN$/, /^pieces\[0\]\.score: is NaN$/],
  [
    /^bpe, edited: unused(,| words)( all)?$/,
    /^pieces\[\d+\]: is unused, and can be made of other pieces in several ways$/,
  ],
];

describe("SentencePiece's tokens, or an error that names the unsupported part", () => {
  test.each(['unigram', 'bpe', 'char', 'word'])('%s', type => {
    for (const one of cases.filter(({ name }) => name.startsWith(`${type},`))) check(one);
  });

  test('each kind of refusal has a case', () => {
    for (const [name] of REFUSED) expect([name, cases.some(one => name.test(one.name))]).toEqual([name, true]);
  });

  function check(one: Case): void {
    const { name, opens, tokens, sha256 } = one;
    const expected = REFUSED.find(([pattern]) => pattern.test(name));
    if (expected || opens === false) {
      const message = tokenizerRefusal(() => void open(bytesOf(one)));
      expect([name, message]).toEqual([name, expect.stringMatching(expected?.[1] ?? /./) as string]);
      return;
    }
    const engine = open(bytesOf(one));
    const found = lines.map(line => tokensOf(engine, line));
    if (sha256 !== undefined) {
      expect([name, createHash('sha256').update(JSON.stringify(found)).digest('hex')]).toEqual([name, sha256]);
      return;
    }
    expect([name, found.map((got, i) => [lines[i], got])]).toEqual([name, lines.map((line, i) => [line, tokens?.[i]])]);
  }
});

test('the text of pieces is that of the library: fixtures/tokenizers/decode.py', () => {
  const { sentencepiece } = JSON.parse(
    gunzipSync(readFileSync(new URL('../fixtures/tokenizers/decode.json.gz', import.meta.url))).toString(),
  ) as {
    readonly sentencepiece: readonly { readonly name: string; readonly texts: readonly [string[], string][] }[];
  };
  const byName = new Map(cases.map(one => [one.name, one]));
  for (const { name, texts } of sentencepiece) {
    const one = byName.get(name);
    if (!one || REFUSED.some(([pattern]) => pattern.test(name))) continue;
    const engine = open(bytesOf(one));
    for (const [pieces, text] of texts) {
      const stream = new TextStream(tokens => engine.join(tokens));
      const streamed = [...pieces.map(piece => stream.push(piece)), stream.end()].join('');
      expect([name, pieces, engine.join(pieces), streamed]).toEqual([name, pieces, text, text]);
    }
  }
});

describe('a file with errors', () => {
  const model = (type: number, ...more: Uint8Array[]): Uint8Array =>
    Buffer.concat([
      sentencePieceModel(type, [
        ['a', -1],
        ['b', -2],
      ]),
      ...more,
    ]);
  const piece = (...values: Parameters<typeof pieceMessage>): Uint8Array => field(1, pieceMessage(...values));

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /^trainer_spec: is missing; is the file cut short\?$/],
    ['no trainer_spec', field(1, pieceMessage(['a'])), /^trainer_spec: is missing/],
    ['no normalizer_spec', field(2, message({ 3: 1 })), /^normalizer_spec: is missing/],
    ['text', Buffer.from('the cat sat\n'), /^the file: /],
    ['a group', Uint8Array.of(0x0b, 0x0c), /^the file: has a field of the wire type group$/],
    ['the field 0', Uint8Array.of(0x00, 0x00), /^the file: is not a message of Protocol Buffers$/],
    ['a varint without end', new Uint8Array(20).fill(0xff), /^the file: has a number of more than ten bytes$/],
    ['a length of 2^53', Uint8Array.of(0x0a, 255, 255, 255, 255, 255, 255, 255, 15), /^the file: is cut short$/],
    ['an empty piece', model(1, field(1, new Uint8Array(0))), /^pieces\[3\]\.piece: is empty$/],
    ['a piece as a number', model(1, field(1, 7)), /^field 1: occurs with two wire types$/],
    ['a piece in pieces', model(1, field(1, field(1, 7))), /^pieces\[3\]\.piece: has the wire type varint, not bytes$/],
    ['a piece of no UTF-8', model(1, field(1, field(1, Uint8Array.of(0xff)))), /^pieces\[3\]\.piece: is not UTF-8$/],
    ['a piece of 8,000 bytes', model(2, piece(['x'.repeat(8000)])), /^pieces\[3\]\.piece: has 8000 bytes, /],
    ['a piece with NUL', model(2, piece(['x\0'])), /^pieces\[3\]\.piece: holds NUL$/],
    ['a piece of type 9', model(1, piece(['x', 0, 9])), /^pieces\[3\]\.type: 9 is not supported$/],
    ['a score NaN', model(2, piece(['x', NaN])), /^pieces\[3\]\.score: is NaN$/],
    [
      'a second unknown piece',
      model(3, piece(['x', 0, 2])),
      /^pieces\[3\]: is a second unknown piece, after pieces\[0\]$/,
    ],
    [
      'no unknown piece',
      Buffer.concat([piece(['a']), field(2, ''), field(3, '')]),
      /^pieces: there is no unknown piece$/,
    ],
    [
      'only an unknown piece',
      sentencePieceModel(1, []),
      /^pieces: none is normal, user-defined or unused, so no text can be cut$/,
    ],
    ['model_type 9', model(9), /^trainer_spec\.model_type: 9 is not supported$/],
    ['bytes without pieces', model(1, field(2, message({ 35: 1 }))), /^pieces: only 0 of the 256 bytes have a piece, /],
    [
      'rules cut short',
      model(1, field(3, message({ 2: 'abc' }))),
      /^normalizer_spec\.precompiled_charsmap: is cut short$/,
    ],
    [
      '65 user-defined pieces that begin with each other',
      model(2, ...Array.from({ length: 65 }, (_, i) => piece(['u'.repeat(i + 1), 0, 4]))),
      /^pieces: more than 64 user-defined pieces are prefixes of one piece$/,
    ],
    [
      'unused pieces made of each other 101 times',
      model(2, ...Array.from({ length: 102 }, (_, i) => piece([`${'a'.repeat(i + 1)}b`, -i, 5]))),
      /^pieces\[\d+\]: is made of unused pieces more than 100 levels deep$/,
    ],
  ])('%s', (_, bytes, reason) => {
    expect(tokenizerRefusal(() => void open(bytes))).toMatch(reason);
  });

  test('cut short anywhere is refused', () => {
    const bytes = sentencePieceModel(2, [
      ['a', -1],
      ['b', -2],
    ]);
    for (let length = 0; length < bytes.length; length++) {
      expect([length, tokenizerRefusal(() => void open(bytes.subarray(0, length)))]).toEqual([
        length,
        expect.any(String),
      ]);
    }
  });

  test('rules that lead out of their trie are refused when a text needs them', () => {
    // A trie of one unit, whose offset is beyond it.
    const rules = Buffer.concat([Uint8Array.of(4, 0, 0, 0), Uint8Array.of(0, 0xfc, 0xff, 0x0f), Buffer.from('x\0')]);
    const engine = open(model(1, field(3, message({ 2: rules }))));
    expect(tokenizerRefusal(() => tokensOf(engine, 'ab'))).toBe(
      'normalizer_spec.precompiled_charsmap: leads out of its trie',
    );
  });
});
