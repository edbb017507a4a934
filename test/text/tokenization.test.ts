import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LanguageModel, train, tune, type TokenizationOptions, type TrainOptions } from '#kneser/src/index.js';
import { createFeeder } from '#kneser/src/text/feeder.js';
import { Tokenization, describeTokenization, type TextChanges } from '#kneser/src/text/tokenization.js';
import type { TokenSink } from '#kneser/src/text/tokenizer.js';
import { TokenizingThreads } from '#kneser/src/text/tokenizing-threads.js';
import { sentencePieceModel } from '#kneser/bench/sentencepiece-model.js';
import { bpeJson, unigramJson, wordPieceJson } from '#kneser/bench/tokenizer-json.js';
import { CommandLine } from '../support/command-line.js';
import { expectSamePairs, readPairs } from '../support/pairs.js';
import { withModel, type Trained, type WithoutOut } from '../support/models.js';

const cli = new CommandLine('tokenization');

/** Byte-level BPE: `th`, `the`, and that after a space. */
const BPE = bpeJson('abcdefghijklmnopqrstuvwxyz.!', ['t h', 'th e', 'Ġ the']);

const UNIGRAM = unigramJson(
  [
    ['▁the', -1],
    ['▁', -3],
    ['cat', -2],
    ['s', -3],
    ...Array.from('abcdefghijklmnopqrtuvwxyz.!').map(character => [character, -6] as const),
  ],
  { normalizer: { type: 'Lowercase' } },
);

/** With the template that would put [CLS] and [SEP] around a text. */
const WORD_PIECE = wordPieceJson(['the', 'cat', '##s', 'sat', '.'], ['[UNK]', '[CLS]', '[SEP]'], {
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  post_processor: { type: 'BertProcessing', sep: ['[SEP]', 2], cls: ['[CLS]', 1] },
});

/** BPE with scores in the place of merges, and lower case by no rule: `The` is other letters. */
const SENTENCEPIECE = sentencePieceModel(2, [
  ['▁t', -1],
  ['he', -2],
  ['▁the', -3],
  ['at', -4],
  ...Array.from('▁Tabcdefghijklmnopqrstuvwxyz.!', character => [character, -9] as const),
]);

/** Stands for the end of a line among tokens. */
const LINE = Buffer.from('line');

const TEXT = 'The cats sat. The end!\nthe cat  sat\n\nsat the cats\n';

/** Trains on a file, and gives the model. */
function trained<T>(
  text: string,
  tokenization: TokenizationOptions,
  use: (model: Trained) => T | Promise<T>,
  more = {},
): Promise<T> {
  const options: WithoutOut<TrainOptions> = { files: [cli.file(text)], order: 3, tokenization, ...more };
  return withModel(cli.fresh(), options, use);
}

async function tokensOf(text: string, options: TokenizationOptions): Promise<string[]> {
  const info = describeTokenization(options, false);
  const json = typeof options.tokenizer === 'object' ? options.tokenizer : undefined;
  return (await Tokenization.open(info, json)).tokens(text);
}

describe('tokens', () => {
  test.each<[string, TokenizationOptions, string, string[]]>([
    ['between white space', {}, 'a b.\tc', ['a', 'b.', 'c']],
    [
      'words',
      { tokenizer: 'words' },
      `It's 3.5 km, "déjà\u00a0vu"…`,
      ["It's", '3.5', 'km', ',', '"', 'déjà', 'vu', '"', '…'],
    ],
    ['words in Thai', { tokenizer: 'words', locale: 'th' }, 'สวัสดีชาวโลก', ['สวัสดี', 'ชาว', 'โลก']],
    ['words in Japanese', { tokenizer: 'words', locale: 'ja' }, '私は猫です。', ['私', 'は', '猫', 'です', '。']],
    ['characters', { tokenizer: 'characters' }, 'a é\t𝒙\n\r\v\f\0▁', Array.from('a▁é␉𝒙␊␍␋␌␀▁')],
    ['bytes', { tokenizer: 'bytes' }, 'a é', ['<0x61>', '<0x20>', '<0xC3>', '<0xA9>']],
    ['BPE', { tokenizer: { json: BPE } }, 'the thes', ['the', 'Ġthe', 's']],
    ['Unigram', { tokenizer: { json: UNIGRAM } }, 'The cats  x', ['▁the', '▁', 'cat', 's', '▁', '▁', 'x']],
    ['WordPiece', { tokenizer: { json: WORD_PIECE } }, 'The CATS sat. dog', ['the', 'cat', '##s', 'sat', '.', '[UNK]']],
    [
      'SentencePiece',
      { tokenizer: { sentencepiece: SENTENCEPIECE } },
      ' the  cat 猫犬.',
      [...['▁the', '▁', 'c', 'at', '▁', '猫犬', '.']],
    ],
    ['after NFC', { tokenizer: 'characters', normalize: 'NFC' }, 'e\u0301ﬁ', ['é', 'ﬁ']],
    ['after NFKC, which makes spaces', { normalize: 'NFKC' }, 'e\u0301\u00a0ﬁ Ⅷ', ['é', 'fi', 'VIII']],
    ['of nothing', { tokenizer: 'characters' }, '', []],
  ])('%s', async (_, options, text, tokens) => {
    expect(await tokensOf(text, options)).toEqual(tokens);
  });
});

const ALL: [string, TokenizationOptions][] = [
  ['whitespace with NFC', { normalize: 'NFC' }],
  ['whitespace, sentences segmented', { sentences: 'segment' }],
  ['words', { tokenizer: 'words', locale: 'de', normalize: 'NFKC' }],
  ['words, sentences segmented', { tokenizer: 'words', sentences: 'segment' }],
  ['characters', { tokenizer: 'characters' }],
  ['characters, NFC, sentences segmented', { tokenizer: 'characters', normalize: 'NFC', sentences: 'segment' }],
  ['bytes', { tokenizer: 'bytes' }],
  ['BPE', { tokenizer: { json: BPE } }],
  ['Unigram', { tokenizer: { json: UNIGRAM } }],
  ['SentencePiece', { tokenizer: { sentencepiece: SENTENCEPIECE } }],
  ['WordPiece, sentences segmented', { tokenizer: { json: WORD_PIECE }, sentences: 'segment' }],
];

describe('a model', () => {
  test.each(ALL)('keeps its tokenizer: %s', async (_, tokenization) => {
    const out = cli.fresh();
    const file = cli.file(TEXT);
    await train({ files: [file], out, order: 3, tokenization, patterns: { skip: true } });
    await using model = await LanguageModel.open(out, { smoothing: 'mkn' });
    const loaded = await model.load();
    const { tokenizer, sentences, normalize } = model.info.options.tokenization;
    expect({ sentences, normalize }).toEqual({ sentences: 'lines', normalize: 'none', ...pick(tokenization) });
    const given = tokenization.tokenizer ?? 'whitespace';
    expect(tokenizer).toBe(typeof given === 'string' ? given : 'json' in given ? 'tokenizer.json' : 'sentencepiece');

    // The text in every form gives the same: a string, its tokens, a file, whether tables are loaded or not.
    const lines = TEXT.trimEnd().split('\n');
    const texts = lines.flatMap(line => model.sentences(line));
    expect(texts.length).toBe(sentences === 'lines' ? 4 : 5);
    for (const text of texts) {
      const score = await model.score(text);
      expect(score.oov).not.toContain(true);
      expect(await model.score(score.tokens.slice(0, -1))).toEqual(score);
      expect(loaded.score(text)).toEqual(score);
      const history = score.tokens.slice(0, -1);
      expect(loaded.log10Prob('</s>', ['<s>', ...history])).toBeCloseTo(score.log10Probs.at(-1) ?? NaN, 10);
    }
    const ofFile = await model.perplexityOfFile(file);
    const { bitsPerByte, bitsPerCharacter, ...figures } = ofFile;
    expect(await model.perplexity(texts)).toMatchObject({
      ...figures,
      log10Prob: expect.closeTo(figures.log10Prob ?? NaN, 9) as number,
    });
    expect(await loaded.perplexityOfFile(file)).toMatchObject(figures);
    const bits = -Math.log2(10) * (ofFile.log10Prob ?? NaN);
    expect(bitsPerByte).toBeCloseTo(bits / TEXT.length, 10);
    expect(bitsPerCharacter).toBeCloseTo(bits / TEXT.length, 10);

    // What trained on sentences trained on the same tokens.
    const other = cli.fresh();
    await train({ sentences: texts, out: other, order: 3, tokenization, patterns: { skip: true } });
    expectSamePairs(await readPairs(other), await readPairs(out));
  });

  const pick = ({ sentences, normalize }: TokenizationOptions): object => ({
    ...(sentences ? { sentences } : {}),
    ...(normalize ? { normalize } : {}),
  });

  test('does not depend on the pieces of its text, nor on threads', async () => {
    const text = (TEXT + 'äöü 猫\r\n').repeat(3000);
    const half = text.indexOf('\n', text.length / 2) + 1;
    for (const [, tokenization] of ALL.slice(2, 10)) {
      const [one, two] = [cli.fresh(), cli.fresh()];
      await train({ files: [cli.file(text)], out: one, order: 2, tokenization, threads: 1 });
      const files = [text.slice(0, half), text.slice(half)].map(part => cli.file(part));
      await train({ files, out: two, order: 2, tokenization, threads: 2 });
      expectSamePairs(await readPairs(two), await readPairs(one));
    }
  });

  test.each(ALL.filter(([name]) => /BPE|Sentence|words/.test(name)))(
    'has the same tokens from threads as from one: %s',
    async (_, tokenization) => {
      // Lines longer than the part that a thread gets, and longer than the piece of a line that is tokenized at once; invalid UTF-8.
      const long = `${TEXT.replaceAll('\n', ' ').repeat(21_000)}${'x'.repeat((1 << 20) + 9_999)} end\n`;
      const texts = ['', TEXT.repeat(9000), 'é\xff'.repeat(140_000), long, 'the end'].map((text, i) =>
        Buffer.from(text, i === 2 ? 'latin1' : 'utf8'),
      );
      const info = describeTokenization(tokenization, false);
      const file = typeof tokenization.tokenizer === 'object' ? tokenization.tokenizer : undefined;
      const counts = (): TextChanges => ({ replaced: 0, extraBytes: 0, extraCharacters: 0 });
      const collector = (): { sink: TokenSink; found: () => string } => {
        // The bytes of a token, how many they are, and its code; all tokens of all texts are too many to keep.
        const hash = createHash('sha256');
        const buffer = Buffer.alloc(1 << 16);
        let length = 0;
        const make = (room: number): void => {
          if (length + room <= buffer.length) return;
          hash.update(buffer.subarray(0, length));
          length = 0;
        };
        const token = (bytes: Uint8Array, from: number, to: number, code: number): void => {
          make(8);
          length = buffer.writeUInt32LE(to - from, buffer.writeUInt32LE(code >>> 0, length));
          for (let at = from; at < to; at++) {
            make(1);
            buffer[length++] = bytes[at];
          }
        };
        const line = (): void => token(LINE, 0, LINE.length, -1);
        return { sink: { token, line }, found: () => hash.update(buffer.subarray(0, length)).digest('hex') };
      };
      const [one, several] = [collector(), collector()];
      const [changes, changesOfThreads] = [counts(), counts()];
      const opened = await Tokenization.open(info, file);
      const threads = new TokenizingThreads(2, { info, file }, several.sink, changesOfThreads);
      for (const [i, text] of texts.entries()) {
        const feeder = createFeeder(opened, one.sink, changes, String(i));
        for (let at = 0; at < text.length; at += 1 << 20) feeder.feed(text.subarray(at, at + (1 << 20)));
        feeder.end();
        for (let at = 0; at < text.length; at += 77_777) await threads.feed(String(i), text.subarray(at, at + 77_777));
        await threads.end(String(i));
      }
      threads.close();
      expect(several.found()).toBe(one.found());
      expect(changesOfThreads).toEqual(changes);
    },
    60_000,
  );

  test('fails in a thread with the same code and message as without threads', async () => {
    const json = JSON.stringify({
      ...(JSON.parse(WORD_PIECE) as object),
      model: { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'z' },
    });
    const info = describeTokenization({ tokenizer: { json } }, false);
    const sink: TokenSink = { token: () => undefined, line: () => undefined };
    const counts: TextChanges = { replaced: 0, extraBytes: 0, extraCharacters: 0 };
    const threads = new TokenizingThreads(2, { info, file: { json, name: 'my.json' } }, sink, counts);
    await threads.feed('text', Buffer.from('a b\n'));
    await expect(threads.end('text')).rejects.toMatchObject({
      code: 'KNESER_TOKENIZER',
      message: expect.stringMatching(/^my\.json: this tokenizer fails on the text: .* unknown word/) as string,
    });
    threads.close();
    await expect(threads.end('text')).rejects.toThrow('tokenizing was stopped');
  });

  test('without its own sentences is normalised before it is cut into tokens', async () => {
    const composed = 'déjà vu\nété\n';
    const [one, two] = [cli.fresh(), cli.fresh()];
    const tokenization: TokenizationOptions = { normalize: 'NFC', tokenizer: 'characters' };
    await train({ files: [cli.file(composed)], out: one, order: 2, tokenization });
    await train({ files: [cli.file(composed.normalize('NFD'))], out: two, order: 2, tokenization });
    expectSamePairs(await readPairs(two), await readPairs(one));
    await using model = await LanguageModel.open(two);
    // Bits per character refer to the characters of the file, before normalisation.
    const [nfc, nfd] = [composed, composed.normalize('NFD')].map(text => model.perplexityOfFile(cli.file(text)));
    expect((await nfd).log10Prob).toBe((await nfc).log10Prob);
    expect(((await nfd).bitsPerCharacter ?? 0) * Array.from(composed.normalize('NFD')).length).toBeCloseTo(
      ((await nfc).bitsPerCharacter ?? 0) * Array.from(composed).length,
      10,
    );
  });

  test('of tokens without text has no bits per character', () =>
    trained('abab ba\n', { tokenizer: 'characters' }, async ({ paged, loaded }) => {
      for (const model of [paged, loaded]) {
        expect(await model.perplexity([['a', 'b']])).toMatchObject({
          oov: 0,
          bitsPerCharacter: null,
          bitsPerByte: null,
        });
        expect((await model.perplexity(['ab'])).bitsPerByte).toBeGreaterThan(0);
      }
    }));

  test('reads invalid UTF-8 as U+FFFD, and counts it', async () => {
    const content = Buffer.from('a\xffb \xe2\x82 \xed\xa0\x80\n', 'latin1');
    const file = cli.file(content);
    const replaced = 'a\ufffdb \ufffd \ufffd\ufffd\ufffd\n';
    for (const tokenizer of ['characters', 'bytes', 'words'] as const) {
      const [one, two] = [cli.fresh(), cli.fresh()];
      const { warnings } = await train({ files: [file], out: one, order: 2, tokenization: { tokenizer } });
      expect(warnings).toEqual(['5 invalid UTF-8 sequences were read as U+FFFD']);
      await train({ files: [cli.file(replaced)], out: two, order: 2, tokenization: { tokenizer } });
      expectSamePairs(await readPairs(one), await readPairs(two));
      await using model = await LanguageModel.open(one);
      const sums = await Promise.all([file, cli.file(replaced)].map(path => model.sumOfFile(path)));
      expect(sums.map(sum => sum.replaced)).toEqual([5, 0]);
      expect(sums[0].figures()).toEqual(sums[1].figures());
    }
  });

  test('lower-cases characters and words', () =>
    trained(
      'The CAT\n',
      { tokenizer: 'characters' },
      ({ loaded }) => expect(loaded.score('tHe').tokens).toEqual(['t', 'h', 'e', '</s>']),
      { lowercase: true },
    ));

  test('finds the sentences of a line, whose white space is not theirs', () =>
    trained('Go on. Stop!  \n \nNo end\n', { tokenizer: 'characters', sentences: 'segment' }, ({ loaded }) => {
      expect(loaded.info.sentences).toBe(4);
      expect(loaded.sentences(' Go on. Stop!\r')).toEqual(['Go on.', 'Stop!']);
      expect(loaded.sentences('  ')).toEqual(['']);
      expect(loaded.score('n.').oov).toEqual([false, false, false]);
      expect(loaded.score('. ').matched[1]).toBe(1);
    }));
});

describe('long lines', () => {
  const LONG = 'the cat sät. '.repeat(100_000);
  test.each<[string, TokenizationOptions, number, string]>([
    ['characters', { tokenizer: 'characters' }, LONG.length, LONG],
    ['characters without a space', { tokenizer: 'characters' }, 600_000, '猫'.repeat(600_000)],
    ['bytes without a space', { tokenizer: 'bytes' }, 1_250_000, 'ab'.repeat(625_000)],
    ['words', { tokenizer: 'words' }, 400_000, LONG],
    ['whitespace, NFC', { normalize: 'NFC' }, 300_000, LONG.normalize('NFD')],
  ])('are one sentence of their tokens: %s', async (_, tokenization, tokens, line) => {
    const lines: number[] = [];
    let length = 0;
    const wrong = new Set<string>();
    const sink = {
      token(bytes: Uint8Array, from: number, to: number) {
        length++;
        const token = Buffer.from(bytes.subarray(from, to)).toString();
        if (token.includes('\ufffd')) wrong.add(token);
      },
      line: () => lines.push(length),
    };
    const opened = await Tokenization.open(describeTokenization(tokenization, false));
    const feeder = createFeeder(opened, sink, { replaced: 0, extraBytes: 0, extraCharacters: 0 }, 'text');
    const bytes = Buffer.from(line);
    for (let at = 0; at < bytes.length; at += 1 << 20) feeder.feed(bytes.subarray(at, at + (1 << 20)));
    feeder.end();
    expect([lines, [...wrong]]).toEqual([[tokens], []]);
  });

  test('that cannot be cut are refused', async () => {
    const opened = await Tokenization.open(describeTokenization({ tokenizer: 'words' }, false));
    const feeder = createFeeder(
      opened,
      { token() {}, line() {} },
      { replaced: 0, extraBytes: 0, extraCharacters: 0 },
      'big.txt',
    );
    const chunk = Buffer.alloc(1 << 20, 'x');
    expect(() => {
      for (let i = 0; i < 40; i++) feeder.feed(chunk);
    }).toThrow(/^big\.txt: a line has 32 MB without a space/);
  });
});

test('the bytes of a text give the tokens of its lines, wherever they are cut', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'é', ' ', '.', '猫', '\u0301', '\u00a0', '\t', 'A') }), {
        maxLength: 6,
      }),
      fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
      fc.constantFrom(
        ...ALL.filter(([, { tokenizer }]) => typeof tokenizer !== 'object').map(([, options]) => options),
      ),
      async (lines, cuts, options) => {
        const opened = await Tokenization.open(describeTokenization(options, false));
        const bytes = Buffer.from(lines.map(line => line + '\n').join(''));
        const places = [0, ...cuts.map(cut => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const found: string[][] = [];
        let line: string[] = [];
        const sink = {
          token: (token: Uint8Array, from: number, to: number) =>
            line.push(Buffer.from(token.subarray(from, to)).toString()),
          line: () => {
            found.push(line);
            line = [];
          },
        };
        const feeder = createFeeder(opened, sink, { replaced: 0, extraBytes: 0, extraCharacters: 0 }, 'text');
        for (let i = 1; i < places.length; i++) feeder.feed(bytes.subarray(places[i - 1], places[i]));
        feeder.end();
        expect(found).toEqual(lines.flatMap(text => opened.sentences(text)).map(text => opened.tokens(text)));
        for (const token of found.flat()) expect(token).toMatch(/^[^\0\t\n\v\f\r ]+$/);
      },
    ),
    { numRuns: 300 },
  ));

describe('impossible options are refused', () => {
  const refused = (options: object, more = {}): Promise<unknown> =>
    train({ sentences: ['a'], out: cli.fresh(), tokenization: options, ...more }).catch((error: unknown) => error);

  test.each<[object, RegExp, object?]>([
    [{ tokenizer: 'wordz' }, /^tokenization\.tokenizer: "wordz" is not one of whitespace, words/],
    [{ sentences: 'paragraphs' }, /^tokenization\.sentences: "paragraphs" is not one of lines, segment/],
    [{ normalize: 'NFD' }, /^tokenization\.normalize: "NFD" is not one of none, NFC, NFKC/],
    [{ tokenizer: 'words', locale: 'no_way' }, /^locale: no_way is not a language tag/],
    [{ tokenizer: 'words', locale: 'xx' }, /no data for the language xx/],
    [{ locale: 'de' }, /^locale: only tokenizer words/],
    [{ tokenizer: 'bytes' }, /^lowercase: not possible with tokenizer bytes/, { lowercase: true }],
    [{ tokenizer: { json: BPE } }, /^lowercase: not possible with tokenizer tokenizer\.json/, { lowercase: true }],
    [
      { tokenizer: { sentencepiece: SENTENCEPIECE } },
      /^lowercase: not possible with tokenizer sentencepiece/,
      { lowercase: true },
    ],
    [{ tokenizer: {} }, /^tokenization\.tokenizer\.json: is missing/],
    [{ tokenizer: { json: BPE, sentencepiece: SENTENCEPIECE } }, /tokenization\.tokenizer has no such member/],
    [{ tokenizer: { sentencepiece: 'spiece.model' } }, /\.sentencepiece: "spiece\.model" is not the bytes of a file/],
  ])('%j', async (options, message, more) => {
    const error = await refused(options, more);
    expect(error).toMatchObject({ code: 'KNESER_OPTION', message: expect.stringMatching(message) as string });
  });

  test('a SentencePiece model that is cut short', async () => {
    const error = await refused({ tokenizer: { sentencepiece: SENTENCEPIECE.subarray(0, 9), name: 'my.model' } });
    expect(error).toMatchObject({
      code: 'KNESER_TOKENIZER',
      message: 'my.model: is not a SentencePiece model that can be used: the file: is cut short',
    });
  });

  test.each<[string, string]>([
    ['no JSON', '{'],
    ['nothing', 'null'],
    ['no tokenizer', '{"a": 1}'],
    ['no model', JSON.stringify({ ...(JSON.parse(BPE) as object), model: {} })],
    ['an unknown kind', JSON.stringify({ ...(JSON.parse(BPE) as object), pre_tokenizer: { type: 'Magic' } })],
    ['a vocabulary of nonsense', BPE.replace('"merges":[', '"merges":[null,')],
    ['no added tokens', JSON.stringify({ ...(JSON.parse(BPE) as object), added_tokens: null })],
  ])('a tokenizer.json with %s', async (_, json) => {
    const error = await refused({ tokenizer: { json, name: 'my.json' } });
    expect(error).toMatchObject({
      code: 'KNESER_TOKENIZER',
      exitCode: 2,
      message: expect.stringMatching(/^my\.json: /) as string,
    });
  });

  test('on the command line, where a tokenizer.json is named by its path', async () => {
    const text = cli.file(TEXT);
    const path = cli.file(UNIGRAM, '.json');
    const out = cli.fresh();
    await cli.train([text, '--out', out, '--tokenizer', path, '--order', '2']);
    const [first] = await cli.json<{ tokens: string[] }>(['score', out], { input: 'the cats\n' });
    expect(first.tokens).toEqual(['▁the', '▁', 'cat', 's', '</s>']);
    expect(await cli.print(['inspect', out])).toContain('tokens: tokenizer.json, sentences: lines, normalize: none\n');

    const pieces = cli.fresh();
    await cli.train([text, '--out', pieces, '--tokenizer', cli.file(SENTENCEPIECE, '.model'), '--order', '2']);
    const [second] = await cli.json<{ tokens: string[] }>(['score', pieces], { input: 'the cats\n' });
    expect(second.tokens).toEqual(['▁the', '▁', 'c', 'at', 's', '</s>']);
    expect(await cli.print(['inspect', pieces])).toContain(
      'tokens: sentencepiece, sentences: lines, normalize: none\n',
    );
    expect(await cli.print(['verify', pieces])).toBeTruthy();

    const german = cli.fresh();
    await cli.train([
      text,
      '--out',
      german,
      '--tokenizer',
      'words',
      '--locale',
      'de',
      '--sentences',
      'segment',
      '--normalize',
      'NFC',
    ]);
    expect(await cli.print(['inspect', german])).toContain('tokens: words (de), sentences: segment, normalize: NFC\n');
    const scored = await cli.json<{ tokens: string[] }>(['score', german], { input: 'the cat sat. No!\n' });
    expect(scored.map(({ tokens }) => tokens)).toEqual([
      ['the', 'cat', 'sat', '.', '</s>'],
      ['No', '!', '</s>'],
    ]);

    const refuse = (...args: string[]): Promise<string> =>
      cli.refuse(2, ['train', text, '--out', cli.fresh(), ...args]);
    expect(await refuse('--tokenizer', 'wordz')).toMatch(
      /--tokenizer: there is no tokenizer wordz; take whitespace, words, .*tokenizer\.json or of a SentencePiece \.model\n$/,
    );
    expect(await refuse('--tokenizer', 'nowhere/tokenizer.json')).toContain(
      'nowhere/tokenizer.json: there is no such file',
    );
    expect(await refuse('--tokenizer', cli.file('the 4\ncat 5\n', '.model'))).toContain(
      'is neither a tokenizer.json, which begins with a brace, nor a SentencePiece .model',
    );
    expect(await refuse('--tokenizer', cli.file(SENTENCEPIECE.subarray(0, 99), '.model'))).toContain(
      'is not a SentencePiece model that can be used: the file: is cut short',
    );
    const latin = cli.file(Buffer.from('{"version": "é"}', 'latin1'), '.json');
    expect(await refuse('--tokenizer', latin)).toContain(
      `${latin}: is not UTF-8, in which a tokenizer.json is written`,
    );
    const broken = cli.file('{', '.json');
    expect(await refuse('--tokenizer', broken)).toMatch(`${broken}: is not a tokenizer.json that can be used`);
    expect(await refuse('--tokenizer', 'words', '--locale', 'xx')).toContain('no data for the language xx');
    expect(await refuse('--sentences', 'words')).toContain('lines, segment');
  });

  test('a literal sentence mark that the tokenizer makes a token', async () => {
    const marks = JSON.parse(UNIGRAM) as { added_tokens: object[] };
    marks.added_tokens.push({ ...marks.added_tokens[0], id: 1, content: '</s>' });
    const error = await train({
      files: [cli.file('the cat</s>\n')],
      out: cli.fresh(),
      tokenization: { tokenizer: { json: JSON.stringify(marks) } },
    }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'KNESER_INPUT_RESERVED' });
  });
});

test('weights are tuned on the tokens of the model', async () => {
  const out = cli.fresh();
  const file = cli.file('abcabc abd\nabab cd\n'.repeat(50));
  await train({
    files: [file],
    out,
    order: 3,
    patterns: { skip: true },
    holdOut: 0.1,
    tokenization: { tokenizer: 'characters' },
  });
  const report = await tune({ model: out, files: [cli.file('abc abd\nab\n')] });
  expect(report).toMatchObject({ sentences: 2, tokens: 11 });
});
