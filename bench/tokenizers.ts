import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFeeder } from '../src/text/feeder.js';
import type { PretrainedTokenizer } from '../src/text/pretrained.js';
import { splitTokens } from '../src/text/tokens.js';
import { describeTokenization, Tokenization, type TokenizationOptions } from '../src/text/tokenization.js';
import { PythonTokenizer, pythonPackage } from './python-tokenizer.js';
import { sentencePieceModel, type ModelPiece } from './sentencepiece-model.js';
import type { Case, Suite } from './suite.js';
import { bpeJson, mergesOf, PRINTABLE, unigramJson, wordPieceJson } from './tokenizer-json.js';

/** A tokenizer gets the text in pieces of this size, as reading a file would give them [bytes]. */
const CHUNK_BYTES = 1 << 20;
/** BPE has this many merges, as in GPT-2. */
const MERGES = 50_000;
/** Unigram and WordPiece have about this many pieces, as in many models. */
const PIECES = 32_000;

/**
 * Cuts text into tokens by each tokenizer. An operation is the held-out text. The subword vocabularies are made from the most frequent
 * words of the training text. Where Python has the library of a tokenizer, another case measures the library.
 */
export const tokenizersSuite: Suite = {
  name: 'tokenizers',
  async prepare(text) {
    const bytes = await readFile(text.heldOut);
    const words = frequentWords(await readFile(text.train, 'utf8'));
    const pieces = [
      ...words.slice(0, PIECES).map((word, rank) => [`▁${word}`, -Math.log(rank + 10)] as const),
      ...['▁', ...PRINTABLE].map(character => [character, -15] as const),
    ];
    const choices: readonly [string, TokenizationOptions][] = [
      ['whitespace', {}],
      ['whitespace, NFC', { normalize: 'NFC' }],
      ['whitespace, sentences segmented', { sentences: 'segment' }],
      ['words', { tokenizer: 'words' }],
      ['characters', { tokenizer: 'characters' }],
      ['bytes', { tokenizer: 'bytes' }],
      ['BPE', { tokenizer: { json: bpeJson(PRINTABLE, mergesOf(words).slice(0, MERGES)) } }],
      ['Unigram', { tokenizer: { json: unigramJson(pieces) } }],
      ['SentencePiece Unigram', { tokenizer: { sentencepiece: sentencePieceModel(1, pieces) } }],
      ['SentencePiece BPE', { tokenizer: { sentencepiece: sentencePieceModel(2, scoredMerges(words)) } }],
      [
        'WordPiece',
        {
          tokenizer: {
            json: wordPieceJson([
              ...PRINTABLE,
              ...PRINTABLE.map(character => `##${character}`),
              ...words.slice(0, PIECES),
            ]),
          },
        },
      ],
    ];
    const python = new Python(text.heldOut);
    const cases = choices.map(async ([name, options]) => {
      const file = typeof options.tokenizer === 'object' ? options.tokenizer : undefined;
      const tokenization = await Tokenization.open(describeTokenization(options, false), file);
      const own = { name, work: bytes.length / 1e6, unit: 'MB', run: () => tokenizeOnce(bytes, tokenization) };
      const run = file && (await python.open(name, file));
      return run ? [own, { ...own, ...run }] : [own];
    });
    return { cases: (await Promise.all(cases)).flat(), close: () => python.close() };
  },
};

/** The tokenizers in the libraries of PyPI, where Python has them. */
class Python {
  private readonly opened: PythonTokenizer[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'kneser-bench-tokenizers-'));

  /** @param text the path of the text. */
  constructor(private readonly text: string) {}

  /** The name and the operation of a case for a tokenizer; `undefined` without Python or the package. */
  async open(name: string, file: PretrainedTokenizer): Promise<Pick<Case, 'name' | 'run'> | undefined> {
    const library = 'json' in file ? 'tokenizers' : 'sentencepiece';
    const version = pythonPackage(library);
    if (version === undefined) return undefined;
    const path = join(this.folder, name);
    await writeFile(path, 'json' in file ? file.json : file.sentencepiece);
    const tokenizer = await PythonTokenizer.open(library, path, this.text);
    this.opened.push(tokenizer);
    return { name: `${name}, PyPI's ${library} ${version}`, run: () => tokenizer.run() };
  }

  async close(): Promise<void> {
    for (const tokenizer of this.opened) tokenizer.close();
    await rm(this.folder, { recursive: true });
  }
}

/** Tokenizes a text on this thread. @returns the number of tokens. */
export function tokenizeOnce(bytes: Uint8Array, tokenization: Tokenization): number {
  let tokens = 0;
  const sink = { token: () => tokens++, line: () => undefined };
  const feeder = createFeeder(tokenization, sink, { replaced: 0, extraBytes: 0, extraCharacters: 0 }, 'text');
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) feeder.feed(bytes.subarray(at, at + CHUNK_BYTES));
  feeder.end();
  return tokens;
}

/** The characters, then pieces that build each word from its beginning, after the mark `▁` of a space. Earlier pieces have higher scores. */
function scoredMerges(words: readonly string[]): ModelPiece[] {
  const merged = mergesOf(words)
    .slice(0, PIECES)
    .map(merge => merge.replace(' ', '').replace('Ġ', '▁'));
  return ['▁', ...PRINTABLE, ...merged].map((piece, rank) => [piece, -rank] as const);
}

/** The distinct words of a text, by falling count. */
function frequentWords(text: string): string[] {
  const counts = new Map<string, number>();
  for (const line of text.split('\n'))
    for (const word of splitTokens(line)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([word]) => word);
}
