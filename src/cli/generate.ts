import { Option, type Command } from 'commander';
import { givenOptions } from '../base/check.js';
import type { GenerateOptions } from '../model/generation/options.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { addDocumentFlags, TEXT_FILE } from './documents.js';
import { addDrawingFlags } from './drawing.js';
import { given } from './given.js';
import { print, printJsonLine, warn } from './output.js';
import { addModelFlags, openOptions, type ModelFlags } from './smoothing.js';
import { parseWhole } from './values.js';

const HELP = `
Draws each token with its exact probability after the tokens before it, from <s> to </s>; one text a line. A file of beginnings
has one beginning a line. Of several truncations, each takes what the one before left, in this order: temperature, top-k, top-p,
min-p, typical, epsilon, eta. Mirostat chooses the tokens so that their mean surprise under the model approaches TAU bits.

Examples:
  kneser generate model --count 5 --seed 7
  echo 'The jury' | kneser generate model - --temperature 0.8 --top-p 0.95
  kneser generate model --mirostat 5 --tokens 100000 > sample.txt`;

/** Flags of `kneser generate`: the options of the library, except the options that the command sets itself. */
interface GenerateFlags
  extends ModelFlags, DocumentOptions, Omit<GenerateOptions, 'beginnings' | 'onWarning' | 'signal'> {
  readonly json?: boolean;
}

/** Drawing a token from tables on disk takes about as long as scoring this many words. */
const WORDS_A_TOKEN = 60;
/** The number of tokens that a text is expected to have. */
const USUAL_TOKENS = 25;

/** `kneser generate`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .argument('[file]', `beginnings, one a line: ${TEXT_FILE} (default: none, each text begins with <s>)`)
    .option('--count <n>', 'number of texts for each beginning (default: 1)', parseWhole)
    .option('--sentences <n>', 'number of texts in all; beginnings are used in turn', parseWhole)
    .option('--tokens <n>', 'draw texts until they have this many tokens; beginnings are used in turn', parseWhole)
    .option('--seed <n>', 'seed of the draws (default: 1)', parseWhole);
  addDrawingFlags(command)
    .option('--greedy', 'take the most probable token each time')
    .option('--beam <b>', 'find the b most probable texts, with a beam of this width', parseWhole)
    .addOption(
      new Option('--text <how>', 'joined: as the tokenizer cuts text (default); tokens: separated by spaces').choices([
        'joined',
        'tokens',
      ]),
    )
    .option('--json', 'print one JSON object for each text, with the log10 probability of each drawn token');
  addModelFlags(command);
  addDocumentFlags(command).addHelpText('after', HELP).action(run);
}

async function run(path: string, file: string | undefined, flags: GenerateFlags): Promise<void> {
  const { count, maxTokens, sentences, tokens, seed, greedy, beam, text, json } = flags;
  const { checkGenerateOptions, DRAWING_NAMES } = await import('../model/generation/options.js');
  const options: GenerateOptions = {
    ...given({ count, sentences, tokens, seed, greedy, beam, text }),
    ...givenOptions(flags, DRAWING_NAMES),
    onWarning: warn,
  };
  checkGenerateOptions(options);
  const { expandInputs } = await import('../text/formats/input.js');
  const inputs = file === undefined ? [] : await expandInputs([file], flags, warn);
  const { LanguageModel } = await import('../model/language-model.js');
  const { readLines } = await import('./lines.js');
  const model = await LanguageModel.open(path, openOptions(flags));
  try {
    const beginnings: string[] = [];
    for await (const { line } of readLines(inputs, flags)) beginnings.push(line);
    const texts = sentences ?? (count ?? 1) * (file === undefined ? 1 : beginnings.length);
    const expected = tokens ?? texts * Math.min(maxTokens ?? Infinity, USUAL_TOKENS) * (beam ?? 1);
    const used = model.shouldLoad(WORDS_A_TOKEN * expected) ? await model.load() : model;
    for await (const generated of used.generate({ ...options, ...(file === undefined ? {} : { beginnings }) })) {
      if (json) await printJsonLine({ ...generated });
      else await print(`${generated.text.replaceAll(/[\r\n]/g, ' ')}\n`);
    }
  } finally {
    await model.close();
  }
}
