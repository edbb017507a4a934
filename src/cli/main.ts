#!/usr/bin/env node
import { SMOOTHING_NAMES } from '../smoothing/index.js';
import { Command, CommanderError, Option } from 'commander';
import { KneserError } from '../base/errors.js';
import { packageVersion } from '../base/node/version.js';
import type { ExportFlags } from './export.js';
import type { ImportFlags } from './import.js';
import type { PackFlags } from './pack.js';
import type { PerplexityFlags } from './perplexity.js';
import type { PruneFlags } from './prune.js';
import type { PredictFlags } from './predict.js';
import type { ScoreFlags } from './score.js';
import type { TrainFlags } from './train.js';
import type { TuneFlags } from './tune.js';
import type { VectorFlags } from './vector.js';
import type { VerifyFlags } from './verify.js';
import type { BaselineFlags } from './baseline.js';
import type { CompareFlags } from './compare.js';
import {
  parseModels,
  parseOrders,
  parsePatterns,
  parsePositive,
  parseShare,
  parseSize,
  parseThresholds,
  parseWhole,
  tokenizationOptions,
  vocabularyOptions,
} from './options.js';

const EXAMPLES = {
  train: `Examples:
  kneser train corpus.txt --out model --order 5
  kneser train corpus.txt --out model --order 5 --resume
  kneser train web.jsonl.gz --field content --tokenizer tokenizer.json --sentences segment --out subwords`,
  perplexity: 'Example:\n  kneser perplexity model valid.txt test.txt',
  score: `Each line of output is log10 p, perplexity, then every token with its log10 p and the length of the n-gram
that matched, separated by tabs; * marks a token outside the vocabulary.

Example:
  echo 'the cat sat on the mat' | kneser score model --json`,
  vector: `Each line of output is the sentence's perplexity, then every token with its value, separated by tabs; on a terminal,
the sentence coloured by value, and the scale of the colours.

Example:
  echo 'the cat sat on the mat' | kneser vector model --json
  kneser vector model story.txt --html story.html`,
  prune: 'Example:\n  kneser prune model --out small --prune 0,0,1',
  predict: `For each line of input its most probable next tokens: probability, log10 p, and the length of the n-gram that ends
with the token. An empty line asks how sentences begin.

Example:
  echo 'the cat sat on the' | kneser predict model --top 3`,
  tune: 'Example:\n  kneser tune model valid.txt',
  baseline: `Examples:
  kneser baseline --train train.txt --valid valid.txt --test news.txt web.txt --out baseline
  kneser baseline --corpus ptb --data ptb-folder --out ptb-baseline`,
  compare: `Each file is a table of tokens as kneser baseline writes it; with two files, the first model is of the first file and
the second of the second, which may lack the columns MODEL.matched.

Examples:
  kneser compare baseline/tokens.tsv.gz --models glm5,mkn5
  kneser compare baseline/tokens.tsv.gz neural.tsv.gz --models glm5,lstm`,
  export: 'Example:\n  kneser export model --arpa model.arpa.gz',
  import: 'Example:\n  kneser import model.arpa.gz --out model',
  pack: `All commands read the file as they read the folder, also at an address: kneser score https://example.org/model.kneser

Example:
  kneser pack model --out model.kneser`,
  unpack: 'Example:\n  kneser unpack model.kneser --out model',
  inspect: 'Example:\n  kneser inspect model',
  verify: `Checks every file, block, row and count of a model, and that its probabilities add up to one. The exit code is 0 if all
is right, and 1 if anything is damaged.

Example:
  kneser verify model`,
};

/** The commands that stop by themselves when interrupted. */
const WRITES = ['train', 'prune', 'export', 'import', 'pack', 'unpack'];

const abort = new AbortController();

function program(): Command {
  const kneser = new Command('kneser')
    .description('Exact modified Kneser-Ney language models: train from text, score text, measure perplexity.')
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('(kneser --help, or kneser COMMAND --help, tells more)');

  const tables = new Option('--tables <how>', 'read blocks as needed, or load whole tables first')
    .choices(['auto', 'page', 'load'])
    .default('auto');

  const smoothing = new Option(
    '--smoothing <how>',
    'modified Kneser-Ney, or the mixture over skip patterns (default: glm where weights were tuned, else mkn)',
  ).choices(SMOOTHING_NAMES);
  const weights = new Option('--weights <name>', 'weights of the mixture: uniform, or the name of a tuned set');
  const cache = new Option('--cache', 'mix in a cache of the text so far: for running text, reset for each file');

  const [vocab, vocabLimit, unkBelow] = vocabularyOptions();
  const [tokenizer, locale, sentences, normalize] = tokenizationOptions();
  const field = new Option('--field <name>', 'field of the objects of .jsonl files that is the text (default: text)');
  const column = new Option('--column <name>', 'column of .parquet files that is the text (default: text)');
  const files = 'files of text, .jsonl or .parquet, also as .gz or .zst, folders of them, or - for standard input';

  kneser
    .command('train')
    .description('Train a model from text files: unless told otherwise a sentence a line, tokens between white space.')
    .argument('<file...>', files)
    .requiredOption('-o, --out <dir>', 'folder of the model')
    .option('-n, --order <n>', 'longest n-gram, 1 to 12', parseWhole(1, 12), 5)
    .option('-m, --memory <size>', 'memory to aim for, such as 512M or 4G (default: half of the machine)', parseSize)
    .option('-t, --threads <n>', 'threads that count (default: one a core)', parseWhole(1, 256))
    .addOption(vocab)
    .addOption(vocabLimit)
    .addOption(unkBelow)
    .option('--skip', 'count all skip patterns of the order too, and tune a mixture of them on held-out sentences')
    .option('--patterns <list>', 'count these skip patterns, such as 1_11,11_1', parsePatterns)
    .option('--max-gap <n>', 'of skip patterns, those that skip at most n words in a row', parseWhole(0, 11))
    .option('--max-patterns <n>', 'at most n patterns, contiguous ones counted', parseWhole(1, 2048))
    .option(
      '--hold-out <share>',
      'share of sentences to tune on instead of counting (default with --skip: 0.02)',
      parseShare,
    )
    .option('--classes <n>', 'word classes of the class model mixed in (default with --skip: 300)', parseWhole(0, 4000))
    .option(
      '--prune <list>',
      'drop n-grams seen at most so often, by order: 0,0,1 drops all of order 3 and up seen once',
      parseThresholds,
    )
    .addOption(tokenizer)
    .addOption(locale)
    .addOption(sentences)
    .addOption(normalize)
    .addOption(field)
    .addOption(column)
    .option('--lowercase', 'lower-case all text, here and when scoring')
    .option('--skip-blank', 'leave out lines without a token, here and when scoring')
    .addOption(
      new Option('--reserved <what>', 'what to do with a literal <s> or </s>')
        .choices(['refuse', 'drop'])
        .default('refuse'),
    )
    .option('-f, --force', 'replace a model that is there')
    .option('--resume', 'go on with a training that was broken off, and keep what was done if this one is')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', `\n${EXAMPLES.train}`)
    .action(async (paths: string[], flags: TrainFlags) => {
      const { runTrain } = await import('./train.js');
      await runTrain(paths, flags, abort.signal);
    });

  kneser
    .command('perplexity')
    .description('Measure the perplexity of text files, each and all together.')
    .argument('<dir>', 'folder of the model')
    .argument('<file...>', files)
    .option('--json', 'print one JSON object')
    .addOption(smoothing)
    .addOption(weights)
    .addOption(cache)
    .addOption(tables)
    .option('-t, --threads <n>', 'threads that score (default: one a core)', parseWhole(1, 256))
    .addOption(field)
    .addOption(column)
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', `\n${EXAMPLES.perplexity}`)
    .action(async (dir: string, paths: string[], flags: PerplexityFlags) => {
      const { runPerplexity } = await import('./perplexity.js');
      await runPerplexity(dir, paths, flags);
    });

  kneser
    .command('score')
    .description('Score sentences token by token: one result a sentence, which is a line unless the model segments.')
    .argument('<dir>', 'folder of the model')
    .argument('[file]', 'file of text, .jsonl or .parquet, also as .gz or .zst, or - for standard input', '-')
    .option('--json', 'print a JSON object a line')
    .addOption(smoothing)
    .addOption(weights)
    .addOption(cache)
    .addOption(tables)
    .addOption(field)
    .addOption(column)
    .addHelpText('after', `\n${EXAMPLES.score}`)
    .action(async (dir: string, file: string, flags: ScoreFlags) => {
      const { runScore } = await import('./score.js');
      await runScore(dir, file, flags);
    });

  kneser
    .command('vector')
    .description('Show where sentences are odd: for each token the mean perplexity of the windows that contain it.')
    .argument('<dir>', 'folder of the model')
    .argument('[file]', 'file of text, .jsonl or .parquet, also as .gz or .zst, or - for standard input', '-')
    .option('-w, --window <n>', 'tokens of a window', parseWhole(1), 3)
    .addOption(
      new Option('--context <which>', "what a window's tokens are scored after: the running text, or <s> alone")
        .choices(['text', 'window'])
        .default('text'),
    )
    .option('--relative', "divide by the vector's mean")
    .option(
      '--bins <k>',
      'k values a sentence instead of one a token, each the mean over an equal span',
      parseWhole(1, 1e6),
    )
    .addOption(new Option('--json', 'print a JSON object a line').conflicts('html'))
    .option('--html <file>', 'write a page instead: heat map, charts, what each token matched')
    .addOption(smoothing)
    .addOption(weights)
    .addOption(tables)
    .addOption(field)
    .addOption(column)
    .addHelpText('after', `\n${EXAMPLES.vector}`)
    .action(async (dir: string, file: string, flags: VectorFlags) => {
      const { runVector } = await import('./vector.js');
      await runVector(dir, file, flags);
    });

  kneser
    .command('predict')
    .description('Predict the next token: the most probable ones after each line of input.')
    .argument('<dir>', 'folder of the model')
    .argument(
      '[file]',
      'histories: a file of text, .jsonl or .parquet, also as .gz or .zst, or - for standard input',
      '-',
    )
    .option('-k, --top <k>', 'how many tokens', parseWhole(1), 10)
    .option('--no-start', 'the lines do not begin sentences: no <s> before them')
    .option('--unknown', 'list <unk> too, which stands for all unknown words')
    .option('--explain', 'say which patterns a probability comes from')
    .option('--json', 'print a JSON object a line')
    .addOption(smoothing)
    .addOption(weights)
    .addOption(tables)
    .addOption(field)
    .addOption(column)
    .addHelpText('after', `\n${EXAMPLES.predict}`)
    .action(async (dir: string, file: string, flags: PredictFlags) => {
      const { runPredict } = await import('./predict.js');
      await runPredict(dir, file, flags);
    });

  kneser
    .command('tune')
    .description("Learn the weights of a model's mixture on held-out text, and store them beside the model.")
    .argument('<dir>', 'folder of the model')
    .argument('<file...>', `held-out ${files}`)
    .option('--name <name>', 'name of the weights; scoring uses those named default', 'default')
    .addOption(field)
    .addOption(column)
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', `\n${EXAMPLES.tune}`)
    .action(async (dir: string, paths: string[], flags: TuneFlags) => {
      const { runTune } = await import('./tune.js');
      await runTune(dir, paths, flags);
    });

  kneser
    .command('prune')
    .description('Write a smaller copy of a model, without the n-grams that matter least.')
    .argument('<dir>', 'folder of the model, which stays as it is')
    .requiredOption('-o, --out <dir>', 'folder of the copy')
    .option(
      '--prune <list>',
      'drop n-grams seen at most so often, by order: 0,0,1 drops all of order 3 and up seen once',
      parseThresholds,
    )
    .option('--entropy <share>', 'drop n-grams without which perplexity rises by less, such as 1e-8', parsePositive)
    .option('-f, --force', 'replace a model that is there')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', `\n${EXAMPLES.prune}`)
    .action(async (dir: string, flags: PruneFlags) => {
      const { runPrune } = await import('./prune.js');
      await runPrune(dir, flags, abort.signal);
    });

  kneser
    .command('export')
    .description('Write a model as an ARPA file: modified Kneser-Ney in back-off form, for KenLM, SRILM and others.')
    .argument('<dir>', 'folder of the model')
    .requiredOption('--arpa <file>', 'the ARPA file, gzipped where its name ends in .gz')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', `\n${EXAMPLES.export}`)
    .action(async (dir: string, flags: ExportFlags) => {
      const { runExport } = await import('./export.js');
      await runExport(dir, flags, abort.signal);
    });

  kneser
    .command('import')
    .description('Make a model of an ARPA file, such as KenLM, SRILM and IRSTLM write.')
    .argument('<file>', 'the ARPA file, a .gz file, or - for standard input')
    .requiredOption('-o, --out <dir>', 'folder of the model')
    .option('-f, --force', 'replace a model that is there')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', `\n${EXAMPLES.import}`)
    .action(async (file: string, flags: ImportFlags) => {
      const { runImport } = await import('./import.js');
      await runImport(file, flags, abort.signal);
    });

  kneser
    .command('pack')
    .description('Pack a model into one file: to copy it, or to put it on a web server.')
    .argument('<dir>', 'folder of the model')
    .requiredOption('-o, --out <file>', 'the file, such as model.kneser')
    .option('-f, --force', 'replace a file that is there')
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', `\n${EXAMPLES.pack}`)
    .action(async (dir: string, flags: PackFlags) => {
      const { runPack } = await import('./pack.js');
      await runPack(dir, flags, abort.signal);
    });

  kneser
    .command('unpack')
    .description('Make a model folder of a packed file, whose checksums are all checked.')
    .argument('<file>', 'the packed file, or its address')
    .requiredOption('-o, --out <dir>', 'folder of the model')
    .option('-f, --force', 'replace a model that is there')
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', `\n${EXAMPLES.unpack}`)
    .action(async (file: string, flags: PackFlags) => {
      const { runUnpack } = await import('./pack.js');
      await runUnpack(file, flags, abort.signal);
    });

  kneser
    .command('inspect')
    .description('Say what a model is made of.')
    .argument('<dir>', 'folder of the model')
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\n${EXAMPLES.inspect}`)
    .action(async (dir: string, flags: { json?: boolean }) => {
      const { runInspect } = await import('./inspect.js');
      await runInspect(dir, flags);
    });

  kneser
    .command('verify')
    .description('Check that a model is whole and right.')
    .argument('<dir>', 'folder of the model')
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', `\n${EXAMPLES.verify}`)
    .action(async (dir: string, flags: VerifyFlags) => {
      const { runVerify } = await import('./verify.js');
      await runVerify(dir, flags);
    });

  kneser
    .command('baseline')
    .description('Train, tune and measure Kneser-Ney and the mixture of every order: the baselines of a benchmark.')
    .option(
      '--train <file...>',
      'text to count: files of text, .jsonl or .parquet, also as .gz or .zst, folders of them',
    )
    .option('--valid <file...>', 'text to tune the mixture on')
    .option('--test <file...>', 'text to measure on; each file is a domain')
    .option('--corpus <name>', 'a corpus of the catalog instead: brown, ptb, wikitext-2, wikitext-103, text8, 1b')
    .option('--data <dir>', 'folder of its files, which are checked against the catalog')
    .option('-n, --orders <list>', 'orders, such as 2-5 or 3,5', parseOrders, [2, 3, 4, 5])
    .option('--classes <n>', 'word classes of the class model mixed in', parseWhole(0, 4000), 300)
    .option('-o, --out <dir>', 'folder for the report (Markdown, JSON, HTML) and the table of tokens')
    .option('--keep-models <dir>', 'folder where the models stay')
    .option('--resamples <n>', 'resamples of the bootstrap', parseWhole(100, 1_000_000), 1000)
    .option('--seed <n>', 'seed of the bootstrap', parseWhole(0), 1)
    .option('-m, --memory <size>', 'memory to aim for, such as 512M or 4G (default: half of the machine)', parseSize)
    .option('-t, --threads <n>', 'threads that count (default: one a core)', parseWhole(1, 256))
    .addOption(vocab)
    .addOption(vocabLimit)
    .addOption(unkBelow)
    .addOption(tokenizer)
    .addOption(locale)
    .addOption(sentences)
    .addOption(normalize)
    .addOption(field)
    .addOption(column)
    .option('--lowercase', 'lower-case all text')
    .option('--skip-blank', 'leave out lines without a token')
    .addOption(
      new Option('--reserved <what>', 'what to do with a literal <s> or </s> in training text')
        .choices(['refuse', 'drop'])
        .default('refuse'),
    )
    .option('-f, --force', 'replace a report and models that are there')
    .option('--json', 'print the report as one JSON object')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', `\n${EXAMPLES.baseline}`)
    .action(async (flags: BaselineFlags) => {
      const { runBaseline } = await import('./baseline.js');
      await runBaseline(flags);
    });

  kneser
    .command('compare')
    .description('Say which tokens one model predicts better than another.')
    .argument('<file>', 'table of tokens, .tsv or .tsv.gz')
    .argument('[other]', 'another table of the same tokens, that the second model is in')
    .option('--models <a,b>', 'names of the two models (default: where there are just two)', parseModels)
    .option('--top <n>', 'how many of the largest gains and losses are shown', parseWhole(0, 10_000), 10)
    .option('--resamples <n>', 'resamples of the bootstrap', parseWhole(100, 1_000_000), 1000)
    .option('--seed <n>', 'seed of the bootstrap', parseWhole(0), 1)
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\n${EXAMPLES.compare}`)
    .action(async (file: string, other: string | undefined, flags: CompareFlags) => {
      const { runCompare } = await import('./compare.js');
      await runCompare(file, other, flags);
    });

  return kneser;
}

/** What an error means for the exit code; its message goes to standard error. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof KneserError) {
    process.stderr.write(`kneser: ${error.message}\n`);
    return error.exitCode;
  }
  const { code } = error as NodeJS.ErrnoException;
  // Whoever read the results has had enough.
  if (code === 'EPIPE') return 0;
  process.stderr.write(`kneser: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // What writes files stops by itself and cleans up; a second signal, or any other work, ends at once.
    if (abort.signal.aborted || !WRITES.includes(process.argv[2])) process.exit(130);
    abort.abort();
  });
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') error.message = `standard output: ${error.message}`;
  process.exit(report(error));
});

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
