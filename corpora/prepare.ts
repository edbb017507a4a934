import { createReadStream, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeAtomically } from '../src/base/node/atomic.js';
import { CORPORA, SPLIT_NAMES, type Corpus, type Split, type SplitName } from './catalog.js';
import { sha256 } from './checksum.js';
import { CorpusError } from './errors.js';

/** The files of each split, in order, ready for training: one sentence a line, tokens separated by white space. */
export type PreparedSplits = Readonly<Partial<Record<SplitName, readonly string[]>>>;

/**
 * Finds the files of the Penn Treebank: `ptb.{train,valid,test}.txt` or `{train,valid,test}.txt`. They are used unchanged.
 *
 * @throws the errors of {@link prepareSplits}.
 */
export function preparePtb(folder: string): Promise<PreparedSplits> {
  return prepareSplits(CORPORA.ptb, folder);
}

/**
 * Finds the files of WikiText-2: `wiki.{train,valid,test}.tokens` or `{train,valid,test}.txt`. They are used unchanged: blank lines, which
 * are empty sentences, and headings (` = Title = `) stay, because the published figures include both.
 *
 * @throws the errors of {@link prepareSplits}.
 */
export function prepareWikiText2(folder: string): Promise<PreparedSplits> {
  return prepareSplits(CORPORA['wikitext-2'], folder);
}

/** Finds the files of WikiText-103, `wiki.{train,valid,test}.tokens`. They are not checked, because the catalog has no checksums of them. */
export function prepareWikiText103(folder: string): Promise<PreparedSplits> {
  return prepareSplits(CORPORA['wikitext-103'], folder);
}

/**
 * Cuts the file `text8` into `text8.{train,valid,test}.txt` in `outDir`: by convention its first 90, next 5 and last 5 million
 * characters. The text has no sentences, so that each split is one line; a cut may fall inside a word.
 *
 * @throws the errors of {@link prepareSplits}.
 */
export function prepareText8(folder: string, outDir: string): Promise<PreparedSplits> {
  return prepareSplits(CORPORA.text8, folder, outDir);
}

/**
 * Finds the files of One Billion Word in the unpacked archive: the folders `training-monolingual.tokenized.shuffled` (99 files) and
 * `heldout-monolingual.tokenized.shuffled` (50 files). They are used unchanged, and are not checked, because the catalog has no
 * checksums of them. `test` is the first held-out file, as in the paper; `valid` are the other 49, of which one or two are enough.
 *
 * @throws the errors of {@link prepareSplits}.
 */
export function prepareOneBillionWord(folder: string): Promise<PreparedSplits> {
  return prepareSplits(CORPORA['1b'], folder);
}

/**
 * Finds the files of a corpus in a folder, compares them with the checksums of the catalog, and cuts out each split that is a part of a
 * file. Each of the functions above calls it for one corpus.
 *
 * @param outDir the folder for the splits that are cut out, named `<file>.<split>.txt`. Default: `folder`.
 * @throws CORPUS_FILE_MISSING for the first file that is missing, CORPUS_CHECKSUM for a file that differs from the published one.
 */
export async function prepareSplits(corpus: Corpus, folder: string, outDir = folder): Promise<PreparedSplits> {
  const verified = new Set<string>();
  const prepared: Partial<Record<SplitName, readonly string[]>> = {};
  for (const name of SPLIT_NAMES) {
    const split = corpus.splits[name];
    if (split === undefined) continue;
    const paths = findFiles(corpus, split, folder);
    for (const path of paths) {
      if (split.sha256 !== undefined && !verified.has(path)) await verify(corpus, path, split.sha256);
      verified.add(path);
    }
    const { bytes } = split;
    prepared[name] = bytes === undefined ? paths : await Promise.all(paths.map(path => cut(path, bytes, name, outDir)));
  }
  return prepared;
}

/** The files of a split: all shards, or the file under the first of its names that exists. */
function findFiles(corpus: Corpus, split: Split, folder: string): string[] {
  if (split.shards === undefined) {
    const names = [split.file, ...(split.alsoNamed ?? [])];
    const name = names.find(candidate => isFile(join(folder, candidate)));
    if (name === undefined) throw missing(corpus, folder, names.join(' or '));
    return [join(folder, name)];
  }
  const [first, last] = split.shards;
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const name = split.file.replace(/#+/, digits => String(first + i).padStart(digits.length, '0'));
    if (!isFile(join(folder, name))) throw missing(corpus, folder, name);
    return join(folder, name);
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function missing(corpus: Corpus, folder: string, name: string): CorpusError {
  const message = `${folder}: holds no ${name}; ${corpus.title} is published at ${corpus.publishedAt}`;
  return new CorpusError('CORPUS_FILE_MISSING', message);
}

async function verify(corpus: Corpus, path: string, expected: string): Promise<void> {
  const actual = await sha256(path);
  if (actual === expected) return;
  const message =
    `${path}: is not the published file of ${corpus.title} (SHA-256 ${actual}, expected ${expected}); ` +
    `get it again from ${corpus.publishedAt}`;
  throw new CorpusError('CORPUS_CHECKSUM', message);
}

/** Writes the bytes `[start, end)` of a file as a split. */
async function cut(path: string, [start, end]: readonly [number, number], name: SplitName, outDir: string) {
  const target = join(outDir, `${basename(path)}.${name}.txt`);
  await writeAtomically(target, createReadStream(path, { start, end: end - 1 }));
  return target;
}
