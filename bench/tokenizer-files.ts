/**
 * `npm run bench:tokenizers -- --text FILE TOKENIZER…`: compares kneser with the library of each tokenizer on the same text. They run in
 * turn, on one core each.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import type { PretrainedTokenizer } from '../src/text/pretrained.js';
import { describeTokenization, Tokenization } from '../src/text/tokenization.js';
import { checkInterrupted, machine, runCommand, UsageError, wholeNumber } from './command.js';
import { median } from './median.js';
import { PythonTokenizer, pythonPackage, type PythonPackage } from './python-tokenizer.js';
import { tokenizeOnce } from './tokenizers.js';

const USAGE = `usage: PYTHON=… npm run bench:tokenizers -- --text FILE [--runs N] TOKENIZER...
  TOKENIZER  a tokenizer.json (beside PyPI's tokenizers) or a SentencePiece .model (beside PyPI's sentencepiece)
  --text     a text file, a sentence a line
  --runs N   how often each tokenizes the text, in turn; the medians are shown (default 5)
`;

await runCommand('bench:tokenizers', async (_, signal) => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { text: { type: 'string' }, runs: { type: 'string', default: '5' } },
  });
  const { text } = values;
  if (text === undefined || positionals.length === 0) throw new UsageError(USAGE.trimEnd());
  const runs = wholeNumber('--runs', values.runs);
  const bytes = await readFile(text);
  const rows: string[][] = [];
  for (const path of positionals) rows.push(await compare(path, text, bytes, { runs, signal }));
  process.stdout.write(`${Object.values(machine()).join(', ')}; MB/s on one core, medians\n`);
  await printTable(['tokenizer', 'library', 'kneser', 'library', 'ratio'], rows);
  return 0;
});

/** How often a tokenizer and its library tokenize the text, and what interrupts them. */
interface Runs {
  readonly runs: number;
  readonly signal: AbortSignal;
}

/** Measures one tokenizer. @param path the file of the tokenizer. @param text the path of the text. @returns a row of the table. */
async function compare(path: string, text: string, bytes: Uint8Array, { runs, signal }: Runs): Promise<string[]> {
  const content = await readFile(path);
  const isJson = /^\s*\{/.test(content.subarray(0, 100).toString());
  const tokenizer: PretrainedTokenizer = isJson ? { json: content.toString() } : { sentencepiece: content };
  const tokenization = await Tokenization.open(describeTokenization({ tokenizer }, false), tokenizer);
  const name: PythonPackage = isJson ? 'tokenizers' : 'sentencepiece';
  const version = pythonPackage(name);
  const python = version === undefined ? undefined : await PythonTokenizer.open(name, path, text);
  const [kneserSeconds, pythonSeconds]: [number[], number[]] = [[], []];
  try {
    // The first run of each only warms up, and does not count. After it, kneser and PyPI's `tokenizers` remember the tokens of words.
    for (let run = 0; run <= runs; run++) {
      await checkInterrupted(signal);
      kneserSeconds.push(await seconds(() => tokenizeOnce(bytes, tokenization)));
      if (python) pythonSeconds.push(await seconds(() => python.run()));
    }
  } finally {
    python?.close();
  }
  const [kneserSpeed, pythonSpeed] = [kneserSeconds, pythonSeconds].map(
    times => bytes.length / 1e6 / median(times.slice(1)),
  );
  const figures = python ? [pythonSpeed.toFixed(2), (kneserSpeed / pythonSpeed).toFixed(2)] : ['—', '—'];
  const library = version === undefined ? `no ${name} in PYTHON` : `${name} ${version}`;
  return [path, library, kneserSpeed.toFixed(2), ...figures];
}

async function seconds(act: () => unknown): Promise<number> {
  const started = performance.now();
  await act();
  return (performance.now() - started) / 1000;
}
