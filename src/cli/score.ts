import type { Command } from 'commander';
import { KneserError } from '../base/errors.js';
import { standard, STDIN } from '../base/node/standard-streams.js';
import type { LanguageModel } from '../model/language-model.js';
import type { Score } from '../model/scoring/score.js';
import type { TextCache } from '../smoothing/cache/text-cache.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { isPlain } from '../text/tokenization.js';
import type { Input } from '../text/formats/input.js';
import { addDocumentFlags, TEXT_FILE } from './documents.js';
import { figure, print, printJsonLine, warn } from './output.js';
import { given } from './given.js';
import type { InputLine } from './lines.js';
import { addSentenceEndFlags, type SentenceEndFlags } from './sentence-ends.js';
import { addCacheFlag, addModelFlags, openOptions, type ModelFlags } from './smoothing.js';
import { parseThreads } from './values.js';

const HELP = `
A sentence is a line, unless the model was trained with --sentences segment. A line of output has fields separated by tabs: log10 p
and perplexity of the sentence, then for each token the token, its log10 p and the length of its longest n-gram in the model; *
marks a token outside the vocabulary. On a terminal, or with --header, a first line names the columns.

Example:
  echo 'the cat sat on the mat' | kneser score model --json`;

/** Flags of `kneser score`. */
interface ScoreFlags extends ModelFlags, SentenceEndFlags, DocumentOptions {
  readonly json?: boolean;
  readonly ids?: boolean;
  readonly header?: boolean;
  readonly cache?: boolean;
  readonly threads?: number;
}

/** `kneser score`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .argument('[file]', TEXT_FILE, STDIN)
    .option('--json', 'print one JSON object on each line')
    .option(
      '--ids',
      'with --json: each line begins with a name and a tab; print its name, and behind tabs its sentences',
    )
    .option('--header', 'print a first line with the names of the columns (default: only on a terminal)')
    .option('--no-header', 'never print the names of the columns');
  addModelFlags(command);
  addSentenceEndFlags(command);
  addCacheFlag(command).option('-t, --threads <n>', 'threads that score (default: one for each core)', parseThreads);
  addDocumentFlags(command).addHelpText('after', HELP).action(run);
}

async function run(path: string, file: string, flags: ScoreFlags): Promise<void> {
  const { LanguageModel } = await import('../model/language-model.js');
  const { expandInputs } = await import('../text/formats/input.js');
  if (flags.ids && !flags.json) throw new KneserError('KNESER_OPTION', 'ids: needs JSON; pass --json too');
  if (flags.header && flags.json)
    throw new KneserError('KNESER_OPTION', 'header: excludes --json, which names all members');
  const inputs = await expandInputs([file], flags, warn);
  const model = await LanguageModel.open(path, openOptions(flags));
  try {
    if (!flags.json && (flags.header ?? standard.stdout.isTTY)) await print(HEADER);
    const { start, end } = flags;
    const printScore = async (score: Score): Promise<void> => {
      if (score.tokens.length === (end ? 1 : 0) && model.info.options.skipBlank) return;
      if (flags.ids) await printJsonLine({ ...score }, '');
      else if (flags.json) await printJsonLine({ ...score });
      else await print(formatScore(score));
    };
    if (!flags.cache && !flags.ids) {
      await printText(model, inputs, flags, printScore);
      return;
    }
    const { readModelLines, SCORED_ALONE } = await import('./lines.js');
    let text: Input | undefined;
    let cache: TextCache | undefined;
    for await (const line of readModelLines(model, inputs, flags, SCORED_ALONE)) {
      if (flags.cache && line.input !== text) cache = model.createCache();
      text = line.input;
      const [name, sentences] = flags.ids ? named(line) : [undefined, line.line];
      if (name !== undefined) await print(name);
      for (const sentence of model.sentences(sentences)) {
        if (name !== undefined) await print('\t');
        await printScore(await line.model.score(sentence, { start, end, cache }));
      }
      if (name !== undefined) await print('\n');
    }
  } finally {
    await model.close();
  }
}

/** The name of a line, and the text behind its first tab. @throws KNESER_OPTION for a line without a tab. */
function named({ line, number, input }: InputLine): readonly [name: string, text: string] {
  const tab = line.indexOf('\t');
  if (tab >= 0) return [line.slice(0, tab), line.slice(tab + 1)];
  throw new KneserError('KNESER_OPTION', `ids: ${input.path}, line ${number} has no tab behind its name`);
}

/** A text of at most this many sentences is scored one by one: to read the whole dictionary would take longer. */
const FEW_SENTENCES = 8;

/** Scores the sentences of all inputs, and prints their scores: the first ones alone, all others many at a time. */
async function printText(
  model: LanguageModel,
  inputs: readonly Input[],
  flags: ScoreFlags,
  printScore: (score: Score) => Promise<void>,
): Promise<void> {
  const { start, end, threads } = flags;
  const { TextReader, wordsIn } = await import('./lines.js');
  const text = new TextReader(inputs, flags);
  const sentences = sentencesOf(model, text.lines());
  const isLong = model.shouldLoad(wordsIn(inputs));
  for (let i = 0; i < FEW_SENTENCES && !isLong; i++) {
    const { done, value } = await sentences.next();
    if (done) return;
    await printScore(await model.score(value, { start, end }));
  }
  const scoring = isLong ? await model.load() : model;
  const options = { start, end, ...given({ threads }) };
  const { tokenization } = model.parts;
  if (isPlain(tokenization.info) && !tokenization.order) {
    const { printScores } = await import('./score-lines.js');
    const groups = scoring.scoreText(text.rest(model), options);
    await printScores(groups, () => model.allWords(), { json: flags.json ?? false, end });
  } else {
    for await (const score of scoring.scoreEach(sentences, options)) await printScore(score);
  }
  if (isLong) await scoring.close();
}

/** The sentences of lines. */
async function* sentencesOf(model: LanguageModel, lines: AsyncIterable<InputLine>): AsyncGenerator<string, void, void> {
  for await (const { line } of lines) yield* model.sentences(line);
}

/** The names of the columns of {@link formatScore}. */
const HEADER = 'log10 p\tperplexity\ttoken, its log10 p, tokens of the n-gram that matched\t…\n';

/** A line of output: log10 p and perplexity of the sentence, then each token with its log10 p and matched length; `*` marks an OOV. */
function formatScore(score: Score): string {
  const tokens = score.tokens.map((token, i) => {
    const oov = score.oov[i] ? '*' : '';
    return `${token}${oov} ${figure(score.log10Probs[i], 4)} ${score.matched[i]}`;
  });
  return `${figure(score.log10Prob, 4)}\t${figure(score.perplexity, 2)}\t${tokens.join('\t')}\n`;
}
