import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { randomNumbers } from '../../src/base/random.js';
import { bpeJson, mergesOf, PRINTABLE } from '../../bench/tokenizer-json.js';
import { kneser, type CommandResult } from './command.js';
import { isChosen, type Fault } from './fault.js';
import { withFolder } from './folder.js';

const MB = 1e6;

/** Stands for the path of a tokenizer in the arguments of a command. */
const TOKENIZER = 'tokenizer.json';

/** A text of an unusual shape, and the options of its training. */
interface Shape {
  readonly name: string;
  /** Length of the text [bytes]. A second run has four times this length, unless the text is refused for its length. */
  readonly bytes: number;
  /** Gives the next part of the text. */
  readonly text: (random: () => number) => () => Uint8Array;
  readonly args?: readonly string[];
  readonly ending?: string;
  /** The values of --memory that are tried [MiB]. Default: 64. */
  readonly memory?: readonly number[];
  /** If training must refuse the text: a part of the message. */
  readonly refused?: RegExp;
  /** Another command, which gets the same text and the model of a small ordinary text. */
  readonly command?: readonly string[];
}

const encode = (text: string): Uint8Array => Buffer.from(text);

/** A function that returns a part of about 1 MB, which joins results of `piece`. */
function parts(piece: () => string): () => Uint8Array {
  return () => {
    const pieces: string[] = [];
    for (let length = 0; length < MB;) length += pieces[pieces.push(piece()) - 1].length;
    return encode(pieces.join(''));
  };
}

/** The same part again and again. */
function again(part: Uint8Array): () => Uint8Array {
  return () => part;
}

/** Words by rank, seen about in proportion to 1/rank. */
function zipf(random: () => number, types = 40_000): string {
  return `w${Math.floor(types ** random()).toString(36)}`;
}

function distinct(lineWords: number): () => () => Uint8Array {
  return () => {
    let next = 0;
    return parts(() => `${(next++).toString(36).padStart(6, '0')}${next % lineWords === 0 ? '\n' : ' '}`);
  };
}

const ordinary: Shape['text'] = random => parts(() => zipf(random) + (random() < 0.05 ? '\n' : ' '));
const oneLine: Shape['text'] = random => parts(() => `${zipf(random)} `);
const noSpace: Shape['text'] = random => parts(() => zipf(random));

const SHAPES: readonly Shape[] = [
  { name: 'ordinary', bytes: 75 * MB, text: ordinary, memory: [64, 256, 1024] },
  { name: 'ordinary, one thread', bytes: 25 * MB, text: ordinary, args: ['--threads', '1'] },
  { name: 'ordinary, order 2', bytes: 25 * MB, text: ordinary, args: ['--order', '2'] },
  { name: 'ordinary, order 12', bytes: 12 * MB, text: ordinary, args: ['--order', '12'] },
  {
    name: 'ordinary, all skip patterns of order 5',
    bytes: 12 * MB,
    text: ordinary,
    args: ['--skip', '--hold-out', '0', '--classes', '0'],
    memory: [64, 256],
  },
  {
    name: 'ordinary, 300 classes',
    bytes: 12 * MB,
    text: ordinary,
    args: ['--classes', '300'],
    memory: [64],
    refused: /--classes 0/,
  },
  { name: 'ordinary, 300 classes', bytes: 12 * MB, text: ordinary, args: ['--classes', '300'], memory: [1024] },
  {
    name: 'ordinary, half of it held out, skip patterns',
    bytes: 6 * MB,
    text: ordinary,
    args: ['--skip', '--hold-out', '0.5', '--classes', '0'],
    memory: [64],
    refused: /hold out a smaller share/,
  },
  {
    name: 'ordinary, half of it held out, skip patterns',
    bytes: 6 * MB,
    text: ordinary,
    args: ['--skip', '--hold-out', '0.5', '--classes', '0'],
    memory: [1024],
  },
  {
    name: 'ordinary, a hundredth held out, skip patterns',
    bytes: 3 * MB,
    text: ordinary,
    args: ['--skip', '--hold-out', '0.01', '--classes', '0'],
    memory: [128],
  },
  { name: 'ordinary, pruned', bytes: 12 * MB, text: ordinary, args: ['--prune', '0,0,1'] },
  { name: 'ordinary, tokenizer.json', bytes: 6 * MB, text: ordinary, args: ['--tokenizer', TOKENIZER] },
  { name: 'one endless line', bytes: 75 * MB, text: oneLine, memory: [64, 256] },
  { name: 'one endless line, words', bytes: 12 * MB, text: oneLine, args: ['--tokenizer', 'words'] },
  { name: 'one endless line, sentences', bytes: 6 * MB, text: oneLine, args: ['--sentences', 'segment'] },
  { name: 'one endless line, NFC', bytes: 25 * MB, text: oneLine, args: ['--normalize', 'NFC'] },
  { name: 'no white space', bytes: 75 * MB, text: noSpace, refused: /token/ },
  { name: 'no white space, words', bytes: 75 * MB, text: noSpace, args: ['--tokenizer', 'words'], refused: /space/ },
  { name: 'no white space, characters', bytes: 12 * MB, text: noSpace, args: ['--tokenizer', 'characters'] },
  { name: 'no white space, bytes', bytes: 12 * MB, text: noSpace, args: ['--tokenizer', 'bytes'] },
  { name: 'all tokens differ', bytes: 160 * MB, text: distinct(10), memory: [64, 256], refused: /--vocab-limit/ },
  { name: 'all tokens differ', bytes: 8 * MB, text: distinct(10), memory: [1024] },
  {
    name: 'all tokens differ, --vocab-limit 10000',
    bytes: 40 * MB,
    text: distinct(10),
    args: ['--vocab-limit', '10000'],
    memory: [64, 256],
  },
  {
    name: 'all tokens differ, --unk-below 2',
    bytes: 25 * MB,
    text: random => parts(() => `${random().toString(36).slice(2)} ${zipf(random)}${random() < 0.1 ? '\n' : ' '}`),
    args: ['--unk-below', '2'],
  },
  { name: 'every other token the same', bytes: 25 * MB, text: random => parts(() => `a ${zipf(random, 1e5)} `) },
  {
    name: 'every other token the same, one thread',
    bytes: 12 * MB,
    text: random => parts(() => `a ${zipf(random, 1e5)} `),
    args: ['--threads', '1'],
  },
  { name: 'one token 10⁸ times', bytes: 50 * MB, text: () => again(encode('a '.repeat(MB / 2))), memory: [64, 256] },
  {
    name: 'one token again and again, skip patterns',
    bytes: 12 * MB,
    text: () => again(encode('a '.repeat(MB / 2))),
    args: ['--skip', '--hold-out', '0', '--classes', '0'],
  },
  {
    name: 'tokens of 1 MB, 10 of them different',
    bytes: 75 * MB,
    text: random => () => encode(String.fromCharCode(97 + Math.floor(random() * 10)).repeat(MB) + ' '),
  },
  {
    name: 'tokens of 1 MB, all different',
    bytes: 75 * MB,
    text: random => () => encode('x'.repeat(MB) + random().toString(36) + ' '),
    refused: /--vocab-limit/,
  },
  { name: 'empty lines', bytes: 12 * MB, text: () => again(encode('\n'.repeat(MB) + 'a\n')) },
  { name: 'NUL bytes', bytes: 25 * MB, text: () => again(encode('\0'.repeat(MB) + 'a\n')) },
  {
    name: 'invalid UTF-8 only',
    bytes: 25 * MB,
    text: () => again(Buffer.from(Uint8Array.from({ length: MB }, (_, i) => (i % 8 === 7 ? 32 : 0x80 + (i % 64))))),
  },
  {
    name: 'one JSON document of 300 MB',
    bytes: 300 * MB,
    ending: '.jsonl',
    text: random => {
      const rest = oneLine(random);
      let first = true;
      return () => (first ? ((first = false), encode('{"text": "')) : rest());
    },
    refused: /document has more than/,
  },
  {
    name: 'JSON documents of 15 MB, words',
    bytes: 30 * MB,
    ending: '.jsonl',
    text: random => documents(random, 15),
    args: ['--tokenizer', 'words'],
    memory: [64, 128],
    refused: /document has more than .* allow more memory/,
  },
  {
    name: 'JSON documents of 15 MB, words',
    bytes: 30 * MB,
    ending: '.jsonl',
    text: random => documents(random, 15),
    args: ['--tokenizer', 'words'],
    memory: [256],
  },
  {
    name: 'JSON documents of 8 MB, words',
    bytes: 24 * MB,
    ending: '.jsonl',
    text: random => documents(random, 8),
    args: ['--tokenizer', 'words'],
    memory: [128],
  },
  { name: 'perplexity, one endless line', bytes: 75 * MB, text: oneLine, command: ['perplexity'] },
  { name: 'perplexity, no white space', bytes: 75 * MB, text: noSpace, command: ['perplexity'], refused: /token/ },
  { name: 'perplexity, all tokens differ', bytes: 75 * MB, text: distinct(10), command: ['perplexity'] },
  { name: 'score, one endless line', bytes: 300 * MB, text: oneLine, command: ['score'], refused: /too long/ },
  { name: 'score, lines of 4 MB', bytes: 8 * MB, text: random => longLine(random, 4), command: ['score'] },
  {
    name: 'score, lines of 50 MB',
    bytes: 50 * MB,
    text: random => longLine(random, 50),
    command: ['score'],
    refused: /too long/,
  },
  { name: 'vector, one endless line', bytes: 300 * MB, text: oneLine, command: ['vector'], refused: /too long/ },
];

/** Lines of JSON. */
function documents(random: () => number, megabytes: number): () => Uint8Array {
  const rest = oneLine(random);
  return () => {
    const text = Array.from({ length: megabytes }, () => Buffer.from(rest()).toString('latin1')).join('');
    return encode(`{"text": "${text}"}\n`);
  };
}

function longLine(random: () => number, megabytes: number): () => Uint8Array {
  const rest = oneLine(random);
  return () => Buffer.concat([...Array.from({ length: megabytes }, rest), encode('\n')]);
}

/** The most memory of commands that only read a model, for any text [bytes]: the code, the tables of a small model, a long line. */
const READING_BYTES = 1200 * MB;

/** The most memory that a shape may take [bytes]: for a training 1.3 times its --memory plus 200 MB. */
function boundOf(shape: Shape, memory: number): number {
  return shape.command ? READING_BYTES : 1.3 * memory * 2 ** 20 + 200 * MB;
}

/** A row of the report, and the promises that were broken. */
interface ShapeCase {
  readonly row: readonly string[];
  readonly broken: readonly string[];
}

/** Trains on texts of unusual shapes with little memory, and measures the largest resident set and the processor time a byte. */
export const memory: Fault = async options =>
  await withFolder(async folder => {
    const { times = Infinity, seed, log } = options;
    const small = join(folder, 'small');
    const smallText = join(folder, 'small.txt');
    const tokenizer = join(folder, TOKENIZER);
    const merges = mergesOf(Array.from({ length: 2000 }, (_, i) => `w${i.toString(36)}`));
    writeFileSync(tokenizer, bpeJson(PRINTABLE, merges));
    writeText(smallText, 5 * MB, ordinary(randomNumbers(seed)));
    await kneser(['train', smallText, '--out', small, '--quiet']);
    const cases: ShapeCase[] = [];
    for (const shape of SHAPES.filter(({ name }) => isChosen(name, options)).slice(0, times)) {
      for (const mebibytes of shape.memory ?? [64]) {
        let shorter: number | undefined;
        for (const bytes of shape.refused ? [shape.bytes] : [shape.bytes, 4 * shape.bytes]) {
          const input = join(folder, `text${shape.ending ?? '.txt'}`);
          writeText(input, bytes, shape.text(randomNumbers(seed)));
          const out = join(folder, 'model');
          const args = (shape.args ?? []).map(arg => (arg === TOKENIZER ? tokenizer : arg));
          const command = shape.command
            ? [...shape.command, small, input, ...args]
            : ['train', input, '--out', out, '--quiet', '--memory', `${mebibytes}M`, ...args];
          const result = await kneser(command, { timeLimit: 0 });
          rmSync(out, { recursive: true, force: true });
          rmSync(input);
          const perByte = (result.cpuSeconds ?? result.milliseconds / 1000) / bytes;
          const one = judge(shape, mebibytes, bytes, result, perByte, shorter);
          shorter = perByte;
          log(one.row.join('  '));
          cases.push(one);
        }
      }
    }
    return {
      head: ['text', 'MB', 'M, MiB', 'peak, MB', 'bound, MB', 's', 'CPU ns/byte', 'outcome', ''],
      rows: cases.map(({ row }) => row),
      notes: [`${availableParallelism()} cores`],
      broken: cases.flatMap(({ broken }) => broken),
    };
  });

/**
 * Compares a run with its bounds.
 *
 * @param perByte processor time for each byte of the text [s].
 * @param shorter the processor time for each byte of a shorter text of the same shape, if one was tried [s].
 */
function judge(
  shape: Shape,
  mebibytes: number,
  bytes: number,
  { code, stderr, milliseconds, peakBytes }: CommandResult,
  perByte: number,
  shorter: number | undefined,
): ShapeCase {
  const bound = boundOf(shape, mebibytes);
  const problems: string[] = [];
  const expected = shape.refused ? code === 2 && shape.refused.test(stderr) : code === 0;
  if (!expected) problems.push(`ended with ${code}: ${stderr.slice(0, 500)}`);
  if ((peakBytes ?? 0) > bound) problems.push('its peak is above the bound');
  if (shorter !== undefined && perByte >= 2 * shorter) problems.push('time grows faster than the text');
  const row = [
    shape.name,
    whole(bytes / MB),
    shape.command ? '–' : String(mebibytes),
    whole((peakBytes ?? NaN) / MB),
    whole(bound / MB),
    (milliseconds / 1000).toFixed(1),
    whole(perByte * 1e9),
    code === 0 ? 'done' : code === 2 ? 'refused' : String(code),
    problems.length === 0 ? '' : 'BROKEN',
  ];
  return { row, broken: problems.map(problem => `${shape.name}, ${whole(bytes / MB)} MB: ${problem}`) };
}

function whole(value: number): string {
  return value.toFixed(0);
}

function writeText(path: string, bytes: number, next: () => Uint8Array): void {
  const file = openSync(path, 'w');
  for (let written = 0; written < bytes;) {
    const part = next();
    writeSync(file, part);
    written += part.length;
  }
  closeSync(file);
}
