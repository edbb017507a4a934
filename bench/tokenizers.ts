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

/** The text is given to a tokenizer in parts of this size, as a file is read [bytes]. */
const CHUNK_BYTES = 1 << 20;
/** The BPE of `tokenizer.json` has this many merges, as in GPT-2. */
const MERGES = 50_000;
/** The other subword vocabularies have this many pieces of words, as in many models, and the single characters. */
const PIECES = 32_000;
/** The rank of the first word in the made-up probabilities, 1 / rank, of Unigram's pieces: so the first words are not far above the others. */
const FIRST_RANK = 10;
/** ln p of a single character, below that of all words: words are cut into characters only where no word fits. */
const CHARACTER_LOG = -15;
/** The types of SentencePiece models, as their files number them. */
const [UNIGRAM, BPE] = [1, 2];

/**
 * Cuts text into tokens by each tokenizer. An operation is the held-out text. The subword vocabularies are made from the most frequent
 * words of the training text. For each subword tokenizer whose library Python has, another case measures the library.
 *
 * The operations share their tokenizer, which has seen the text before: kneser and PyPI's `tokenizers` (BPE, Unigram) then remember the tokens
 * of words. PyPI's `sentencepiece` remembers nothing.
 */
export const tokenizersSuite: Suite = {
  name: 'tokenizers',
  async prepare(text) {
    const bytes = await readFile(text.heldOut);
    const words = frequentWords(await readFile(text.train, 'utf8'));
    const pieces = [
      ...words.slice(0, PIECES).map((word, rank) => [`▁${word}`, -Math.log(rank + FIRST_RANK)] as const),
      ...['▁', ...PRINTABLE].map(character => [character, CHARACTER_LOG] as const),
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
      ['SentencePiece Unigram', { tokenizer: { sentencepiece: sentencePieceModel(UNIGRAM, pieces) } }],
      ['SentencePiece BPE', { tokenizer: { sentencepiece: sentencePieceModel(BPE, bpePieces(words)) } }],
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
    const cases: Case[] = [];
    const python = new Python(text.heldOut);
    try {
      for (const [name, options] of choices) {
        const file = typeof options.tokenizer === 'object' ? options.tokenizer : undefined;
        const tokenization = await Tokenization.open(describeTokenization(options, false), file);
        const own = { name, work: bytes.length / 1e6, unit: 'MB', run: () => tokenizeOnce(bytes, tokenization) };
        cases.push(own);
        const library = file && (await python.open(name, file));
        if (library) cases.push({ ...own, ...library });
      }
    } catch (error) {
      await python.close();
      throw error;
    }
    return { cases, close: () => python.close() };
  },
};

/** The processes that measure PyPI's libraries, and the folder of the tokenizers' files that they read. */
class Python {
  private readonly opened: PythonTokenizer[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'kneser-bench-tokenizers-'));

  /** @param text the path of the text. */
  constructor(private readonly text: string) {}

  /** Starts the library of a tokenizer. @returns the name and the operation of its case; `undefined` without Python or the package. */
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
function bpePieces(words: readonly string[]): ModelPiece[] {
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
