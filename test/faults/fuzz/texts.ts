import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { vocabularyChoice } from '../../../src/cli/vocabulary.js';
import { createFeeder } from '../../../src/text/feeder.js';
import { LineReader } from '../../../src/text/formats/lines.js';
import { readText } from '../../../src/text/formats/index.js';
import { Tokenization, type TokenizationInfo } from '../../../src/text/tokenization.js';
import { firstByte, Wrong, type CreateTarget, type Target } from './target.js';

const encoder = new TextEncoder();

const SENTENCES =
  'the cat sat on the mat\nDer Hund läuft.  Er bellt!\r\n\n日本語の文です。\t\u2028x\0y\n<s> <unk> </s>\ufeff ﬁn';

/** Ways to tokenize; the first byte of an input chooses. */
const WAYS: readonly TokenizationInfo[] = [
  { tokenizer: 'whitespace', sentences: 'lines', normalize: 'none' },
  { tokenizer: 'whitespace', sentences: 'segment', locale: 'en', normalize: 'NFKC' },
  { tokenizer: 'words', locale: 'de', sentences: 'lines', normalize: 'NFC' },
  { tokenizer: 'words', locale: 'th', sentences: 'segment', normalize: 'none' },
  { tokenizer: 'characters', sentences: 'lines', normalize: 'none' },
  { tokenizer: 'bytes', sentences: 'segment', locale: 'ja', normalize: 'NFKC' },
];

/** Text that is cut into tokens. However it is divided into pieces for reading, the tokens must be the same. */
export const text: CreateTarget = async (): Promise<Target> => {
  const tokenizations = await Promise.all(WAYS.map(info => Tokenization.open(info)));
  return {
    seeds: WAYS.map((_, way) => Buffer.concat([Uint8Array.of(way), encoder.encode(SENTENCES)])),
    words: ['\r\n', '\u2028', '\u0301', '\ufeff', '\ufffd', '\u200d', 'ß', 'İ', '😀', '\0', '▁', '. ', '\ud7ff'],
    names: /./,
    run(bytes) {
      const tokenization = tokenizations[firstByte(bytes) % WAYS.length];
      const body = bytes.subarray(1);
      const whole = tokensOf(tokenization, [body]);
      const cut = Math.floor(body.length / 3);
      const pieces = tokensOf(tokenization, [
        body.subarray(0, cut),
        body.subarray(cut, cut + 1),
        body.subarray(cut + 1),
      ]);
      if (whole !== pieces) throw new Wrong('the tokens depend on how the text is read');
      return Promise.resolve();
    },
  };
};

function tokensOf(tokenization: Tokenization, pieces: readonly Uint8Array[]): string {
  let tokens = '';
  const sink = {
    token: (bytes: Uint8Array, from: number, to: number) =>
      void (tokens += Buffer.from(bytes.subarray(from, to)).toString('latin1') + ' '),
    line: () => void (tokens += '\n'),
  };
  const feeder = createFeeder(tokenization, sink, { replaced: 0, extraBytes: 0, extraCharacters: 0 }, 'text');
  for (const piece of pieces) feeder.feed(piece.slice());
  feeder.end();
  return tokens;
}

/** A target of files that are read as text. */
export function fileTarget(folder: string, ending: string, target: Omit<Target, 'run' | 'names'>): Target {
  const path = join(folder, `input${ending}`);
  return {
    ...target,
    names: /input\./,
    async run(bytes) {
      writeFileSync(path, bytes);
      let length = 0;
      for await (const piece of readText(path)) {
        length += piece.length;
        // Unpacked text may have any length: it is read in pieces.
        if (length > 1 << 28) return;
      }
    },
  };
}

export const gzip: CreateTarget = folder =>
  fileTarget(folder, '.gz', {
    seeds: [
      gzipSync(SENTENCES),
      gzipSync(SENTENCES, { level: 0 }),
      Buffer.concat([gzipSync(SENTENCES), gzipSync('b\n'.repeat(1000))]),
      gzipSync(''),
    ],
    words: ['\x1f', '\x8b'],
  });

export const zstd: CreateTarget = folder =>
  fileTarget(folder, '.zst', { seeds: ZSTD.map(text => Buffer.from(text, 'base64')) });

/** Files that zstd 1.5 wrote: with one frame and with two frames; with compressed, repeated and stored blocks; with a checksum; with a skippable frame. */
const ZSTD: readonly string[] = [
  'KLUv/QRolREAqkdsCCGAKZV0M8AxMCMwDDFs5UCwRwjTQ4Zw77333hK3KkKHUxiZAHMAcwC0g3211VVTPbXUUbdmHeqjjS6a6KGFDro06UDfbHPNNM8sc8ydOYf5ZJNLJnlkkUOuTDnIF1tcMcUTSxxxY8Yhvm69OvXp0qO3s4d+3Hhx4sOFBy8nD/y2a3qW484ZJGjgBBhYkAADBwxAgwULFBRw0MAABwE0QOABCCJYcHAAgwcIOGhAgQA3SLDAAQMGHDhokMCAAwUKNAjXcBo+w2V4DO9wDg/DT7gJL+EkfISL8BBe4RQehF9wC17BKfgEl+ARvMEZPAS/ciuvciqfcimP8pazPJQfuZEXOZEPuZAHeclJHsgvcAu8AqfAJ3AJPAJv4Aw8BH633XXTPbfccffmHe6zzS6b7LHFDrt2127t1U7t0y7t0d52tof2Yzf2Yif2YRf2YC872QP7hW6hV+gU+oQuoUfoDZ2hh9DvuB2v43R8jsvxON7jPB6On3EzXsbJ+BgX42G8xmk8GL/iVryKU/EpLsWjeIuzeCh+xI14ESfiQ1yIB/ESJ/FA/IbbMIcQ33W7Xtfp+lyX63G913k9XD/rZr2sk/WxLtbDeq3TerB+1a16VafqU12qR/VWZ/VQ/agb9aJO1Ie6UA/qpU7qgfpNt+k1nabPdJke0zud08P0k27SSzpJH+kiPaRXOqUH6Rfdold0ij7RJXpEb3RGD9EDBgD6sKiECQSpisdGmZNpDcA9Ats1Vao=',
  'KLUv/QBYTQIAQoQPGbA1HQzFkhRwUzxE8kJ2k7uhxPkXVd8P+AilhnwrZ/Os8eEreOYZRoSFHwkQSBtNhdENdUN8eOv6lvhWfPgCADqFkZVTUFAqTRgDAAAAYWJjKLUv/QRI7SQAFEl0aGUgY2F0IHNhdCBvbiB0aGUgbWF0CkRlciBIdW5kIGzDpHVmdC4gRXIgYmVsbHQhCnRoZSBkb2cgc2F0IG9uIHRoZSBsb2cKcmFuCjEKMgozCjQKNQo2CjcKOAo5CjEwCjExCjEyCjEzCjE0CjE1CjE2CjE3CjE4CjE5CjIwCjIxCjIyCjIzCjI0CjI1CjI2CjI3CjI4CjI5CjMwCjMxCjMyCjMzCjM0CjM1CjM2CjM3CjM4CjM5CjQwCjQxCjQyCjQzCjQ0CjQ1CjQ2CjQ3CjQ4CjQ5CjUwCjUxCjUyCjUzCjU0CjU1CjU2CjU3CjU4CjU5CjYwCjYxCjYyCjYzCjY0CjY1CjY2CjY3CjY4CjY5CjcwCjcxCjcyCjczCjc0Cjc1Cjc2Cjc3Cjc4Cjc5CjgwCjgxCjgyCjgzCjg0Cjg1Cjg2Cjg3Cjg4Cjg5CjkwCjkxCjkyCjkzCjk0Cjk1Cjk2Cjk3Cjk4Cjk5CjEwMAoxMDEKMTAyCjEwMwoxMDQKMTA1CjEwNgoxMDcKMTA4CjEwOQoxMTAKMTExCjExMgoxMTMKMTE0CjExNQoxMTYKMTE3CjExOAoxMTkKMTIwCjEyMQoxMjIKMTIzCjEyNAoxMjUKMTI2CjEyNwoxMjgKMTI5CjEzMAoxMzEKMTMyCjEzMwoxMzQKMTM1CjEzNgoxMzcKMTM4CjEzOQoxNDAKMTQxCjE0MgoxNDMKMTQ0CjE0NQoxNDYKMTQ3CjE0OAoxNDkKMTUwCjE1MQoxNTIKMTUzCjE1NAoxNTUKMTU2CjE1NwoxNTgKMTU5CjE2MAoxNjEKMTYyCjE2MwoxNjQKMTY1CjE2NgoxNjcKMTY4CjE2OQoxNzAKMTcxCjE3MgoxNzMKMTc0CjE3NQoxNzYKMTc3CjE3OAoxNzkKMTgwCjE4MQoxODIKMTgzCjE4NAoxODUKMTg2CjE4NwoxODgKMTg5CjE5MAoxOTEKMTkyCjE5MwoxOTQKMTk1CjE5NgoxOTcKMTk4CjE5OQoyMDAKMjAxCjIwMgoyMDMKMjA0CjIwNQoyMDYKMjA3CjIwOAoyMDkKMjEwCjIxMQoyMTIKMjEzCjIxNAoyMTUKMjE2CjIxNwoyMTgKMjE5CjIyMAoyMjEKMjIyCjIyMwoyMjQKMjI1CjIyNgoyMjcKMjI4CjIyOQoyMzAKMjMxCjIzMgoyMzMKMjM0CjIzNQoyMzYKMjM3CjIzOAoyMzkKMjQwCjI0MQoyNDIKMjQzCjI0NAoyNDUKMjQ2CjI0NwoyNDgKMjQ5CjI1MAoyNTEKMjUyCjI1MwoyNTQKMjU1CjI1NgoyNTcKMjU4CjI1OQoyNjAKMjYxCjI2MgoyNjMKMjY0CjI2NQoyNjYKMjY3CjI2OAoyNjkKMjcwCjI3MQoyNzIKMjczCjI3NAoyNzUKMjc2CjI3NwoyNzgKMjc5CjI4MAoyODEKMjgyCjI4MwoyODQKMjg1CjI4NgoyODcKMjg4CjI4OQoyOTAKMjkxCjI5MgoyOTMKMjk0CjI5NQoyOTYKMjk3CjI5OAoyOTkKMzAwCgIA+rColDBEMAPbNVWq',
  'KLUv/QRYTQAAEHh4AQCD0wMsROA9xQ==',
  'KLUv/SQAAQAAmenYUQ==',
];

export const jsonl: CreateTarget = folder =>
  fileTarget(folder, '.jsonl', {
    seeds: [
      encoder.encode(
        '{"text": "the cat\\nsat", "id": 1}\n\n{"id": [1, {"a": null}], "text": ""}\n{"text":"\\u00e9\\ud83d\\ude00"}\r\n',
      ),
      encoder.encode('\ufeff{"text": "a", "text": "b"}\n{"__proto__": {"x": 1}, "text": "c"}'),
      encoder.encode('{"meta": {"constructor": {"prototype": {"y": 2}}}, "text": "d"}\n{"text": 5}'),
    ],
    words: [
      '"text"',
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      '\\ud800',
      '__proto__',
      'constructor',
      'null',
      'true',
      '1e999',
      '[[[[',
      '\n',
      ',',
      ':',
    ],
  });

/** The file of `--vocab`. */
export const vocabulary: CreateTarget = folder => {
  const path = join(folder, 'input.txt');
  return {
    seeds: [encoder.encode('the\ncat\tsat\r\n<unk> <s>\n\ufeffé\n'), encoder.encode('\ufeffa')],
    words: ['__proto__', '<s>', '</s>', '\0', '\ufffd'],
    names: /input\.txt/,
    async run(bytes) {
      writeFileSync(path, bytes);
      await vocabularyChoice({ vocab: path });
      for await (const line of new LineReader(path).lines()) if (line.includes('\n')) throw new Wrong('a line of two');
    },
  };
};
