import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LanguageModel, train } from '#kneser/src/index.js';
import type { PredictOptions } from '#kneser/src/index.js';
import { importedModel } from '../../support/arpa.js';
import { CommandLine } from '../../support/command-line.js';
import { randomNumbers, temporaryFolder, trainedFolder, withOpen } from '../../support/models.js';
import { PTB_TEXT, ptbModel } from '../../support/shared.js';

const folder = temporaryFolder('gap');
const random = randomNumbers(8);
const WORDS = Array.from({ length: 30 }, (_, i) => `w${i}`);
const TEXT = Array.from({ length: 300 }, () =>
  Array.from({ length: 2 + Math.floor(6 * random()) }, () => WORDS[Math.floor(30 * random() ** 3)]).join(' '),
);
const path = join(folder, 'model');
const characters = join(folder, 'characters');

await train({ sentences: TEXT, out: path, order: 3, vocabulary: { kind: 'limit', limit: 25 } });
await train({ sentences: TEXT, out: characters, order: 3, tokenization: { tokenizer: 'characters' } });

test('completions are the words of the vocabulary with the prefix, by falling probability', async () => {
  await using model = await LanguageModel.open(path, { tables: 'page' });
  const loaded = await model.load();
  for (const prefix of ['w', 'w1', 'w12', 'x', 'w0']) {
    const expected = loaded.predict('w0', { top: 100 }).filter(({ token }) => token.startsWith(prefix));
    expect(loaded.predict('w0', { prefix, top: 100 })).toEqual(expected);
    expect(await model.predict('w0', { prefix, top: 100 })).toEqual(expected);
    expect(loaded.predict('w0', { prefix, top: 2 })).toEqual(expected.slice(0, 2));
  }
});

test('fillers of one token are those of scoring the sentence with each word', async () => {
  await using model = await LanguageModel.open(path, { tables: 'page' });
  const loaded = await model.load();
  const words = [...loaded.vocabulary()].slice(2);
  for (const [left, right] of [
    ['w0 w1', 'w2 w0'],
    ['', 'w1'],
    ['w3 w0 w0', ''],
    ['', ''],
    ['never', 'w1 w0 w2 w4'],
  ]) {
    const line = `${left} ___ ${right}`;
    const scores = [...words, 'never'].map(word => loaded.score(`${left} ${word} ${right}`).log10Prob);
    const total = scores.reduce((sum, score) => sum + 10 ** score, 0);
    const found = loaded.predict(line, { gap: '___', top: 100 });
    expect(found).toHaveLength(words.length);
    found.forEach(({ token, tokens, probability, log10Prob }, i) => {
      expect(probability).toBeCloseTo(10 ** scores[words.indexOf(token)] / total, 10);
      expect(log10Prob).toBeCloseTo(Math.log10(probability), 10);
      expect(tokens).toEqual([token]);
      if (i > 0) expect(probability).toBeLessThanOrEqual(found[i - 1].probability);
    });
    expect(await model.predict(line, { gap: '___', top: 100 })).toEqual(found);
    expect(loaded.predict(line, { gap: '___', top: 100, unknown: true }).map(({ token }) => token)).toContain('<unk>');
  }
});

test('the beam finds the best fillers of two tokens, and lengths compete by their probability', async () => {
  await using model = await LanguageModel.open(path);
  const loaded = await model.load();
  const words = [...loaded.vocabulary()].slice(2);
  const pairs = words.flatMap(a => words.map(b => `${a} ${b}`));
  const score = (filler: string): number => loaded.score(`w0 ${filler} w1 w2`).log10Prob;
  const best = (fillers: string[]): string[] => fillers.sort((a, b) => score(b) - score(a)).slice(0, 10);
  const found = (options: PredictOptions): string[] =>
    loaded.predict('w0 ___ w1 w2', { gap: '___', ...options }).map(({ token }) => token);
  expect(found({ gapLength: 2 })).toEqual(best(pairs));
  expect(found({ gapLength: [1, 2] })).toEqual(best([...pairs, ...words]));
  expect(found({ options: ['w3', 'w4 w5', 'w1', 'never'] })).toEqual(best(['w3', 'w4 w5', 'w1']));
  expect(found({ startsWith: 'w1', top: 50 }).every(word => word.startsWith('w1'))).toBe(true);
  expect(found({ gapLength: 2, startsWith: 'w1', endsWith: '2' })).toEqual(
    best(pairs.filter(pair => pair.startsWith('w1') && pair.endsWith('2'))),
  );
  await using letters = await LanguageModel.open(characters);
  const filled = await letters.predict('w0 w_ w0', { gap: '_', gapLength: [1, 3], startsWith: '1', top: 5 });
  expect(filled.length).toBe(5);
  expect(filled.every(({ token }) => token.startsWith('1'))).toBe(true);
});

test('the letters of fillers are those of their text: characters of bytes, and words without marks', async () => {
  const sentences = ['the café ran', 'the cafés ran', 'the cat sat', 'the mat sat', 'a cat ran'];
  const bytes = join(folder, 'bytes');
  await train({ sentences, out: bytes, order: 3, tokenization: { tokenizer: 'bytes' } });
  await using model = await LanguageModel.open(bytes);
  const begun = await model.predict('the caf___ ran', { gap: '___', gapLength: 2, startsWith: 'é' });
  expect(begun.map(({ tokens }) => tokens)).toEqual([['<0xC3>', '<0xA9>']]);
  const vocab = Object.fromEntries(
    ['<unk>', 'c', 'a', 't</w>', 'ca', 'cat</w>', 'mat</w>'].map((text, i) => [text, i]),
  );
  const json = JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: { type: 'BPEDecoder', suffix: '</w>' },
    model: { type: 'WordLevel', vocab: { ...vocab, the: 7, sat: 8 }, unk_token: '<unk>' },
  });
  const words = join(folder, 'suffix');
  const marked = ['the cat</w> sat', 'the mat</w> sat', 'the ca t</w> sat'];
  await train({ sentences: marked, out: words, order: 3, tokenization: { tokenizer: { json } } });
  await using suffix = await LanguageModel.open(words);
  const found = async (options: PredictOptions): Promise<string[]> =>
    (await suffix.predict('the ___ sat', { gap: '___', ...options })).map(({ token }) => token);
  expect((await found({ startsWith: 'ca', endsWith: 't' })).sort()).toEqual(['cat</w>']);
  expect(await found({ gapLength: 2, startsWith: 'cat', endsWith: 't', top: 1 })).toEqual(['ca t</w>']);
});

test('fillers outside the vocabulary have the probability of <unk>, each under its own text', async () => {
  await using model = await LanguageModel.open(path);
  const loaded = await model.load();
  const given = { gap: '___', options: ['w3', 'never', 'heard', 'never', 'w4 of', '<unk>'], unknown: true };
  const found = loaded.predict('w0 ___ w1 w2', given);
  expect(found.map(({ token }) => token).sort()).toEqual(['<unk>', 'heard', 'never', 'w3', 'w4 of']);
  const of = (token: string) => found.find(one => one.token === token);
  expect(of('w4 of')?.tokens).toEqual(['w4', 'of']);
  expect(of('never')?.probability).toBe(of('<unk>')?.probability);
  expect(of('never')?.probability).toBe(of('heard')?.probability);
  expect(found.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
  expect(await model.predict('w0 ___ w1 w2', given)).toEqual(found);
});

test('the beam finds the best fillers where an imported model gives words p = 0 but after some words', async () => {
  const words = Array.from({ length: 300 }, (_, i) => `w${i}`);
  const bigrams = words.slice(1).map((_, i) => `${-0.5 - ((i * 37) % 300) / 100} w${i} w${(i * 7) % 300}`);
  const imported = await importedModel(join(folder, 'zeros'), [
    ['-3 <unk>', '-99 <s> 0', '-1 </s>', ...words.map((word, i) => `${i % 5 === 4 ? '-inf' : '-2.6'} ${word} 0`)],
    [...bigrams, '-0.01 w299 w4'],
  ]);
  await using model = await LanguageModel.open(imported);
  const loaded = await model.load();
  const best = (options: PredictOptions): string[] =>
    loaded.predict('___ w10', { gap: '___', top: 2, ...options }).map(({ token }) => token);
  expect(best({ gapLength: 2 })).toEqual(best({ options: words.flatMap(a => words.map(b => `${a} ${b}`)) }));
});

test('fillers of several tokens have <unk> among them if it is wanted, but not where letters are', async () => {
  await using model = await LanguageModel.open(path);
  const loaded = await model.load();
  const words = [...loaded.vocabulary()].slice(2);
  const types = [...words, 'no-such-word'];
  const score = (filler: string): number => loaded.score(`w0 ${filler} w1`).log10Prob;
  const find = (options: PredictOptions): string[] =>
    loaded
      .predict('w0 ___ w1', { gap: '___', gapLength: 2, unknown: true, top: 40, ...options })
      .map(({ token }) => token.replace('<unk>', 'no-such-word'));
  const best = (first: string[], last: string[]): string[] =>
    first
      .flatMap(a => last.map(b => `${a} ${b}`))
      .sort((a, b) => score(b) - score(a))
      .slice(0, 40);
  const found = find({});
  expect(found).toEqual(best(types, types));
  expect(found.some(filler => filler.startsWith('no-such-word'))).toBe(true);
  expect(found.some(filler => filler.endsWith('no-such-word'))).toBe(true);
  const begun = words.filter(word => word.startsWith('w1'));
  expect(find({ startsWith: 'w1' })).toEqual(best(begun, types));
  expect(find({ endsWith: '1' })).toEqual(
    best(
      types,
      words.filter(word => word.endsWith('1')),
    ),
  );
});

test('matched of a filler is that of scoring, also of <unk> and of fillers outside the vocabulary', async () => {
  const imported = await importedModel(join(folder, 'unknown'), [
    ['-1 <unk> -0.1', '-99 <s> 0', '-1 </s>', '-1 a -0.2', '-1 b 0'],
    ['-0.5 a <unk>', '-0.3 a b', '-0.4 <s> a', '-0.4 <unk> b'],
  ]);
  const trained = join(folder, 'with-unknown');
  await train({ sentences: ['a <unk> b', 'a b'], out: trained, order: 2 });
  for (const folder of [imported, trained]) {
    await using model = await LanguageModel.open(folder);
    const loaded = await model.load();
    const found = await model.predict('a ___ b', { gap: '___', unknown: true });
    const given = await model.predict('a ___ b', { gap: '___', unknown: true, options: ['<unk>', 'never', 'b', 'a'] });
    for (const { token, matched } of [...found, ...given]) {
      expect({ folder, token, matched }).toEqual({
        folder,
        token,
        matched: loaded.score(['a', token, 'b']).matched[1],
      });
    }
    for (const { token, matched } of await model.predict('a', { unknown: true })) {
      expect({ folder, token, matched }).toEqual({ folder, token, matched: loaded.score(['a', token]).matched[1] });
    }
    expect(found.map(({ token }) => token)).toContain('<unk>');
    expect(given).toHaveLength(4);
  }
});

test('fillers with the same probability are in the order of their ids: <unk>, then words', async () => {
  const imported = await importedModel(join(folder, 'ties'), [
    ['-0.60206 <unk>', '-99 <s>', '-0.60206 </s>', '-0.60206 b', '-0.60206 a'],
  ]);
  await using model = await LanguageModel.open(imported);
  const fillers = async (options: PredictOptions): Promise<string[]> =>
    (await model.predict('a ___', { gap: '___', ...options })).map(({ token }) => token);
  expect(await fillers({ unknown: true })).toEqual(['<unk>', 'b', 'a']);
  expect(await fillers({ unknown: true, top: 1 })).toEqual(['<unk>']);
  expect(await fillers({ gapLength: 2 })).toEqual(['b b', 'b a', 'a b', 'a a']);
  expect(await fillers({ options: ['a', 'b', 'a b', 'b a'] })).toEqual(['b', 'a', 'b a', 'a b']);
});

test('the command predicts from both sides, and refuses what is not possible', async () => {
  const cli = new CommandLine('gap');
  const options = cli.file('w3\nw4 w5\n');
  const input = 'w0 ___ w1\n';
  const lines = await cli.json<{ history: string; predictions: { token: string; tokens: string[] }[] }>(
    ['predict', path, '--gap', '___', '--options', options],
    { input },
  );
  expect(lines[0].history).toBe('w0 ___ w1');
  expect(lines[0].predictions.map(({ tokens }) => tokens.join(' ')).sort()).toEqual(['w3', 'w4 w5']);
  const unknown = cli.file('w3\nw4 never-heard-of\n');
  const { stderr } = await cli.run(['predict', path, '--gap', '___', '--options', unknown], { input });
  expect(stderr).toContain('left out, because the model lacks a token of them: 1 of 2');
  expect(await cli.print(['predict', path, '--prefix', 'w2', '--top', '1'], { input: 'w0\n' })).toContain('w2');
  const refused: [string[], string][] = [
    [['--gap', '@'], '--gap: @ stands nowhere in "w0 ___ w1"'],
    [['--gap', 'w'], '--gap: w stands more than once in'],
    [['--gap', ''], '--gap: the text is empty'],
    [['--starts-with', 'w'], '--starts-with: belongs to --gap'],
    [['--gap', '___', '--prefix', 'w'], '--prefix: excludes --gap, for which --starts-with gives'],
    [['--gap', '___', '--explain'], '--explain: excludes --gap'],
    [['--gap', '___', '--gap-length', '3-1'], '--gap-length: the fewest tokens, 3, are more than the most, 1'],
    [
      ['--gap', '___', '--options', cli.file('w3\nw4 </s>\n')],
      '--options: "w4 </s>" has </s>, which never fills a gap',
    ],
    [
      ['--gap', '___', '--options', cli.file('<s>\n'), '--unknown'],
      '--options: "<s>" has <s>, which never fills a gap',
    ],
    [['--gap', '___', '--options', options, '--gap-length', '2'], '--gap-length: excludes --options'],
    [['--prefix', ''], '--prefix: the text is empty'],
  ];
  for (const [flags, message] of refused) {
    expect(await cli.refuse(2, ['predict', path, ...flags], { input })).toContain(message);
  }
});

test.skipIf(PTB_TEXT === undefined)(
  'fillers on the Penn Treebank are those of an independent computation',
  async () => {
    await using model = await LanguageModel.open(await ptbModel(3));
    const loaded = await model.load();
    const expected: [string, [string, number][]][] = [
      [
        'the new york ___ exchange',
        [
          ['stock', 0.95457],
          ['mercantile', 0.04497],
          ['foreign', 0.0002],
        ],
      ],
      [
        'the chief ___ officer said',
        [
          ['executive', 0.78947],
          ['financial', 0.18132],
          ['operating', 0.02038],
        ],
      ],
      [
        'he said the ___ of the company',
        [
          ['sale', 0.12808],
          ['<unk>', 0.12467],
          ['acquisition', 0.04549],
          ['restructuring', 0.03423],
        ],
      ],
    ];
    for (const [line, fillers] of expected) {
      const found = loaded.predict(line, { gap: '___', unknown: true, top: fillers.length });
      expect(found.map(({ token }) => token)).toEqual(fillers.map(([token]) => token));
      found.forEach(({ probability }, i) => expect(probability).toBeCloseTo(fillers[i][1], 4));
    }
  },
);

test('a vocabulary of more words than a call takes arguments', async () => {
  const words = Array.from({ length: 150_000 }, (_, i) => `w${i}`);
  const sentences = Array.from({ length: 300 }, (_, i) => words.slice(500 * i, 500 * (i + 1)));
  const folder = await trainedFolder(join(temporaryFolder('gap-large'), 'model'), sentences, { order: 2 });
  await withOpen(folder, (_, loaded) => {
    expect(loaded.predict('w1 ___ w3', { gap: '___', top: 1 })[0].token).toBe('w2');
  });
});
