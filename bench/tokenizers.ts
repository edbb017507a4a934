import { readFile } from 'node:fs/promises';
import { createFeeder } from '../src/text/feeder.js';
import { splitTokens } from '../src/text/sentences.js';
import { describeTokenization, Tokenization, type TokenizationOptions } from '../src/text/tokenization.js';
import type { Suite } from './suite.js';

/** Bytes that are fed at a time, as from a file. */
const CHUNK_BYTES = 1 << 20;
/** Words of the vocabularies of the subword tokenizers. */
const WORDS = 8000;

/** Text to tokens, the held-out text an operation, for each tokenizer; the subwords are the text's most frequent words. */
export const tokenizersSuite: Suite = {
  name: 'tokenizers',
  async prepare(text) {
    const bytes = await readFile(text.heldOut);
    const words = frequentWords(bytes.toString());
    const choices: readonly [string, TokenizationOptions][] = [
      ['whitespace', {}],
      ['whitespace, NFC', { normalize: 'NFC' }],
      ['whitespace, sentences segmented', { sentences: 'segment' }],
      ['words', { tokenizer: 'words' }],
      ['characters', { tokenizer: 'characters' }],
      ['bytes', { tokenizer: 'bytes' }],
      ['BPE', { tokenizer: { json: bpe(words) } }],
      ['Unigram', { tokenizer: { json: unigram(words) } }],
      ['WordPiece', { tokenizer: { json: wordPiece(words) } }],
    ];
    const cases = choices.map(async ([name, options]) => {
      const json = typeof options.tokenizer === 'object' ? options.tokenizer : undefined;
      const tokenization = await Tokenization.open(describeTokenization(options, false), json);
      return { name, work: bytes.length / 1e6, unit: 'MB', run: () => tokenize(bytes, tokenization) };
    });
    return { cases: await Promise.all(cases) };
  },
};

function tokenize(bytes: Uint8Array, tokenization: Tokenization): number {
  let tokens = 0;
  const sink = { token: () => tokens++, line: () => undefined };
  const feeder = createFeeder(tokenization, sink, { replaced: 0, extraBytes: 0, extraCharacters: 0 }, 'text');
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) feeder.feed(bytes.subarray(at, at + CHUNK_BYTES));
  feeder.end();
  return tokens;
}

function frequentWords(text: string): string[] {
  const counts = new Map<string, number>();
  for (const line of text.split('\n'))
    for (const word of splitTokens(line)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, WORDS)
    .map(([word]) => word);
}

const PRINTABLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));

function file(model: object, preTokenizer: object, special: string[] = []): string {
  const added = special.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return JSON.stringify({
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder: null,
    model,
  });
}

/** Merges that build each word from its beginning. */
function bpe(words: readonly string[]): string {
  const vocabulary = new Set([...PRINTABLE, 'Ġ']);
  const merges = new Set<string>();
  for (const word of words) {
    let left = 'Ġ';
    for (const character of word) {
      merges.add(`${left} ${character}`);
      vocabulary.add((left += character));
    }
  }
  const vocab = Object.fromEntries([...vocabulary].map((token, id) => [token, id]));
  const preTokenizer = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return file({ type: 'BPE', unk_token: null, vocab, merges: [...merges] }, preTokenizer);
}

function unigram(words: readonly string[]): string {
  const scored = words.map((word, rank) => [`▁${word}`, -Math.log(rank + 10)]);
  const vocab = [['<unk>', 0], ...scored, ...['▁', ...PRINTABLE].map(character => [character, -15])];
  const preTokenizer = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
  return file({ type: 'Unigram', unk_id: 0, vocab }, preTokenizer, ['<unk>']);
}

function wordPiece(words: readonly string[]): string {
  const tokens = new Set(['[UNK]', ...PRINTABLE, ...PRINTABLE.map(character => `##${character}`), ...words]);
  const vocab = Object.fromEntries([...tokens].map((token, id) => [token, id]));
  const model = { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab };
  return file(model, { type: 'BertPreTokenizer' }, ['[UNK]']);
}
