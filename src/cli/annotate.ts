import { InvalidArgumentError, Option, type Command } from 'commander';
import { KneserError } from '../base/errors.js';
import { standard } from '../base/node/standard-streams.js';
import type { AnnotateFiles, AnnotateSettings, MaskChoice } from '../documents/annotate.js';
import type { Columns } from '../documents/parquet-output.js';
import { given, givenFlags } from './given.js';
import { addDocumentFlags, documentOptions } from './documents.js';
import { interruption } from './interruption.js';
import { printBytes, warn } from './output.js';
import { withDisplay } from './progress.js';
import { addModelFlags, mentionWeights, openOptions, type ModelFlags } from './smoothing.js';
import { exact, parseThreads, parseWhole } from './values.js';

/** Help for the files of commands that read documents. */
export const DOCUMENT_FILES =
  'files of documents: JSON lines, Parquet, or text with one document a line; folders of such files; - for standard input';

const HELP = `
Each line of the output is a document of the input, as a JSON object with one more member:
  "kneser":{"unit":"lines","sentences":12,"tokens":315,"oov":7,…,"perplexity":381.2,…}
The second model (--against) must not have been trained on these documents: it gives them very high probabilities.

Examples:
  kneser annotate wikipedia crawl.jsonl.gz --out annotated.jsonl.gz
  kneser annotate --target wanted.txt crawl.jsonl.gz --out ratios.jsonl.gz
  kneser annotate wikipedia crawl.jsonl.gz --figures-only --id url | head`;

/** Flags of `kneser annotate`. */
interface AnnotateFlags
  extends
    ModelFlags,
    Omit<AnnotateSettings, 'against' | 'model' | 'onProgress' | 'onWarning' | 'order' | 'signal' | 'unit'> {
  readonly against?: string;
  readonly unit: 'lines' | 'document';
  readonly out?: string;
  readonly quiet?: boolean;
}

/** `kneser annotate`. */
export function define(command: Command): void {
  command
    .argument('[dir]', 'folder of the model; leave it out with --target')
    .argument('[file...]', DOCUMENT_FILES)
    .option(
      '--target <file>',
      'train a model of this text, and compare each document under it with a model of other documents; may be repeated',
      addFile,
    )
    .option('--lowercase', 'with --target: lower-case all text')
    .option('--seed <n>', 'with --target: seed of the samples (default: 1)', parseWhole)
    .option('--against <dir>', 'a second model: add log10 p(document) of the first minus that of the second')
    .addOption(
      new Option('--unit <unit>', 'a sentence is a line, or the whole document with line ends read as spaces')
        .choices(['lines', 'document'])
        .default('lines'),
    )
    .addOption(
      new Option(
        '--features <which>',
        'full: add ranks, entropies and curvature, from the whole distribution before each token; takes many times as long, ' +
          'most with a class model or an imported model (default: basic)',
      ).choices(['basic', 'full']),
    )
    .option('--tokens', 'add the list of tokens and the list of their log10 p')
    .option(
      '--mask <choice>',
      'add a list that is true for tokens to leave out of a training loss: above:0.8 marks the 20 % of all tokens with the ' +
        'highest surprisal, surprisal:12 tokens above 12 bits',
      parseMask,
    )
    .option('--context <field>', 'score again with a cache that has read the text of this member (experimental)')
    .option('--as <name>', 'name of the added member (default: kneser)')
    .option('--id <field>', 'with --figures-only: the member to keep, such as id')
    .option('--figures-only', 'write the figures without the documents')
    .addOption(shardOption());
  addModelFlags(command).option('-t, --threads <n>', 'threads that score (default: one a core)', parseThreads);
  addDocumentFlags(command)
    .option('-o, --out <file>', 'file to write: .jsonl, also with .gz or .zst, or .parquet (default: standard output)')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(
  first: string | undefined,
  others: readonly string[],
  flags: AnnotateFlags,
  command: Command,
): Promise<void> {
  const { LanguageModel } = await import('../model/language-model.js');
  const { annotateSome } = await import('../documents/annotate.js');
  const { checkOutput, chunksOf, isParquetName, writeLines } = await import('../documents/output.js');
  const { expandInputs } = await import('../text/formats/input.js');
  const { out, quiet = false, target } = flags;
  const signal = interruption();
  // With --target no model is named, so the first argument is a file, too.
  const files = target && first !== undefined ? [first, ...others] : others;
  if (files.length === 0) {
    throw new KneserError(
      'KNESER_OPTION',
      `annotate: name ${target ? '' : 'a model and '}files of documents (- for standard input)`,
    );
  }
  const opening = givenFlags(command, addModelFlags).map(flag => flag.attributeName());
  const unused = opening.find(name => name !== 'order');
  if (target && unused !== undefined) {
    throw new KneserError(
      'KNESER_OPTION',
      `${unused}: excludes target, whose models are modified Kneser-Ney; leave it out`,
    );
  }
  if (out !== undefined) {
    const inputs = [...(await expandInputs(files, documentOptions(flags))), ...(await expandInputs(target ?? [], {}))];
    const models = [target ? undefined : first, flags.against].filter(path => path !== undefined);
    await checkOutput(out, [...inputs.map(({ path }) => path), ...models], true);
  }
  const columns = out !== undefined && isParquetName(out) ? await columnsOf(files, flags, signal) : undefined;
  await using model = target || first === undefined ? undefined : await LanguageModel.open(first, openOptions(flags));
  await using against =
    flags.against === undefined ? undefined : await LanguageModel.open(flags.against, openOptions(flags));
  const { unit, features, tokens, mask, context, as, id, figuresOnly, shard, threads, lowercase, seed } = flags;
  const order = target ? flags.order : undefined;
  const options: AnnotateFiles = {
    files,
    ...documentOptions(flags),
    unit,
    signal,
    onWarning: warn,
    ...given({ model, target, order, lowercase, seed, against }),
    ...given({ features, tokens, mask, context, as, id, figuresOnly, shard, threads }),
  };
  await withDisplay(quiet || !standard.stderr.isTTY, async display => {
    const rows = annotateSome(display ? { ...options, onProgress: progress => display.show(progress) } : options);
    if (columns && out !== undefined) {
      const { writeParquet } = await import('../documents/parquet-output.js');
      await writeParquet(out, rows, columns, as ?? 'kneser', signal);
    } else if (out !== undefined) await writeLines(out, rows, signal);
    else for await (const chunk of chunksOf(rows, signal, true)) await printBytes(chunk);
  });
  if (!quiet && model) mentionWeights(model.info, flags);
}

/** Reads all documents to find the columns of the Parquet output: one for each member, with its type. */
async function columnsOf(files: readonly string[], flags: AnnotateFlags, signal: AbortSignal): Promise<Columns> {
  const { Columns } = await import('../documents/parquet-output.js');
  const [{ readAllRecords }, { expandForTwoPasses }] = await Promise.all([
    import('../documents/stream.js'),
    import('../text/formats/input.js'),
  ]);
  if (flags.figuresOnly)
    throw new KneserError('KNESER_OPTION', 'figuresOnly: a Parquet output always has the documents, too; write .jsonl');
  const inputs = await expandForTwoPasses(files, documentOptions(flags), 'Parquet output');
  const columns = new Columns();
  for await (const records of readAllRecords(inputs, documentOptions(flags), { signal })) {
    for (const record of records) columns.look(record);
  }
  if (columns.broken > 0) {
    warn(
      `${columns.broken} strings hold half a surrogate pair (such as \\ud800), which Parquet cannot hold: it became U+FFFD; .jsonl keeps it`,
    );
  }
  return columns;
}

/** Collects the values of a flag that is given several times: `--target a --target b`. */
function addFile(file: string, before: readonly string[] = []): readonly string[] {
  return [...before, file];
}

/** Reads `above:0.8` (a share) or `surprisal:12` [bits]. */
function parseMask(text: string): MaskChoice {
  const [, name, number] = /^(above|surprisal):([0-9.e+-]+)$/.exec(text) ?? [];
  const value = Number(number);
  if (name === 'above' && Number.isFinite(value)) return { above: value };
  if (name === 'surprisal' && Number.isFinite(value)) return { surprisal: value };
  throw new InvalidArgumentError('It takes above:SHARE, such as above:0.8, or surprisal:BITS, such as surprisal:12.');
}

/** The flag that chooses every n-th document. */
export function shardOption(): Option {
  return new Option('--shard <i/n>', 'handle one of n shards of the documents: documents i, i + n, i + 2n …').argParser(
    text => {
      const [part, parts] = /^\d+\/\d+$/.test(text) ? text.split('/').map(exact) : [];
      if (part >= 1 && part <= parts) return { part, parts };
      throw new InvalidArgumentError('It takes a shard i/n, such as 1/4, with i from 1 to n.');
    },
  );
}
